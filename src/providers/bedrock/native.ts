/** Anthropic's Messages API for its own clients, inside Bedrock's envelope. */
import type { Adapter } from "../../core/provider.ts";
import { isObject, tryParse } from "../../protocol/json.ts";
import { betasOf, nativeMessages } from "../anthropic/native.ts";
import { passEvents } from "../anthropic/passage.ts";
import { decodeBedrockError } from "./error.ts";
import { unwrapped, VERSION } from "./invoke.ts";
import { isClaude } from "./models.ts";

export interface BedrockNativeOptions {
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds; for waits that are told as dates. */
  readonly now?: (() => number) | undefined;
}

/** By InvokeModel, whose requests and answers are Anthropic's own; other models have no Messages API here. */
export function claudeMessages({ headers, now = Date.now }: BedrockNativeOptions): Adapter {
  const native = nativeMessages({
    path: ({ stream }, { model }) =>
      `/model/${encodeURIComponent(model)}/${stream ? "invoke-with-response-stream" : "invoke"}`,
    headers: () => headers,
    changes(request) {
      const betas = betasOf(request);
      return {
        model: undefined,
        stream: undefined,
        anthropic_version: VERSION,
        ...(betas.length > 0 ? { anthropic_beta: betas } : {}),
      };
    },
    decodeError: (status, body, responseHeaders) => decodeBedrockError(status, body, responseHeaders, now),
  });
  return {
    ...native,
    serves: isClaude,
    decodeStream: (bytes, { facts }) => passEvents(named(unwrapped(bytes)), facts),
  };
}

/** Anthropic's clients skip events that have no name before their data. */
async function* named(events: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  for await (const event of events) {
    const json = tryParse(Buffer.from(event).toString().slice("data: ".length));
    const name = isObject(json) && typeof json.type === "string" ? json.type : "message";
    yield Buffer.concat([Buffer.from(`event: ${name}\n`), event]);
  }
}
