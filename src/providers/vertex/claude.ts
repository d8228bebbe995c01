/** Anthropic's models at Vertex: their own Messages API, but for the model and the version, which change places. */
import type { Adapter } from "../../core/provider.ts";
import { isObject, tryParse } from "../../protocol/json.ts";
import { decodeAnthropicError } from "../anthropic/error.ts";
import { betasOf, type NativeWire, nativeCount, nativeMessages } from "../anthropic/native.ts";
import { messagesRequest } from "../anthropic/request.ts";
import { anthropicChat } from "../anthropic.ts";
import { decodeGoogleError } from "../gemini/error.ts";
import { isClaude } from "./places.ts";

export interface ClaudeWire {
  readonly headers: Readonly<Record<string, string>>;
  path(model: string): string;
  /** Milliseconds; answers carry the time they were made. */
  readonly now?: (() => number) | undefined;
}

const VERSION = "vertex-2023-10-16";
/** Anthropic demands a limit; this one serves clients that set none. */
const DEFAULT_MAX_TOKENS = 4096;

export function claudeChat({ headers, path, now = Date.now }: ClaudeWire): Adapter {
  const anthropic = anthropicChat({ now });
  return {
    ...anthropic,
    encode({ body: { value }, stream }, { model }) {
      const request = messagesRequest(value, { model: nameOf(model), defaultMaxTokens: DEFAULT_MAX_TOKENS });
      const { model: _, ...body } = request.body;
      return {
        method: "POST",
        path: `${path(model)}:${stream ? "streamRawPredict" : "rawPredict"}`,
        headers: request.betas.length > 0 ? withBetas(headers, request.betas) : headers,
        body: JSON.stringify({ anthropic_version: VERSION, ...body }),
        dropped: request.dropped,
      };
    },
    decodeError: decodeEitherError(now),
  };
}

/** The Messages API itself, and counting its tokens. */
export function claudeNative({ headers, path, now = Date.now }: ClaudeWire): {
  messages: Adapter;
  count_tokens: Adapter;
} {
  const wire: Omit<NativeWire, "path" | "changes"> = {
    headers(request) {
      const betas = betasOf(request);
      return betas.length > 0 ? withBetas(headers, betas) : headers;
    },
    decodeError: decodeEitherError(now),
    now,
  };
  const messages = nativeMessages({
    ...wire,
    path: ({ stream }, { model }) => `${path(model)}:${stream ? "streamRawPredict" : "rawPredict"}`,
    changes: () => ({ model: undefined, anthropic_version: VERSION }),
  });
  const count_tokens = nativeCount({
    ...wire,
    // A model of its own does the counting.
    path: () => `${path("publishers/anthropic/models/count-tokens")}:rawPredict`,
    changes: (_, { model }) => ({ model: nameOf(model), anthropic_version: VERSION }),
  });
  return { messages: { ...messages, serves: isClaude }, count_tokens: { ...count_tokens, serves: isClaude } };
}

/** What Google says before Anthropic is asked comes in Google's form. */
function decodeEitherError(now: () => number): Adapter["decodeError"] {
  return (status, body, headers) =>
    isAnthropics(body)
      ? decodeAnthropicError(status, body, headers, now)
      : decodeGoogleError(status, body, headers, now);
}

function nameOf(model: string): string {
  return model.replace(/^.*\//, "");
}

/** Features the operator switched on in the configuration stay on beside those the client asks for. */
function withBetas(headers: ClaudeWire["headers"], betas: readonly string[]): ClaudeWire["headers"] {
  const configured = headers["anthropic-beta"];
  const all = [...(configured ? [configured] : []), ...betas];
  return { ...headers, "anthropic-beta": [...new Set(all)].join(",") };
}

function isAnthropics(body: string): boolean {
  const json = tryParse(body);
  return isObject(json) && isObject(json.error) && typeof json.error.type === "string";
}
