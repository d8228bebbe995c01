import { isObject, type JsonObject } from "../../protocol/json.ts";

export interface Sources {
  /** In OpenAI's form: those whose documents have a URL. */
  readonly annotations?: readonly JsonObject[];
  /** All of them, as Cohere wrote them: OpenAI knows no citation of a document or of a tool's result. */
  readonly citations?: readonly JsonObject[];
}

export function sourcesOf(citations: unknown): Sources {
  const cited = Array.isArray(citations) ? citations.filter(isObject) : [];
  const annotations = cited.flatMap(annotationsOf);
  return {
    ...(annotations.length > 0 ? { annotations } : {}),
    ...(cited.length > 0 ? { citations: cited } : {}),
  };
}

function annotationsOf({ type, start, end, sources }: JsonObject): JsonObject[] {
  const inText = type === undefined || type === "TEXT_CONTENT";
  if (!inText || !Array.isArray(sources)) return [];
  return sources.flatMap((source: unknown) => {
    const document = isObject(source) && isObject(source.document) ? source.document : {};
    const { url, title } = document;
    if (typeof url !== "string") return [];
    const named = typeof title === "string" ? title : url;
    return [{ type: "url_citation", url_citation: { start_index: start, end_index: end, url, title: named } }];
  });
}
