import { isObject, type JsonObject } from "../../protocol/json.ts";

/** A message's sources, as a text block tells them: Anthropic's own as they came, OpenAI's by their URL. */
export function citationsOf({ citations, annotations }: JsonObject): JsonObject {
  const own = Array.isArray(citations) ? citations.filter(isObject) : [];
  // Other providers' lists of that name hold plain URLs.
  const told = own.filter(({ type }) => typeof type === "string");
  const found = told.length > 0 ? told : urlCitations(annotations);
  return found.length > 0 ? { citations: found } : {};
}

function urlCitations(annotations: unknown): JsonObject[] {
  const listed = Array.isArray(annotations) ? annotations.filter(isObject) : [];
  return listed.flatMap(({ url_citation: cited }) => {
    if (!isObject(cited) || typeof cited.url !== "string") return [];
    const { url, title } = cited;
    return [
      {
        type: "web_search_result_location",
        url,
        title: typeof title === "string" ? title : null,
        cited_text: "",
        encrypted_index: "",
      },
    ];
  });
}
