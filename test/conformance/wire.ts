/** What the suite has to know of a provider's wire to play its recordings. One file in `wires` for each. */
import type { JsonObject } from "../../src/protocol/json.ts";
import type { Difference } from "./difference.ts";
import type { Recording } from "./recording.ts";

export interface Wire {
  /** `kind` of the provider in the gateway's configuration. */
  readonly kind: string;
  /** False when provider and client speak the same protocol, so that nothing may change on the way. */
  readonly translated: boolean;
  /** The end of the recorded path that the gateway adds to the base URL by itself. */
  tail(endpoint: Endpoint, recording: Recording): string;
  speaks(recording: Recording, endpoint: Endpoint): boolean;
  /** The provider's settings besides its kind and base URL; its key alone when absent. */
  settings?(key: string, recording: Recording): JsonObject;
  /** The model as the provider knows it; the recorded body's `model` when absent. */
  model?(recording: Recording): string;
  /** What is wrong with the credentials that arrived, in words. */
  credentials(headers: Readonly<Record<string, unknown>>, key: string): readonly string[];
  /** A request in one spelling, without what `lossy` names, so that two that mean the same compare equal. */
  meaning?(body: JsonObject, lossy: readonly string[]): JsonObject;
  readonly intended: readonly Intended[];
  readonly argued?: readonly Argued[];
}

export interface Endpoint {
  /** `client.api` of a recording. */
  readonly api: "chat.completions" | "completions" | "embeddings" | "responses" | "messages" | "rerank" | "moderations";
  /** Where the gateway's clients reach it. */
  readonly path: string;
  /** Names of OpenAI's schemas for a whole answer and for one event of a stream; undefined where OpenAI has no such endpoint. */
  readonly wholeSchema: string | undefined;
  readonly chunkSchema: string | undefined;
}

/**
 * Where a request that reaches the provider may differ from the recorded one, and why. Nothing else may: a difference
 * that is not in such a table is a failure. Fields in a recording's `client.lossy` are dropped before the comparison,
 * because no client could have asked for them.
 */
export interface Intended {
  /** As in a Difference, with `[]` for any index; the query's fields stand under `query`. */
  readonly path: string;
  /** Undefined stands for an absent field. */
  readonly expected: (value: unknown) => boolean;
  readonly actual: (value: unknown) => boolean;
  readonly why: string;
}

/** Where an answer rightly differs from what a recording expects. A row that explains nothing is a failure as well. */
export interface Argued {
  readonly file: string;
  /** How the fault begins. */
  readonly fault: string;
  readonly why: string;
}

/** The faults that no row explains. */
export function unargued(faults: readonly string[], file: string, { argued = [] }: Wire): string[] {
  const rows = argued.filter((row) => row.file === file);
  const unused = rows.filter((row) => !faults.some((fault) => fault.startsWith(row.fault)));
  return [
    ...faults.filter((fault) => !rows.some((row) => fault.startsWith(row.fault))),
    ...unused.map(({ fault }) => `argued, but not so: ${fault}`),
  ];
}

export const absent = (value: unknown): boolean => value === undefined;
export const is =
  (wanted: unknown) =>
  (value: unknown): boolean =>
    JSON.stringify(value) === JSON.stringify(wanted);

export function isIntended(difference: Difference, { intended }: Wire): boolean {
  const path = difference.path.replaceAll(/\[\d+\]/g, "[]");
  return intended.some(
    (row) => row.path === path && row.expected(difference.expected) && row.actual(difference.actual),
  );
}

export function bearer(headers: Readonly<Record<string, unknown>>, key: string): readonly string[] {
  return headers.authorization === `Bearer ${key}` ? [] : ["the provider did not get its key in `authorization`"];
}
