import { isObject, type JsonObject } from "../../protocol/json.ts";

/** Where a cited piece of text stands in the message, in UTF-16 units. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

export interface Sources {
  /** In OpenAI's form: those that have a URL. */
  readonly annotations: readonly JsonObject[];
  /** All of them, as Anthropic wrote them: OpenAI knows no citation of a document. */
  readonly citations: readonly JsonObject[];
}

/** The sources of one text block. */
export function sourcesOf(citations: readonly unknown[], range: Range): Sources {
  const cited = citations.filter(isObject);
  return {
    annotations: cited.flatMap<JsonObject>((citation) => annotationOf(citation, range) ?? []),
    citations: cited,
  };
}

function annotationOf({ url, title }: JsonObject, { start, end }: Range): JsonObject | undefined {
  if (typeof url !== "string") return undefined;
  return {
    type: "url_citation",
    url_citation: { start_index: start, end_index: end, url, title: typeof title === "string" ? title : url },
  };
}
