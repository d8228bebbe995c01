import type { Endpoint, OpenAIRequest } from "../core/endpoint.ts";
import { modelOf, readRequest, refuse, streams } from "./openai-request.ts";

/** OpenAI's older text completions, still spoken by many model servers. */
export const completions: Endpoint<OpenAIRequest> = {
  name: "completions",
  path: "/v1/completions",
  modelOf,
  streams,
  read(body) {
    const { prompt } = body.value;
    if (prompt !== undefined && prompt !== null && typeof prompt !== "string" && !Array.isArray(prompt)) {
      throw refuse("prompt", "must be a string or an array");
    }
    return readRequest(body);
  },
};
