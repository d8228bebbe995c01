import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { wholeChat } from "./fixtures.ts";
import { readOptions } from "./options.ts";
import { loadRecordings, matches } from "./recording.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "recordings-"));
  writeFileSync(join(folder, "openai.good.json"), JSON.stringify(wholeChat()));
  writeFileSync(join(folder, "openai.cut.json"), '{"provider":');
  writeFileSync(join(folder, "openai.empty.json"), '{"provider":"openai"}');
  writeFileSync(join(folder, "README.md"), "Not a recording.");
});
afterAll(() => rmSync(folder, { recursive: true }));

test("A folder's recordings are named after their files; other JSON is told apart", () => {
  const { recordings, unreadable } = loadRecordings(folder, undefined);
  expect(recordings.map(({ file }) => file)).toEqual(["openai.good.json"]);
  expect(unreadable).toEqual([
    { file: "openai.cut.json", why: "not a recording: no JSON object" },
    { file: "openai.empty.json", why: "not a recording: no `request.url`" },
  ]);
  expect(loadRecordings(folder, "good").unreadable).toEqual([]);
});

test("A pattern is a part of the name, or all of it where it holds a wildcard", () => {
  expect(matches("groq.groq-tool.json", "tool")).toBe(true);
  expect(matches("groq.groq-tool.json", "groq.*")).toBe(true);
  expect(matches("groq.groq-tool.json", "*-tool")).toBe(true);
  expect(matches("groq.groq-tool.json", "groq?groq-tool.json")).toBe(true);
  expect(matches("groq.groq-tool.json", "g*-text")).toBe(false);
  expect(matches("groqxgroq.json", "groq.*")).toBe(false);
});

test("Options have defaults, and a wrong one is told", () => {
  expect(readOptions([], () => 0.5)).toMatchObject({
    recordings: expect.stringMatching(/shared.recordings$/),
    seed: 2 ** 31,
    rounds: 20,
    json: false,
  });
  expect(readOptions(["--seed", "7", "--only", "x"])).toMatchObject({ seed: 7, only: "x" });
  expect(() => readOptions(["--rounds", "many"])).toThrow("--rounds takes a whole number");
  expect(() => readOptions(["--sede", "7"])).toThrow("--sede");
});
