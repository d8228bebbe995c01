/** Pictures made, changed and varied. */
import type { Endpoint } from "../core/endpoint.ts";
import type { PassRequest } from "../core/passage.ts";
import type { JsonBody } from "../protocol/json.ts";
import { modelOf, refuse, streams } from "./openai-request.ts";
import { formOf, jsonOrForm, readPassage } from "./passage.ts";

/** What OpenAI takes where a request names no model. */
const MODEL = "dall-e-2";

export const imageGenerations: Endpoint<PassRequest> = {
  name: "images",
  path: "/v1/images/generations",
  modelOf,
  streams,
  read: (body) => readPrompted(body, "/images/generations"),
};

export const imageEdits: Endpoint<PassRequest> = {
  name: "images",
  path: "/v1/images/edits",
  modelOf,
  streams,
  namesFiles: true,
  read: (body) => readPrompted(body, "/images/edits"),
  receive: (arrival) => jsonOrForm(arrival, { read: imageEdits.read, files: ["image"] }),
};

export const imageVariations: Endpoint<PassRequest> = {
  name: "images",
  path: "/v1/images/variations",
  modelOf,
  streams: () => false,
  read: (body) => ({ ...readPassage(body, { path: "/images/variations", model: MODEL }), stream: false }),
  receive: (arrival) => formOf(arrival, { read: imageVariations.read, files: ["image"] }),
};

function readPrompted(body: JsonBody, path: string): PassRequest {
  const { prompt } = body.value;
  if (prompt !== undefined && typeof prompt !== "string") throw refuse("prompt", "must be a string");
  return readPassage(body, { path, model: MODEL });
}
