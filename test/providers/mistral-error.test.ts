import { expect, test } from "vitest";
import { adapters } from "./mistral-door.ts";
import { NOW } from "./wire-door.ts";

const refusal = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  adapters.chat.decodeError(status, typeof body === "string" ? body : JSON.stringify(body), headers);

const told = (message: unknown, type = "invalid_request_error", code = "3051") => ({
  object: "error",
  message,
  type,
  param: null,
  code,
});

test.each([
  [401, { detail: "Unauthorized" }, "upstream_auth"],
  [403, told("Forbidden"), "upstream_auth"],
  [402, { detail: "Payment required" }, "upstream_quota"],
  [404, { detail: "Not found" }, "upstream_not_found"],
  [400, told("Invalid model: nonesuch", "invalid_model", "1500"), "upstream_not_found"],
  [400, told("Tool call id was x but must be a-z, A-Z, 0-9, with a length of 9."), "upstream_invalid_request"],
  [
    400,
    told("Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length"),
    "context_length_exceeded",
  ],
  [
    422,
    { detail: [{ loc: ["body", "messages"], msg: "Field required", type: "missing" }] },
    "upstream_invalid_request",
  ],
  [429, { message: "Requests rate limit exceeded" }, "upstream_rate_limited"],
  [
    429,
    told("Service tier capacity exceeded for this model.", "service_tier_capacity_exceeded", "3505"),
    "upstream_rate_limited",
  ],
  [500, told("Service unavailable.", "internal_server_error", "1000"), "upstream_error"],
  [503, "<html>busy</html>", "upstream_overloaded"],
])("%i %j is %s", (status, body, code) => {
  expect(refusal(status, body)).toMatchObject({ code, details: { providerStatus: status } });
});

test("the findings of a validation are told with their places", () => {
  const detail = [
    { loc: ["body", "messages", 0, "role"], msg: "Field required", type: "missing" },
    { loc: ["body", "top_p"], msg: "Input should be a number", type: "float_type" },
  ];
  const words = "body.messages.0.role: Field required; body.top_p: Input should be a number";
  expect(refusal(422, { detail }).message).toBe(words);
  expect(refusal(422, told({ detail })).message).toBe(words);
});

test("what is about the gateway's own account stays between provider and gateway", () => {
  for (const status of [401, 402, 403, 429, 500]) {
    expect(refusal(status, { detail: "key sk-Abcdefgh12345678 of org-42" }).message).not.toMatch(/org-42|sk-/);
  }
});

test.each([
  [{ "retry-after": "7" }, 7000],
  [{ "retry-after": new Date(NOW + 90_000).toUTCString() }, 90_000],
  [{}, undefined],
])("with headers %j the wait is %s ms", (headers, wait) => {
  expect(refusal(429, {}, headers as Record<string, string>).details.retryAfterMs).toBe(wait);
});
