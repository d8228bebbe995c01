import type { JsonObject } from "../../protocol/json.ts";
import { unsupported } from "../chat/refuse.ts";

/** How a family of embedding models is asked. */
export interface EmbeddingFamily {
  readonly textsAtOnce: number;
  request(texts: readonly string[], wish: Wish): JsonObject;
}

interface Wish {
  readonly dimensions: number | undefined;
  readonly model: string;
}

/** Throws `unsupported` for a model that makes no embeddings of text. */
export function familyOf(model: string): EmbeddingFamily {
  const found = FAMILIES.find(([name]) => name.test(model));
  // A profile's ARN tells nothing; Titan's is the form that Bedrock's own documentation begins with.
  if (!found && !model.startsWith("arn:")) throw unsupported("model", "embeddings from this model");
  return found?.[1] ?? titan;
}

const titan: EmbeddingFamily = {
  textsAtOnce: 1,
  request: ([inputText], { dimensions, model }) => ({
    inputText,
    ...(/titan-embed-(text-v1|g1)/.test(model) ? always(1536, dimensions) : chosen("dimensions", dimensions)),
  }),
};

const titanImage: EmbeddingFamily = {
  textsAtOnce: 1,
  request: ([inputText], { dimensions }) => ({
    inputText,
    ...(dimensions === undefined ? {} : { embeddingConfig: { outputEmbeddingLength: dimensions } }),
  }),
};

/** Cohere wants to know what the texts are for, which OpenAI's clients do not say; a client's own `input_type` wins. */
const cohere: EmbeddingFamily = {
  textsAtOnce: 96,
  request: (texts, { dimensions, model }) => ({
    texts,
    input_type: "search_document",
    ...(/embed-(english|multilingual)-v3/.test(model)
      ? always(1024, dimensions)
      : chosen("output_dimension", dimensions)),
  }),
};

const nova: EmbeddingFamily = {
  textsAtOnce: 1,
  request: ([value], { dimensions }) => ({
    taskType: "SINGLE_EMBEDDING",
    singleEmbeddingParams: {
      embeddingPurpose: "GENERIC_INDEX",
      ...chosen("embeddingDimension", dimensions),
      text: { truncationMode: "END", value },
    },
  }),
};

const FAMILIES: readonly (readonly [RegExp, EmbeddingFamily])[] = [
  [/titan-embed-image/, titanImage],
  [/titan-embed/, titan],
  [/cohere\.embed/, cohere],
  [/nova-.*embed/, nova],
];

function chosen(name: string, dimensions: number | undefined): JsonObject {
  return dimensions === undefined ? {} : { [name]: dimensions };
}

/** Vectors of another length than an index was made for are worse than none. */
function always(length: number, dimensions: number | undefined): JsonObject {
  if (dimensions !== undefined && dimensions !== length) {
    throw unsupported("dimensions", `dimensions other than ${length} with this model`);
  }
  return {};
}
