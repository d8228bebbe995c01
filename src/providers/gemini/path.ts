import { invalid } from "../chat/refuse.ts";

/**
 * A model's name as part of a path. Under a wildcard it is the client's word: it must not lead to another resource or
 * another method, which stands behind a colon.
 */
export function pathOf(model: string): string {
  const segments = model.split("/");
  if (segments.some((segment) => /^\.{0,2}$/.test(segment))) throw invalid("model", "is no name of a model");
  return segments.map((segment) => encodeURIComponent(segment).replaceAll("%40", "@")).join("/");
}

/** `models/…` unless the name says what it is (`tunedModels/…`). */
export function resourceOf(model: string): string {
  return model.includes("/") ? model : `models/${model}`;
}

/** The method of a chat. Without `alt=sse` a stream would be one JSON array. */
export function chatMethod(stream: boolean): string {
  return stream ? "streamGenerateContent?alt=sse" : "generateContent";
}
