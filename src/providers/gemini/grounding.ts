import { isObject, type JsonObject } from "../../protocol/json.ts";

/**
 * The sources of an answer in OpenAI's form: what it found on the web, and what it recites. Google counts places in UTF-8
 * bytes, OpenAI's clients in characters.
 */
export function annotationsOf({ groundingMetadata, citationMetadata }: JsonObject, text: string): JsonObject[] {
  const charactersAt = converter(text);
  const citation = (source: JsonObject, start: unknown, end: unknown): JsonObject[] => {
    const url = source.uri;
    if (typeof url !== "string") return [];
    const title = typeof source.title === "string" ? source.title : url;
    const range = { start_index: charactersAt(start), end_index: charactersAt(end) };
    return [{ type: "url_citation", url_citation: { ...range, url, title } }];
  };
  return [
    ...supports(groundingMetadata).flatMap(({ source, start, end }) => citation(source, start, end)),
    ...recited(citationMetadata).flatMap((source) => citation(source, source.startIndex, source.endIndex)),
  ];
}

interface Support {
  readonly source: JsonObject;
  readonly start: unknown;
  readonly end: unknown;
}

/** Sources that support nothing in particular stand at the start. */
function supports(metadata: unknown): Support[] {
  const { groundingChunks, groundingSupports } = isObject(metadata) ? metadata : {};
  const sources = objectsIn(groundingChunks).map(sourceOf);
  const found = objectsIn(groundingSupports).flatMap(({ segment, groundingChunkIndices }) => {
    const { startIndex, endIndex } = isObject(segment) ? segment : {};
    const indices = Array.isArray(groundingChunkIndices) ? groundingChunkIndices : [];
    return indices.flatMap((index: number) => {
      const source = sources[index];
      return source ? [{ source, start: startIndex, end: endIndex }] : [];
    });
  });
  return found.length > 0 ? found : sources.map((source) => ({ source, start: 0, end: 0 }));
}

function sourceOf({ web, retrievedContext, maps }: JsonObject): JsonObject {
  return [web, retrievedContext, maps].find(isObject) ?? {};
}

/** Named `citationSources` at AI Studio, `citations` at Vertex. */
function recited(metadata: unknown): JsonObject[] {
  if (!isObject(metadata)) return [];
  return objectsIn(metadata.citationSources ?? metadata.citations);
}

function objectsIn(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function converter(text: string): (offset: unknown) => number {
  let bytes: Buffer | undefined;
  return (offset) => {
    if (typeof offset !== "number" || offset <= 0) return 0;
    bytes ??= Buffer.from(text);
    return bytes.length === text.length ? offset : bytes.toString("utf8", 0, offset).length;
  };
}
