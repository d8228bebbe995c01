import type { Completion } from "../../core/answer.ts";
import type { DecodeContext } from "../../core/provider.ts";
import { isObject, type JsonObject, tryParse } from "../../protocol/json.ts";
import { decodeRerank } from "../rerank-answer.ts";
import { nativeFields } from "./fields.ts";
import type { TranslateOptions } from "./translate.ts";
import { usageOf } from "./usage.ts";

/** Version 2 takes documents as text alone and does not send them back; both are done here. */
export function rerankRequest(request: JsonObject, { model, drop }: TranslateOptions): JsonObject {
  const { query, documents, rank_fields } = request;
  const list: unknown[] = Array.isArray(documents) ? documents : [];
  return {
    ...nativeFields(request, { native: NATIVE, translated: TRANSLATED, drop }),
    model,
    query: textOf(query, undefined),
    documents: list.map((document) => textOf(document, rank_fields)),
  };
}

const NATIVE: ReadonlySet<string> = new Set(["top_n", "max_tokens_per_doc", "priority"]);
const TRANSLATED: ReadonlySet<string> = new Set(["model", "query", "documents", "rank_fields", "return_documents"]);

/** An object's text; of an object without one, its fields as lines of YAML, which is what Cohere's models were trained on. */
function textOf(document: unknown, fields: unknown): string {
  if (!isObject(document)) return String(document);
  const ranked = Array.isArray(fields) ? fields : undefined;
  if (!ranked && typeof document.text === "string") return document.text;
  const entries = Object.entries(document).filter(([name]) => !ranked || ranked.includes(name));
  return entries
    .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join("\n");
}

/** The answer as it came, with the documents in it if the client wants them. Searches are billed, not tokens. */
export function decodeRanking(body: Buffer, { request }: DecodeContext): Completion {
  const { body: same, usage: told } = decodeRerank(body);
  const answer = tryParse(body.toString()) as JsonObject & { readonly results: readonly unknown[] };
  const usage = told ?? usageOf({ tokens: isObject(answer.meta) ? answer.meta.tokens : undefined });
  const { documents, return_documents } = request.body.value;
  if (return_documents !== true || !Array.isArray(documents)) return { body: same, usage };
  const results = answer.results.map((result) => (isObject(result) ? withDocument(result, documents) : result));
  return { body: JSON.stringify({ ...answer, results }), usage };
}

function withDocument(result: JsonObject, documents: readonly unknown[]): JsonObject {
  const document = documents[Number(result.index)];
  return { ...result, document: isObject(document) ? document : { text: document } };
}
