import { describe, expect, it } from "vitest";
import { GatewayError } from "../../src/core/error.ts";
import { responses } from "../../src/endpoints/responses.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import { itemResource } from "../../src/protocol/responses.ts";
import { chatStream, decodeStream } from "../bridges/responses-door.ts";
import { readEvents } from "../conformance/event.ts";
import { loadSchemas } from "../conformance/schema.ts";
import { sharedPath } from "../providers/anthropic-shared.ts";

const specification = sharedPath("specs/openai.openapi.tolerant.json", "The check of a broken stream's events");
const schemas = specification === undefined ? undefined : loadSchemas(specification);

const told = (error: GatewayError) =>
  readEvents(responses.errors!.event(error)).map(({ event, data }) => ({
    event,
    json: JSON.parse(data) as JsonObject,
  }));

describe("a stream that broke", () => {
  it.each([
    ["idle_timeout", "server_error"],
    ["upstream_rate_limited", "rate_limit_exceeded"],
    ["content_filter", "invalid_prompt"],
  ] as const)("by %s ends as OpenAI describes it", async (code, failure) => {
    const { error, events } = await decodeStream([chatStream([{ content: "Hel" }], { finish: null, done: false })]);
    const broken = new GatewayError(code, "why").with({ broken: error!.details.broken! });
    const [first, second] = told(broken);
    const next = events.length;
    expect(first).toMatchObject({
      event: "error",
      json: { type: "error", code, message: "why", sequence_number: next },
    });
    expect(second).toMatchObject({
      event: "response.failed",
      json: { sequence_number: next + 1, response: { status: "failed", error: { code: failure, message: "why" } } },
    });
    for (const { json } of [first!, second!]) expect(schemas?.("ResponseStreamEvent", json) ?? []).toEqual([]);
  });

  it("before anything was told ends in an error alone", () => {
    expect(told(new GatewayError("upstream_closed", "why")).map(({ event }) => event)).toEqual(["error"]);
  });
});

describe.skipIf(schemas === undefined)("what was said, listed", () => {
  it("is as OpenAI describes it", () => {
    const items: JsonObject[] = [
      { role: "user", content: "hi" },
      { role: "assistant", content: "hello" },
      { role: "user", content: [{ type: "input_image", image_url: "https://a.example/i.png", detail: "auto" }] },
      { type: "function_call", call_id: "c", name: "f", arguments: "{}" },
      { type: "function_call_output", call_id: "c", output: "x" },
      { type: "reasoning", summary: [] },
    ];
    const data = items.map((item, index) => itemResource(item, { response: "resp_gate1", index }));
    const list = { object: "list", data, first_id: data[0]!.id, last_id: data.at(-1)!.id, has_more: false };
    expect(schemas!("ResponseItemList", list)).toEqual([]);
  });
});
