/** Endpoints whose requests and answers go on as they came: images, audio, files, batches, fine-tuning. */
import type { Completion } from "../../core/answer.ts";
import type { EndpointName } from "../../core/endpoint.ts";
import { GatewayError } from "../../core/error.ts";
import type { PassRequest } from "../../core/passage.ts";
import type { Target } from "../../core/policy.ts";
import type { Adapter, DecodeContext, Outbound, OutboundBody, ResponseHeaders } from "../../core/provider.ts";
import { tryParse } from "../../protocol/json.ts";
import { decodeOpenAIError, embeddedError } from "../openai-errors.ts";
import { usageIn } from "../usage-in.ts";
import { passedBytes, passedEvents } from "./stream.ts";
import { readMediaUsage } from "./usage.ts";

const ENDPOINTS = ["images", "audio", "files", "batches", "fine_tuning"] as const satisfies readonly EndpointName[];

/** `headers` prove who asks; the content's own type comes with the request. */
export function passThrough(
  headers: Readonly<Record<string, string>>,
): Readonly<Partial<Record<EndpointName, Adapter>>> {
  const adapter: Adapter<PassRequest> = {
    encode: (request, target) => encode(request, target, headers),
    decode,
    streamType: (answered) => contentType(answered) ?? "application/octet-stream",
    decodeStream(bytes, { facts, headers: answered = {} }) {
      if (isEvents(answered)) return passedEvents(bytes, { facts, decodeError: decodeOpenAIError });
      return passedBytes(bytes, { facts, length: lengthIn(answered) });
    },
    decodeError: decodeOpenAIError,
  };
  return Object.fromEntries(ENDPOINTS.map((name) => [name, adapter as unknown as Adapter]));
}

function encode(request: PassRequest, target: Target, headers: Readonly<Record<string, string>>): Outbound {
  const { method, path, upload, form } = request;
  const type = upload?.contentType ?? form?.contentType ?? "application/json";
  const length = upload?.bytes === undefined ? {} : { "content-length": String(upload.bytes) };
  const body = bodyOf(request, target);
  const about = body === null ? {} : { "content-type": type, ...length };
  return { method, path, headers: { ...headers, ...about }, body, dropped: NOTHING };
}

const NOTHING: readonly string[] = [];

function bodyOf({ method, body, form, upload, model }: PassRequest, target: Target): OutboundBody {
  if (upload) return upload.chunks;
  const renamed = model !== "" && target.model !== model;
  if (form) return renamed ? form.withField("model", target.model) : form.bytes;
  if (method !== "POST" || Object.keys(body.value).length === 0) return null;
  return renamed ? body.edit({ model: target.model }) : body.source;
}

function decode(body: Buffer, { request, headers = {} }: DecodeContext<PassRequest>): Completion {
  if (body.length === 0 && request.method === "DELETE") return { body: DELETED, usage: undefined };
  const type = contentType(headers) ?? "application/json";
  if (!/^application\/json\b/i.test(type)) return { contentType: type, body, usage: undefined };
  const usage = usageIn(body, readMediaUsage);
  const json = usage || body.length > MAX_LOOKED_AT_BYTES ? undefined : tryParse(body.toString());
  if (json === undefined && !looksLikeJson(body)) {
    throw new GatewayError("upstream_invalid_response", "The provider answered with something that is not JSON.");
  }
  const error = embeddedError(json);
  if (error) throw error;
  return { body, usage };
}

/** Azure answers a deletion with 204 and nothing. */
const DELETED = '{"deleted":true}';

/** An error is short; a picture is not taken for one. */
const MAX_LOOKED_AT_BYTES = 64 * 1024;

function looksLikeJson(body: Buffer): boolean {
  return body[0] === 123 && body[body.subarray(-3).lastIndexOf(125) + Math.max(0, body.length - 3)] === 125;
}

function contentType(headers: ResponseHeaders): string | undefined {
  const type = headers["content-type"];
  return typeof type === "string" && /^[\x20-\x7e]{1,256}$/.test(type) ? type : undefined;
}

function lengthIn(headers: ResponseHeaders): number | undefined {
  const length = headers["content-length"];
  return length === undefined ? undefined : Number(length);
}

function isEvents(headers: ResponseHeaders): boolean {
  return /^text\/event-stream\b/i.test(contentType(headers) ?? "");
}
