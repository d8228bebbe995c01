import type { Endpoint, OpenAIRequest } from "../core/endpoint.ts";
import { modelOf, readRequest, refuse } from "./openai-request.ts";

export const embeddings: Endpoint<OpenAIRequest> = {
  name: "embeddings",
  path: "/v1/embeddings",
  modelOf,
  streams: () => false,
  read(body) {
    const { input } = body.value;
    if (input === undefined) throw refuse("input", "is required");
    if (typeof input !== "string" && !Array.isArray(input)) throw refuse("input", "must be a string or an array");
    if (input.length === 0) throw refuse("input", "must not be empty");
    return { ...readRequest(body), stream: false };
  },
};
