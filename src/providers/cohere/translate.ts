import type { JsonObject } from "../../protocol/json.ts";

/** A request in Cohere's words. */
export type Translate = (request: JsonObject, options: TranslateOptions) => JsonObject;

export interface TranslateOptions {
  readonly model: string;
  /** Told what cannot be honoured, as dotted paths without indexes. */
  readonly drop: (path: string) => void;
}
