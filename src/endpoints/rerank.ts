import type { Endpoint, OpenAIRequest } from "../core/endpoint.ts";
import { isObject } from "../protocol/json.ts";
import { modelOf, readRequest, refuse } from "./openai-request.ts";

/**
 * Puts documents in the order in which they answer a query. OpenAI has no such endpoint; this is the shape that Cohere
 * and Jina have in common: `{model, query, documents, top_n?, return_documents?}`, a document being text or an object
 * with `text`, and `{id, results: [{index, relevance_score, document?}], meta?, usage?}`, best first.
 */
export const rerank: Endpoint<OpenAIRequest> = {
  name: "rerank",
  path: "/v1/rerank",
  modelOf,
  streams: () => false,
  read(body) {
    const { query, documents, top_n } = body.value;
    if (query === undefined) throw refuse("query", "is required");
    if (typeof query !== "string" && !isObject(query)) throw refuse("query", "must be a string");
    if (!Array.isArray(documents))
      throw refuse("documents", documents === undefined ? "is required" : "must be an array");
    if (documents.length === 0) throw refuse("documents", "must hold at least one document");
    const at = documents.findIndex((document: unknown) => typeof document !== "string" && !isObject(document));
    if (at >= 0) throw refuse(`documents[${at}]`, "must be a string or an object");
    if (top_n !== undefined && top_n !== null && !isCount(top_n))
      throw refuse("top_n", "must be a whole number from 1");
    return { ...readRequest(body), stream: false };
  },
};

function isCount(value: unknown): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= 1;
}
