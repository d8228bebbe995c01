import { describe, expect, it } from "vitest";
import { toldInHeaders } from "../../src/protocol/rate-limits.ts";

const NOW = Date.parse("2026-11-24T12:00:00Z");
const told = (headers: Record<string, string | string[]>) => {
  const list = toldInHeaders(headers, () => NOW);
  return Object.fromEntries(list.flatMap((name, at) => (at % 2 === 0 ? [[name, list[at + 1]]] : [])));
};

describe("what a provider tells in headers", () => {
  it("in OpenAI's names passes as it is", () => {
    const headers = {
      "x-ratelimit-limit-requests": "10000",
      "x-ratelimit-limit-tokens": "200000",
      "x-ratelimit-remaining-requests": "9999",
      "x-ratelimit-remaining-tokens": "199997",
      "x-ratelimit-reset-requests": "8.64s",
      "x-ratelimit-reset-tokens": "6m0s",
    };
    expect(told({ ...headers, "openai-processing-ms": "12", server: "x" })).toEqual(headers);
  });

  it("in Anthropic's names gets OpenAI's, a date as the time until then", () => {
    expect(
      told({
        "anthropic-ratelimit-requests-limit": "4000",
        "anthropic-ratelimit-requests-remaining": "3999",
        "anthropic-ratelimit-requests-reset": "2026-11-24T12:00:12Z",
        "anthropic-ratelimit-tokens-limit": "2400000",
        "anthropic-ratelimit-tokens-remaining": "2399000",
        "anthropic-ratelimit-tokens-reset": "2026-11-24T11:59:59Z",
        "anthropic-ratelimit-input-tokens-limit": "2000000",
      }),
    ).toEqual({
      "x-ratelimit-limit-requests": "4000",
      "x-ratelimit-remaining-requests": "3999",
      "x-ratelimit-reset-requests": "12s",
      "x-ratelimit-limit-tokens": "2400000",
      "x-ratelimit-remaining-tokens": "2399000",
      "x-ratelimit-reset-tokens": "0s",
    });
  });

  it.each([
    ["a minute's of Mistral", { "x-ratelimit-limit-req-minute": "60" }, "x-ratelimit-limit-requests", "60"],
    [
      "a day's of Cerebras",
      { "x-ratelimit-reset-requests-day": "33011.38" },
      "x-ratelimit-reset-requests",
      "33011.38s",
    ],
    ["Together's tokens", { "x-ratelimit-limit": "30", "x-tokenlimit-limit": "9" }, "x-ratelimit-limit-tokens", "9"],
    ["a bare limit", { "x-ratelimit-limit": "30" }, "x-ratelimit-limit-requests", "30"],
    ["seconds", { "x-ratelimit-reset": "2" }, "x-ratelimit-reset-requests", "2s"],
    ["a moment in milliseconds", { "x-ratelimit-reset": `${NOW + 1500}` }, "x-ratelimit-reset-requests", "1.5s"],
    ["a moment in seconds", { "x-ratelimit-reset": `${NOW / 1000 + 3}` }, "x-ratelimit-reset-requests", "3s"],
    ["the first of two", { "x-ratelimit-limit-tokens": ["5", "6"] }, "x-ratelimit-limit-tokens", "5"],
    ["masked text", { "x-ratelimit-remaining-tokens": "X-TOKENS-XXX" }, "x-ratelimit-remaining-tokens", "X-TOKENS-XXX"],
    ["masked time", { "x-ratelimit-reset-tokens": "<RESET>" }, "x-ratelimit-reset-tokens", "<RESET>"],
    ["no time", { "x-ratelimit-reset-tokens": " " }, "x-ratelimit-reset-tokens", " "],
  ])("%s is told", (_, headers, name, value) => {
    expect(told(headers)).toHaveProperty([name], value);
  });

  it.each([
    ["nothing", {}],
    ["limits of something else", { "x-ratelimit-limit-input-images": "5", "x-ratelimit-key": "k" }],
    ["what no header of ours may hold", { "x-ratelimit-limit-tokens": "ü\u0001", "x-request-id": "x".repeat(500) }],
  ])("%s is nothing to tell", (_, headers) => {
    expect(told(headers as Record<string, string>)).toEqual({});
  });

  it.each(["x-request-id", "request-id", "x-amzn-requestid", "apim-request-id"])("%s is the request's id", (name) => {
    expect(told({ [name]: "req_1" })).toEqual({ "x-gatehouse-provider-request-id": "req_1" });
  });

  it("costs no list when there is nothing", () => {
    expect(toldInHeaders({ "content-type": "a" })).toBe(toldInHeaders({ date: "b" }));
  });
});
