/** What Bedrock says when it refuses, in the gateway's table. */
import { type ErrorCode, type ErrorDetails, GatewayError } from "../../core/error.ts";
import type { ResponseHeaders } from "../../core/provider.ts";
import { isObject, type JsonObject, tryParse } from "../../protocol/json.ts";
import { clientText, retryAfterMs } from "../../protocol/refusal.ts";
import { codeOfStatus, messageFor } from "../refusals.ts";
import type { EventMessage } from "./event-stream.ts";

/** The kind of an error stands in a header, before the URL of a namespace; its body is `{"message"}`. */
export function decodeBedrockError(
  status: number,
  body: string,
  headers: ResponseHeaders,
  now: () => number = Date.now,
): GatewayError {
  const json = tryParse(body);
  const wait = retryAfterMs(headers, now);
  return told(errorTypeOf(headers, json), wordsIn(json), {
    providerStatus: status,
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
    cause: clientText(body),
  });
}

/** Without namespace: `ThrottlingException`. Proxies lose the header; some services put it into the body. */
export function errorTypeOf(headers: ResponseHeaders, json?: unknown): string {
  const header = headers["x-amzn-errortype"];
  const inBody = isObject(json) && typeof json.__type === "string" ? json.__type : "";
  const name = typeof header === "string" ? header : inBody.slice(inBody.indexOf("#") + 1);
  return name.split(":", 1)[0]!;
}

/** The error that a message of a stream stands for; undefined for an event. */
export function errorIn({ headers, payload }: EventMessage): GatewayError | undefined {
  const type = headers[":message-type"];
  if (type === "event" || type === undefined) return undefined;
  const text = payload.toString();
  const json = tryParse(text);
  const cause = clientText(text || JSON.stringify(headers));
  if (type === "error") return told(headers[":error-code"] ?? "", headers[":error-message"] ?? "", { cause });
  const original = isObject(json) ? json.originalStatusCode : undefined;
  // The model's own server broke off: its status tells more than Bedrock's.
  if (typeof original === "number" && original >= 400) {
    const code = codeOfStatus(original);
    return new GatewayError(code, messageFor(code, original, wordsIn(json)), { cause });
  }
  return told(headers[":exception-type"] ?? "", wordsIn(json), { cause });
}

function wordsIn(json: unknown): string {
  const { message, Message, originalMessage } = (isObject(json) ? json : {}) as JsonObject;
  const words = message ?? Message ?? originalMessage;
  return typeof words === "string" ? words : "";
}

function told(type: string, words: string, details: ErrorDetails): GatewayError {
  const kind = KINDS.get(type.replace(/Exception$/, "").toLowerCase());
  const status = details.providerStatus ?? kind?.status ?? 500;
  const code = codeFromWords(kind?.code ?? codeOfStatus(status), words);
  return new GatewayError(code, messageFor(code, status, words), details);
}

interface Kind {
  readonly status: number;
  readonly code: ErrorCode;
}

/** By name in lower case without `Exception`: events write `throttlingException`, headers `ThrottlingException`. */
const KINDS: ReadonlyMap<string, Kind> = new Map([
  ["validation", { status: 400, code: "upstream_invalid_request" }],
  ["serialization", { status: 400, code: "upstream_invalid_request" }],
  ["accessdenied", { status: 403, code: "upstream_auth" }],
  ["unrecognizedclient", { status: 403, code: "upstream_auth" }],
  ["invalidsignature", { status: 403, code: "upstream_auth" }],
  ["incompletesignature", { status: 400, code: "upstream_auth" }],
  ["missingauthenticationtoken", { status: 403, code: "upstream_auth" }],
  ["expiredtoken", { status: 403, code: "upstream_auth" }],
  ["resourcenotfound", { status: 404, code: "upstream_not_found" }],
  ["unknownoperation", { status: 404, code: "upstream_not_found" }],
  ["throttling", { status: 429, code: "upstream_rate_limited" }],
  ["toomanyrequests", { status: 429, code: "upstream_rate_limited" }],
  ["servicequotaexceeded", { status: 400, code: "upstream_quota" }],
  ["serviceunavailable", { status: 503, code: "upstream_overloaded" }],
  ["modelnotready", { status: 429, code: "upstream_overloaded" }],
  ["modeltimeout", { status: 408, code: "upstream_error" }],
  ["modelerror", { status: 424, code: "upstream_error" }],
  ["modelstreamerror", { status: 424, code: "upstream_error" }],
  ["internalserver", { status: 500, code: "upstream_error" }],
  ["internalfailure", { status: 500, code: "upstream_error" }],
]);

/** One kind stands for all that a request can be wrong about, and another for a minute's rate and a day's quota. */
function codeFromWords(code: ErrorCode, words: string): ErrorCode {
  if (code === "upstream_rate_limited" && /per day/i.test(words)) return "upstream_quota";
  if (code !== "upstream_invalid_request") return code;
  if (TOO_LONG.test(words)) return "context_length_exceeded";
  if (/model identifier is invalid|on-demand throughput isn.t supported|end of its life/i.test(words)) {
    return "upstream_not_found";
  }
  return code;
}

const TOO_LONG =
  /input tokens exceed|input is too long|prompt is too long|too many (input )?tokens|exceeds? (the )?(model.s )?(maximum )?context|maximum context length|context (window|length) (limit|exceed)/i;
