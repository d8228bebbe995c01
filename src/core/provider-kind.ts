import type { z } from "zod";
import type { Provider, Transport } from "./provider.ts";

/** A wire that a configuration may name as a provider's `kind`: the default export of one file in `providers`. */
export interface ProviderKind<Settings extends z.ZodObject = z.ZodObject> {
  /** What `gatehouse.yaml` may say of such a provider besides its `kind`: a strict object with defaults. */
  readonly settings: Settings;
  open(settings: z.output<Settings>, ways: Ways): OpenProvider;
}

/** What a provider of this kind can translate, and how it is reached. */
export type OpenProvider = Pick<Provider, "adapters" | "transport">;

/** The ways out of the gateway. */
export interface Ways {
  /**
   * Opens the way to a base URL, over pooled connections and behind the egress guard; without `network` the host tells
   * whether the address may be a private one.
   */
  transportTo(baseUrl: string, network?: "public" | "private"): Transport;
}

/** Gives a kind its types: `export default defineProvider({ settings: z.strictObject({…}), open: (settings, ways) => … })`. */
export function defineProvider<Settings extends z.ZodObject>(kind: ProviderKind<Settings>): ProviderKind {
  return kind as unknown as ProviderKind;
}
