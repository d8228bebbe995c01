/** What answers about objects say: which objects came into being with them. */
import type { WholeAnswer } from "../../core/answer.ts";
import type { ObjectKind, ObjectUse, OwnedObject } from "../../core/objects.ts";
import { isObject, type JsonObject, tryParse } from "../../protocol/json.ts";

export function answerJson({ completion: { body } }: WholeAnswer): JsonObject {
  const text = typeof body === "string" ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();
  const json = tryParse(text);
  return isObject(json) ? json : {};
}

export interface Owner {
  readonly tenant: string;
  readonly provider: string;
  readonly use: ObjectUse;
}

/** The object itself where it was just made, and the files that a provider made for it: results of batches and of jobs. */
export function objectsIn(json: JsonObject, { tenant, provider, use: { kind, does } }: Owner): OwnedObject[] {
  const itself = does === "create" ? idsIn(json.id).map((id) => ({ tenant, provider, id, kind })) : [];
  return [...itself, ...filesMadeFor(json, kind).map((id) => ({ tenant, provider, id, kind: "file" as const }))];
}

function filesMadeFor(json: JsonObject, kind: ObjectKind): string[] {
  if (kind === "batch") return [json.output_file_id, json.error_file_id].flatMap(idsIn);
  return kind === "fine_tuning_job" ? [json.result_files].flat().flatMap(idsIn) : [];
}

function idsIn(value: unknown): string[] {
  return typeof value === "string" && /^[\x21-\x7e]{1,256}$/.test(value) ? [value] : [];
}
