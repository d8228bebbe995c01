import type { OpenAIRequest } from "../../core/endpoint.ts";
import type { Target } from "../../core/policy.ts";
import type { Adapter, Outbound } from "../../core/provider.ts";
import { asksForUsage } from "../chat/wants.ts";
import { decodeAnswer } from "./answer.ts";
import { decodeGoogleError } from "./error.ts";
import { chatMethod } from "./path.ts";
import { type GeminiRequest, geminiRequest } from "./request.ts";
import { decodeEvents } from "./stream.ts";

export interface GeminiWire {
  readonly headers: Readonly<Record<string, string>>;
  /** Calls and results carry their ids. */
  readonly callIds: boolean;
  /** Where a model's methods are: all but the colon and the method. */
  path(model: string): string;
  /** How a tier other than the usual one is asked for, in the body or beside it. */
  tier(tier: NonNullable<GeminiRequest["tier"]>): { body?: object; headers?: Readonly<Record<string, string>> };
  /** Milliseconds; answers carry the time they were made. */
  readonly now?: (() => number) | undefined;
}

/** OpenAI's chat over Gemini's generateContent, at AI Studio and at Vertex. */
export function geminiChat(wire: GeminiWire): Adapter {
  const { now = Date.now } = wire;
  const created = () => Math.floor(now() / 1000);
  return {
    encode: (request, target) => encode(request, target, wire),
    decode: (body, { target }) => decodeAnswer(body, { created: created(), model: target.model }),
    decodeStream: (bytes, { request, target, facts }) =>
      decodeEvents(bytes, {
        created: created(),
        model: target.model,
        includeUsage: asksForUsage(request),
        facts,
      }),
    decodeError: (status, body, headers) => decodeGoogleError(status, body, headers, now),
  };
}

function encode({ body: { value }, stream }: OpenAIRequest, { model }: Target, wire: GeminiWire): Outbound {
  const { body, tier, dropped } = geminiRequest(value, { model, callIds: wire.callIds });
  const tiered = tier ? wire.tier(tier) : {};
  return {
    method: "POST",
    path: `${wire.path(model)}:${chatMethod(stream)}`,
    headers: tiered.headers ? { ...wire.headers, ...tiered.headers } : wire.headers,
    body: JSON.stringify({ ...body, ...tiered.body }),
    dropped,
  };
}
