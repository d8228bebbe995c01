/** What providers keep for us under ids of theirs (files, batches, fine-tuning jobs), and which tenant it belongs to. */
import { GatewayError } from "./error.ts";
import type { PassRequest } from "./passage.ts";

export type ObjectKind = "file" | "batch" | "fine_tuning_job";

export interface OwnedObject {
  readonly tenant: string;
  /** The provider's id for it. */
  readonly id: string;
  /** The provider that keeps it, by its name in the configuration. */
  readonly provider: string;
  readonly kind: ObjectKind;
}

/** Who owns what. An id that is not here belongs to nobody, and nobody gets to see it. */
export interface ObjectStore {
  /** Those of these ids that belong to the tenant; without one, those that belong to anybody. */
  find(tenant: string | undefined, ids: readonly string[]): Promise<readonly OwnedObject[]>;
  /** Remembers new ones; one that has an owner keeps it. */
  add(objects: readonly OwnedObject[]): Promise<void>;
  remove(object: OwnedObject): Promise<void>;
}

/** What an endpoint does with such objects. */
export interface ObjectUse {
  readonly kind: ObjectKind;
  readonly does: "create" | "read" | "list" | "delete";
}

/** A request about such objects; it names no model. */
export interface ObjectRequest extends PassRequest {
  /** The provider the client asks for. */
  readonly provider: string | undefined;
  /** Objects that the request is about: the one in the path first. */
  readonly mentions: readonly Mention[];
}

export interface Mention {
  readonly id: string;
  readonly kind: ObjectKind;
  /** Where the request names it, as OpenAI's `param`. */
  readonly param: string;
}

/** As OpenAI says it of an id that does not exist, which to a tenant is the same as another one's. */
export function noSuchObject({ id, kind, param }: Mention): GatewayError {
  const shown = id.slice(0, 200);
  const message = {
    file: `No such File object: ${shown}`,
    batch: `No batch found with id '${shown}'.`,
    fine_tuning_job: `Could not find fine tune: ${shown}`,
  };
  return new GatewayError("not_found", message[kind], { param });
}
