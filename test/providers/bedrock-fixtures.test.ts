/** One conversation in all its forms, as files: what goes out, what comes back whole and streamed, and OpenAI's schemas over it. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/protocol/json.ts";
import { loadSchemas } from "../conformance/schema.ts";
import { assemble } from "./anthropic-door.ts";
import { sharedPath } from "./anthropic-shared.ts";
import { decode, decodeStream, encode, eventsOf, messageOf } from "./bedrock-door.ts";

const read = (name: string) => readFileSync(new URL(`../fixtures/bedrock/${name}`, import.meta.url), "utf8");
const chat = JSON.parse(read("request.chat.json")) as JsonObject;
const stream = () => eventsOf(...(JSON.parse(read("stream.json")) as [string, JsonObject][]));

const specification = sharedPath(
  "specs/openai.openapi.tolerant.json",
  "The check of fixtures against OpenAI's schemas",
);
const schemas = specification === undefined ? undefined : loadSchemas(specification);

test("the request goes out as Converse has it, and nothing of it is lost", () => {
  const { body, dropped, path } = encode(chat);
  expect(body).toEqual(JSON.parse(read("request.converse.json")));
  expect(path).toBe("/model/eu.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream");
  expect(dropped).toEqual([]);
});

test("the answer is the same, whole and streamed", async () => {
  const whole = decode(read("answer.json"), chat);
  const { chunks, error } = await decodeStream([stream()], { ...chat, stream_options: { include_usage: true } });
  expect(error).toBeUndefined();
  const { object: _, ...answer } = whole;
  const streamed = assemble(chunks);
  expect(messageOf(streamed)).toEqual(messageOf(whole));
  expect({ ...streamed, choices: [] }).toEqual({ ...answer, choices: [] });
  expect(messageOf(whole)).toMatchObject({
    content: "The plan says you leave at noon.",
    annotations: [{ url_citation: { start_index: 14, end_index: 31, url: "https://trains.example/pisa" } }],
    tool_calls: [{ function: { arguments: '{"city":"Pisa","id":12345678901234567890}' } }],
  });
});

describe.skipIf(schemas === undefined)("what a client gets is what OpenAI describes", () => {
  test("in the answer", () => {
    expect(schemas!("CreateChatCompletionResponse", decode(read("answer.json"), chat))).toEqual([]);
  });

  test("in the stream", async () => {
    const { chunks } = await decodeStream([stream()], chat);
    expect(chunks.length).toBeGreaterThan(8);
    expect(chunks.flatMap((chunk) => schemas!("CreateChatCompletionStreamResponse", chunk))).toEqual([]);
  });
});
