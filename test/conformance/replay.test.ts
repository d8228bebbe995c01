import { describe, expect, test } from "vitest";
import { refused, streamedChat, wholeChat } from "./fixtures.ts";
import { type Result, replay } from "./replay.ts";
import { reportOf, summaryOf } from "./report.ts";

const options = { seed: 1, rounds: 2, direct: true, schemas: undefined, progress: () => undefined };

describe("without a gateway between them", () => {
  test("every recording in OpenAI's wire is its own right answer, however it is cut", async () => {
    const results = await replay(
      [wholeChat(), streamedChat(), { ...refused(429), file: "openai.refused.json" }],
      options,
    );
    expect(summaryOf(results)).toEqual({ tried: 3, passed: 3, failed: [], notSupported: [] });
  });

  test("a recording that disagrees with its own expectation fails", async () => {
    const wrong = streamedChat({ expect: { ...streamedChat().expect, text: "Guten Tag!" } });
    const { failed } = summaryOf(await replay([wrong], options));
    expect(failed).toEqual([
      { file: "openai.streamed.json", why: expect.stringMatching(/^text: expected "Guten Tag!", got "Grüße!"/) },
    ]);
  });
});

describe("what the gateway has no wire for", () => {
  const chat = wholeChat();
  test.each([
    ["another endpoint", { client: { ...chat.client!, api: "rerank" } }],
    ["a request that had to be translated", { client: { ...chat.client!, derived: "translated" } }],
    [
      "a query that a base URL cannot carry",
      { request: { ...chat.request, url: `${chat.request.url}?api-version=1` } },
    ],
    ["a path that no wire has", { request: { ...chat.request, url: "https://api.openai.com/v2/chat" } }],
    ["no client at all", { client: undefined }],
  ])("is not tried: %s", async (_, changes) => {
    const results = await replay([wholeChat(changes)], options);
    expect(summaryOf(results)).toEqual({ tried: 0, passed: 0, failed: [], notSupported: ["openai.whole.json"] });
  });
});

test("The report counts by provider, names each fault and ends with the sum", () => {
  const result = { provider: "aviary", kind: "openai", faults: [], notes: [] };
  const results: Result[] = [
    { ...result, file: "a.json" },
    { ...result, file: "b.json", faults: ["text: expected x", "usage is missing"] },
    { ...result, file: "c.json", kind: undefined },
    { ...result, file: "e.json", faults: ["text: expected x", "usage is missing"] },
    { ...result, file: "d.json", provider: "burrow", notes: ["not a thing"] },
  ];
  const lines = reportOf(results).split("\n");
  expect(lines[1]).toMatch(/^aviary +openai +3 +1 +2 +1$/);
  expect(lines.join("\n")).toContain("\nb.json\ne.json\n  - text: expected x\n  - usage is missing\n");
  expect(lines).toContain("  d.json: not a thing");
  expect(lines.at(-1)).toBe("2 passed, 2 failed");
});
