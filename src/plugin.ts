/** All that a plugin may import. What stands here is kept from version to version. */

// Settings are checked with the gateway's own zod: another copy's schemas would not be recognised.
export { z } from "zod";
export type { EndpointName, OpenAIRequest } from "./core/endpoint.ts";
export { type ErrorCode, GatewayError } from "./core/error.ts";
export type { Target } from "./core/policy.ts";
export type { Adapter, Outbound, ResponseHeaders, StreamFacts, Transport } from "./core/provider.ts";
export { defineProvider, type OpenProvider, type Ways } from "./core/provider-kind.ts";
export { Frame } from "./protocol/frame.ts";
export { isObject, type JsonObject } from "./protocol/json.ts";
export { readUsage, type Usage } from "./protocol/openai.ts";
export { retryAfterMs } from "./protocol/refusal.ts";
export { sseEvents } from "./protocol/sse.ts";
export { ChatChunks } from "./providers/chat/chunks.ts";
export { eventFrames } from "./providers/chat/event-frames.ts";
export { asksForUsage } from "./providers/chat/wants.ts";
export { openAICompatible } from "./providers/openai-compatible.ts";
export { codeOfStatus, messageFor } from "./providers/refusals.ts";
