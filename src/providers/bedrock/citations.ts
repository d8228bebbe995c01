import { isObject, type JsonObject } from "../../protocol/json.ts";

/** Where a cited piece of text stands in the message, in UTF-16 units. */
interface Range {
  readonly start: number;
  readonly end: number;
}

export interface Sources {
  /** In OpenAI's form: those that have a URL. */
  readonly annotations: readonly JsonObject[];
  /** All of them, as Converse wrote them: OpenAI knows no citation of a document. */
  readonly citations: readonly JsonObject[];
}

/** The sources of one block of text. */
export function sourcesOf(citations: readonly unknown[], { start, end }: Range): Sources {
  const cited = citations.filter(isObject);
  const annotations = cited.flatMap<JsonObject>(({ location, title }) => {
    const url = isObject(location) && isObject(location.web) ? location.web.url : undefined;
    if (typeof url !== "string") return [];
    const named = typeof title === "string" ? title : url;
    return [{ type: "url_citation", url_citation: { start_index: start, end_index: end, url, title: named } }];
  });
  return { annotations, citations: cited };
}
