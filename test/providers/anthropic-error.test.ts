import { expect, test } from "vitest";
import { adapterWith, NOW } from "./anthropic-door.ts";

const adapter = adapterWith();

function refusal(status: number, type: string, message: string, headers: Record<string, string> = {}) {
  const body = JSON.stringify({ type: "error", error: { type, message }, request_id: "req_1" });
  return adapter.decodeError(status, body, headers);
}

test.each([
  [400, "invalid_request_error", "messages: field required", "upstream_invalid_request"],
  [400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum", "context_length_exceeded"],
  [
    400,
    "invalid_request_error",
    "input length and `max_tokens` exceed context limit: 199000 + 4096 > 200000",
    "context_length_exceeded",
  ],
  [400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API.", "upstream_quota"],
  [400, "invalid_request_error", "You have reached your specified API usage limits.", "upstream_quota"],
  [400, "invalid_request_error", "Output blocked by content filtering policy", "content_filter"],
  [401, "authentication_error", "invalid x-api-key", "upstream_auth"],
  [403, "permission_error", "not allowed", "upstream_auth"],
  [402, "billing_error", "pay", "upstream_quota"],
  [404, "not_found_error", "model: claude-nonesuch", "upstream_not_found"],
  [409, "conflict_error", "again", "upstream_error"],
  [413, "request_too_large", "Request exceeds the maximum size", "request_too_large"],
  [429, "rate_limit_error", "slow down", "upstream_rate_limited"],
  [500, "api_error", "Internal server error", "upstream_error"],
  [504, "timeout_error", "Request timed out", "upstream_error"],
  [529, "overloaded_error", "Overloaded", "upstream_overloaded"],
  [418, "error_of_2030", "?", "upstream_invalid_request"],
])("%i %s «%s» is %s", (status, type, message, code) => {
  expect(refusal(status, type, message)).toMatchObject({ code, details: { providerStatus: status } });
});

test.each([
  [400, "upstream_invalid_request"],
  [401, "upstream_auth"],
  [402, "upstream_quota"],
  [404, "upstream_not_found"],
  [413, "request_too_large"],
  [429, "upstream_rate_limited"],
  [502, "upstream_error"],
  [503, "upstream_overloaded"],
  [529, "upstream_overloaded"],
  [302, "upstream_invalid_response"],
])("a page of some proxy with status %i is %s", (status, code) => {
  const error = adapter.decodeError(status, "<html>sorry, 10.0.0.7 is down</html>", {});
  expect(error).toMatchObject({ code, details: { providerStatus: status } });
  expect(error.message).not.toContain("10.0.0.7");
});

test("an error inside a stream is told by its type alone", () => {
  const error = refusal(200, "rate_limit_error", "slow down");
  expect(error).toMatchObject({ code: "upstream_rate_limited", retryable: true });
  expect(error.details).not.toHaveProperty("providerStatus");
});

test("the client reads the provider's words about its own request, shortened", () => {
  expect(refusal(400, "invalid_request_error", "tools.0.name: too long").message).toBe("tools.0.name: too long");
  expect(refusal(404, "not_found_error", "model: claude-nonesuch").message).toBe("model: claude-nonesuch");
  expect(refusal(400, "invalid_request_error", "x".repeat(100_000)).message.length).toBeLessThan(1100);
});

test("what is about the gateway's own account stays between provider and gateway", () => {
  const key = "sk-ant-api03-Abcdefgh12345678";
  for (const [status, type] of [
    [401, "authentication_error"],
    [403, "permission_error"],
    [402, "billing_error"],
    [429, "rate_limit_error"],
    [500, "api_error"],
  ] as const) {
    expect(refusal(status, type, `organization org-42 with ${key}`).message).not.toMatch(/org-42|sk-ant/);
  }
  expect(refusal(400, "invalid_request_error", `bad header ${key}`).message).not.toContain(key);
});

test.each([
  [{ "retry-after": "7" }, 7000],
  [{ "retry-after": new Date(NOW + 90_000).toUTCString() }, 90_000],
  [{ "retry-after": new Date(NOW - 90_000).toUTCString() }, 0],
  [{ "retry-after": "RETRY-AFTER-XXX" }, undefined],
  [{}, undefined],
])("with headers %j the wait is %s ms", (headers, wait) => {
  expect(refusal(429, "rate_limit_error", "slow down", headers as Record<string, string>).details.retryAfterMs).toBe(
    wait,
  );
});
