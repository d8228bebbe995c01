/** Anthropic's API on both sides: nothing may change on the way but where model and version stand. */
import type { Endpoint, Wire } from "../wire.ts";
import { anthropic } from "./anthropic.ts";
import { bedrock } from "./bedrock.ts";
import { vertex } from "./vertex.ts";

const isMessages = ({ api }: Endpoint): boolean => api === "messages";

export const messagesWires: readonly Wire[] = [anthropic, vertex, bedrock].map((wire) => ({
  ...wire,
  translated: false,
  speaks: (recording, endpoint) => isMessages(endpoint) && OWNERS[wire.kind] === recording.provider,
  meaning: (body) => body,
  intended: wire.intended.filter(({ path }) => path.startsWith("query.")),
  argued: [],
}));

const OWNERS: Readonly<Record<string, string>> = {
  anthropic: "anthropic",
  vertex: "vertex-anthropic",
  bedrock: "bedrock",
};
