import type { Endpoint, OpenAIRequest } from "../core/endpoint.ts";
import { JsonBody } from "../protocol/json.ts";
import { modelOf, readRequest, refuse } from "./openai-request.ts";

/** OpenAI's clients may leave the model out; this is the one that is asked then. */
const DEFAULT_MODEL = "omni-moderation-latest";

export const moderations: Endpoint<OpenAIRequest> = {
  name: "moderations",
  path: "/v1/moderations",
  modelOf,
  streams: () => false,
  read(body) {
    const { input, model } = body.value;
    if (input === undefined) throw refuse("input", "is required");
    if (typeof input !== "string" && !Array.isArray(input)) throw refuse("input", "must be a string or an array");
    const named = model === undefined || model === null ? withDefaultModel(body) : body;
    return { ...readRequest(named), stream: false };
  },
};

function withDefaultModel(body: JsonBody): JsonBody {
  return JsonBody.of({ ...body.value, model: DEFAULT_MODEL });
}
