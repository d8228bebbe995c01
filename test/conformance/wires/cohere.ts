import { bearer, type Wire } from "../wire.ts";

export const cohere: Wire = {
  kind: "cohere",
  translated: true,
  tail: ({ api }) => (api === "embeddings" ? "/v2/embed" : "/v2/chat"),
  speaks: ({ meta }) => meta.endpoint === "cohere.chat-v2" || meta.endpoint === "cohere.embed",
  credentials: bearer,
  intended: [],
};
