/** Speech from text, and text from speech. */
import type { Endpoint } from "../core/endpoint.ts";
import type { PassRequest } from "../core/passage.ts";
import { modelOf, refuse, streams } from "./openai-request.ts";
import { formOf, readPassage } from "./passage.ts";

export const speech: Endpoint<PassRequest> = {
  name: "audio",
  path: "/v1/audio/speech",
  modelOf,
  // Sound or events: either goes on while it is made.
  streams: () => true,
  read(body) {
    const { input } = body.value;
    if (typeof input !== "string") throw refuse("input", input === undefined ? "is required" : "must be a string");
    return { ...readPassage(body, { path: "/audio/speech" }), stream: true };
  },
};

export const transcriptions: Endpoint<PassRequest> = {
  name: "audio",
  path: "/v1/audio/transcriptions",
  modelOf,
  streams,
  read: (body) => readPassage(body, { path: "/audio/transcriptions" }),
  receive: (arrival) => formOf(arrival, { read: transcriptions.read, files: ["file"] }),
};

export const translations: Endpoint<PassRequest> = {
  name: "audio",
  path: "/v1/audio/translations",
  modelOf,
  streams: () => false,
  read: (body) => ({ ...readPassage(body, { path: "/audio/translations" }), stream: false }),
  receive: (arrival) => formOf(arrival, { read: translations.read, files: ["file"] }),
};
