import { expect, test } from "vitest";
import { adapters } from "./cohere-door.ts";
import { NOW } from "./wire-door.ts";

const refusal = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  adapters.chat.decodeError(status, typeof body === "string" ? body : JSON.stringify(body), headers);

test.each([
  [400, "invalid request: message must be at least 1 token long", "upstream_invalid_request"],
  [
    400,
    "too many tokens: total number of tokens in the prompt cannot exceed 128000 - received 200000",
    "context_length_exceeded",
  ],
  [401, "invalid api token", "upstream_auth"],
  [402, "Please add or update your payment method", "upstream_quota"],
  [404, "model 'nonesuch' not found", "upstream_not_found"],
  [422, "invalid type", "upstream_invalid_request"],
  [429, "You are using a Trial key, which is limited to 1000 API calls / month.", "upstream_quota"],
  [429, "You are using a Trial key, which is limited to 20 API calls / minute.", "upstream_rate_limited"],
  [498, "blocked output", "content_filter"],
  [499, "request cancelled", "upstream_error"],
  [500, "internal server error", "upstream_error"],
  [503, "service unavailable", "upstream_overloaded"],
])("%i «%s» is %s", (status, message, code) => {
  expect(refusal(status, { id: "e", message })).toMatchObject({ code, details: { providerStatus: status } });
});

test("a page of some proxy is told by its status", () => {
  expect(refusal(502, "<html>10.0.0.7 is down</html>").message).not.toContain("10.0.0.7");
});

test("the client reads the provider's words about its own request, not about the gateway's account", () => {
  expect(refusal(404, { message: "model 'nonesuch' not found" }).message).toBe("model 'nonesuch' not found");
  expect(refusal(401, { message: "key co-Abcdefgh12345678 of org-42" }).message).not.toContain("org-42");
});

test.each([
  [{ "retry-after": "7" }, 7000],
  [{ "retry-after": new Date(NOW + 90_000).toUTCString() }, 90_000],
  [{}, undefined],
])("with headers %j the wait is %s ms", (headers, wait) => {
  expect(refusal(429, {}, headers as Record<string, string>).details.retryAfterMs).toBe(wait);
});
