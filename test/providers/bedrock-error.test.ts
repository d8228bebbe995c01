import { describe, expect, test } from "vitest";
import type { GatewayError } from "../../src/core/error.ts";
import { adapterWith, decodeStream, endOf, eventsOf, exceptionOf, frameOf, START, textDelta } from "./bedrock-door.ts";

const NAMESPACE = ":http://internal.amazon.com/coral/com.amazon.bedrock/";

function refused(status: number, type: string, message: string, headers: Record<string, string> = {}): GatewayError {
  const body = JSON.stringify({ message });
  return adapterWith().decodeError(status, body, { "x-amzn-errortype": type, ...headers });
}

describe("a refusal", () => {
  test.each([
    [400, "ValidationException", "Something is missing.", "upstream_invalid_request"],
    [
      400,
      "ValidationException",
      "Input Tokens Exceeded: Number of input tokens exceeds maximum length.",
      "context_length_exceeded",
    ],
    [400, "ValidationException", "Input is too long for requested model.", "context_length_exceeded"],
    [400, "ValidationException", "prompt is too long: 205000 tokens > 200000 maximum", "context_length_exceeded"],
    [400, "ValidationException", "The provided model identifier is invalid.", "upstream_not_found"],
    [400, "ServiceQuotaExceededException", "Your account is over its quota.", "upstream_quota"],
    [403, "AccessDeniedException", "You don't have access to the model with the specified model ID.", "upstream_auth"],
    [403, "ExpiredTokenException", "The security token included in the request is expired", "upstream_auth"],
    [404, "ResourceNotFoundException", "This model is gone.", "upstream_not_found"],
    [408, "ModelTimeoutException", "The model took too long.", "upstream_error"],
    [424, "ModelErrorException", "The model failed.", "upstream_error"],
    [429, "ThrottlingException", "Too many requests, please wait before trying again.", "upstream_rate_limited"],
    [429, "ThrottlingException", "Too many tokens per day, please wait before trying again.", "upstream_quota"],
    [429, "ModelNotReadyException", "The model is not ready.", "upstream_overloaded"],
    [500, "InternalServerException", "Something broke.", "upstream_error"],
    [503, "ServiceUnavailableException", "Too many connections.", "upstream_overloaded"],
  ])("%i %s: %s", (status, type, message, code) => {
    const error = refused(status, type + NAMESPACE, message);
    expect(error.code).toBe(code);
    expect(error.details.providerStatus).toBe(status);
  });

  test("keeps the words about a request, and none about the gateway's account", () => {
    expect(refused(400, "ValidationException", "Field x is missing.").message).toBe("Field x is missing.");
    expect(refused(403, "AccessDeniedException", "User: arn:aws:iam::1:user/x may not").message).not.toContain("arn");
  });

  test("tells how long to wait", () => {
    expect(refused(429, "ThrottlingException", "", { "retry-after": "7" }).details.retryAfterMs).toBe(7000);
  });

  test("without its header is told by its body or its status", () => {
    const typed = JSON.stringify({ __type: "com.amazon.coral.service#ThrottlingException", message: "slow" });
    expect(adapterWith().decodeError(400, typed, {}).code).toBe("upstream_rate_limited");
    expect(adapterWith().decodeError(503, "<html>", {}).code).toBe("upstream_overloaded");
  });
});

describe("an exception in a stream", () => {
  test.each([
    ["throttlingException", {}, "upstream_rate_limited"],
    ["serviceUnavailableException", {}, "upstream_overloaded"],
    ["internalServerException", {}, "upstream_error"],
    ["validationException", {}, "upstream_invalid_request"],
    ["modelTimeoutException", {}, "upstream_error"],
    ["modelStreamErrorException", {}, "upstream_error"],
    ["modelStreamErrorException", { originalStatusCode: 429, originalMessage: "slow down" }, "upstream_rate_limited"],
    ["somethingNewException", {}, "upstream_error"],
  ])("%s %j", async (type, more, code) => {
    const { error, chunks } = await decodeStream([exceptionOf(type, { message: "It broke.", ...more })]);
    expect(error).toMatchObject({ code });
    // Nothing was promised: another target can be asked.
    expect(chunks).toEqual([]);
  });

  test("ends an answer that has begun, without a finish", async () => {
    const begun = eventsOf(START, textDelta("Half an"));
    const { error, text, facts } = await decodeStream([begun, exceptionOf("throttlingException", { message: "no" })]);
    expect(error).toMatchObject({ code: "upstream_rate_limited" });
    expect(text).toContain("Half an");
    expect(text).not.toContain("[DONE]");
    expect(facts.finished).toBe(false);
  });

  test("without a kind of its own stands in the headers", async () => {
    const headers = [
      [":message-type", "error"],
      [":error-code", "InternalFailure"],
      [":error-message", "Something broke."],
    ] as const;
    const { error } = await decodeStream([frameOf(headers, Buffer.alloc(0))]);
    expect(error).toMatchObject({ code: "upstream_error" });
  });

  test("after the end changes nothing", async () => {
    const whole = eventsOf(START, textDelta("Hi"), ...endOf("end_turn"));
    const { error, facts } = await decodeStream([
      whole,
      exceptionOf("internalServerException", {}),
      Buffer.from("junk"),
    ]);
    expect(error).toBeUndefined();
    expect(facts.finished).toBe(true);
  });
});
