import { isObject, type JsonObject } from "../protocol/json.ts";

/** Where a cited piece of text stands in the message, in UTF-16 units. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * Sources of a text block: in OpenAI's form where they have a URL (`annotations`), and all of them as Anthropic wrote
 * them (`citations`), since OpenAI knows no citation of a document. Empty where there are none.
 */
export function sourcesOf(citations: readonly unknown[], range: Range): JsonObject {
  const cited = citations.filter(isObject);
  if (cited.length === 0) return {};
  const annotations = cited.flatMap((citation) => annotationOf(citation, range) ?? []);
  return { ...(annotations.length > 0 ? { annotations } : {}), citations: cited };
}

function annotationOf({ url, title }: JsonObject, { start, end }: Range): JsonObject | undefined {
  if (typeof url !== "string") return undefined;
  return {
    type: "url_citation",
    url_citation: { start_index: start, end_index: end, url, title: typeof title === "string" ? title : url },
  };
}
