import { describe, expect, test } from "vitest";
import { decodeGoogleError } from "../../src/providers/gemini/error.ts";

const refusal = (status: number, error: object, headers = {}) =>
  decodeGoogleError(status, JSON.stringify({ error }), headers, () => 0);
const reason = (name: string) => ({ details: [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: name }] });

describe("what Google says is told in our words", () => {
  test.each([
    [400, { status: "INVALID_ARGUMENT", message: "API key not valid.", ...reason("API_KEY_INVALID") }, "upstream_auth"],
    [400, { status: "INVALID_ARGUMENT", message: "API key expired. Please renew it." }, "upstream_auth"],
    [401, { status: "UNAUTHENTICATED" }, "upstream_auth"],
    [403, { status: "PERMISSION_DENIED", message: "No access.", ...reason("SERVICE_DISABLED") }, "upstream_auth"],
    [
      403,
      { status: "PERMISSION_DENIED", message: "You do not have permission to access the File x." },
      "upstream_invalid_request",
    ],
    [
      400,
      { status: "FAILED_PRECONDITION", message: "User location is not supported for the API use." },
      "upstream_auth",
    ],
    [400, { status: "INVALID_ARGUMENT", message: "Unknown name." }, "upstream_invalid_request"],
    [
      400,
      {
        status: "INVALID_ARGUMENT",
        message: "The input token count (12) exceeds the maximum number of tokens allowed (10).",
      },
      "context_length_exceeded",
    ],
    [404, { status: "NOT_FOUND", message: "models/x is not found" }, "upstream_not_found"],
    [429, { status: "RESOURCE_EXHAUSTED" }, "upstream_rate_limited"],
    [
      429,
      { status: "RESOURCE_EXHAUSTED", details: [{ violations: [{ quotaId: "GenerateRequestsPerDayPerProject" }] }] },
      "upstream_quota",
    ],
    [500, { status: "INTERNAL" }, "upstream_error"],
    [503, { status: "UNAVAILABLE" }, "upstream_overloaded"],
    [504, { status: "DEADLINE_EXCEEDED" }, "upstream_error"],
  ])("%s %j", (status, error, code) => {
    expect(refusal(status, { code: status, ...error })).toMatchObject({ code, details: { providerStatus: status } });
  });

  test("a page of somebody else's is told by its status", () => {
    expect(decodeGoogleError(502, "<html>Bad gateway</html>", {}).code).toBe("upstream_error");
    expect(decodeGoogleError(429, "[]", {}).code).toBe("upstream_rate_limited");
  });

  test("an error in a list is one", () => {
    const body = JSON.stringify([{ error: { code: 404, status: "NOT_FOUND", message: "gone" } }]);
    expect(decodeGoogleError(404, body, {})).toMatchObject({ code: "upstream_not_found", message: "gone" });
  });

  test("inside a stream its own number counts", () => {
    expect(refusal(200, { code: 499, status: "CANCELLED", message: "The operation was cancelled." })).toMatchObject({
      code: "upstream_error",
      message: "The provider broke off its answer: The operation was cancelled.",
    });
    expect(refusal(200, { code: 429, message: "slow" }).code).toBe("upstream_rate_limited");
    expect(refusal(200, { message: "?" }).code).toBe("upstream_error");
  });

  test("keys that it repeats are not passed on", () => {
    const { message } = refusal(400, { status: "INVALID_ARGUMENT", message: `Bad AIza${"x".repeat(35)} there` });
    expect(message).toBe("Bad [redacted] there");
  });
});

describe("the wait", () => {
  const delayed = (retryDelay: unknown) => ({
    status: "RESOURCE_EXHAUSTED",
    details: [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay }],
  });

  test.each([
    ["48s", 48_000],
    ["34.4s", 34_400],
    ["0s", 0],
    ["0.000000001s", 1],
    ["soon", undefined],
    [7, undefined],
  ])("%j in the body is %s ms", (delay, wait) => {
    expect(refusal(429, delayed(delay)).details.retryAfterMs).toBe(wait);
  });

  test("in a header wins", () => {
    expect(refusal(429, delayed("48s"), { "retry-after": "2" }).details.retryAfterMs).toBe(2000);
  });
});
