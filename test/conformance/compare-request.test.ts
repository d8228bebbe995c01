import { describe, expect, test } from "vitest";
import { compareRequest } from "./compare-request.ts";
import { streamedChat, wholeChat } from "./fixtures.ts";
import type { Recording } from "./recording.ts";
import type { Arrival } from "./stub-upstream.ts";
import { supportOf } from "./wires.ts";

const keys = { provider: "sk-provider", gateway: "gh-client" };

function faultsOf(recording: Recording, changes: Partial<Arrival> & { readonly json?: object } = {}): string[] {
  const { json = recording.request.body, ...rest } = changes;
  const { wire } = supportOf(recording)!;
  const auth =
    wire.kind === "anthropic"
      ? { "x-api-key": "sk-provider", "anthropic-version": "2023-06-01" }
      : { authorization: "Bearer sk-provider" };
  const arrival: Arrival = {
    method: "POST",
    target: new URL(recording.request.url).pathname,
    headers: { "content-type": "application/json", ...auth },
    body: JSON.stringify(json),
    ...rest,
  };
  return compareRequest(recording, wire, [arrival], keys);
}

describe("a request to a server that speaks OpenAI", () => {
  test("that arrives as recorded is right, in any order of keys", () => {
    expect(faultsOf(wholeChat())).toEqual([]);
    const { model, messages } = wholeChat().request.body;
    expect(faultsOf(wholeChat(), { json: { messages, model } })).toEqual([]);
  });

  test("that never arrives is a fault", () => {
    expect(compareRequest(wholeChat(), supportOf(wholeChat())!.wire, [], keys)).toEqual([
      "nothing reached the provider",
    ]);
  });

  test("names the place where it differs", () => {
    const json = { model: "parrot-2", messages: [{ role: "user", content: "Hullo", name: "x" }] };
    expect(faultsOf(wholeChat(), { json })).toEqual([
      'sent to the provider: model: expected "parrot-1", got "parrot-2" (same up to character 7 of 8)',
      'sent to the provider: messages[0].content: expected "Hello", got "Hullo" (same up to character 1 of 5)',
      'sent to the provider: messages[0].name is not expected: "x"',
    ]);
  });

  test("may ask for usage where the client did not, and in no other way", () => {
    const streamed = streamedChat();
    const { stream_options: _, ...quiet } = streamed.request.body;
    const recording = { ...streamed, request: { ...streamed.request, body: quiet } };
    expect(faultsOf(recording, { json: { ...quiet, stream_options: { include_usage: true } } })).toEqual([]);
    expect(faultsOf(recording, { json: { ...quiet, stream_options: { include_usage: false } } })).toHaveLength(1);
    expect(faultsOf(streamed, { json: quiet })).toHaveLength(1);
  });

  test("goes to the recorded path, decoded, with nothing in its query", () => {
    expect(faultsOf(wholeChat(), { target: "/v1/chat%2Fcompletions" })).toEqual([]);
    expect(faultsOf(wholeChat(), { target: "/chat/completions" })).toEqual([
      "the provider got path /chat/completions, expected /v1/chat/completions",
    ]);
    expect(faultsOf(wholeChat(), { target: "/v1/chat/completions?debug=1" })).toEqual([
      'the query.debug is not expected: "1"',
    ]);
  });

  test("carries the provider's key and never the client's", () => {
    const headers = { "content-type": "application/json", authorization: "Bearer gh-client" };
    expect(faultsOf(wholeChat(), { headers })).toEqual([
      "the provider did not get its key in `authorization`",
      "the gateway's own key reached the provider",
    ]);
  });
});

describe("a request to Anthropic", () => {
  const recorded = {
    model: "owl-1",
    max_tokens: 64,
    stream: false,
    system: [{ type: "text", text: "Be wise.", cache_control: { type: "ephemeral" } }],
    messages: [
      { role: "user", content: "How far is it?" },
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "Hm.", signature: "c2ln" },
          { type: "tool_use", id: "toolu_1", name: "measure", input: { from: "here" }, caller: { type: "direct" } },
        ],
      },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content: "9 km" }] },
    ],
    tools: [
      { type: "web_search_20990101", name: "web_search" },
      { name: "measure", description: "", input_schema: { type: "object" } },
    ],
    thinking: { type: "enabled", budget_tokens: 1024 },
    output_format: { type: "json_schema", schema: {} },
  };
  const lossy = ["cache_control", "thinking", "thinking_replay", "server_tool:web_search_20990101"];
  const recording: Recording = {
    ...wholeChat(),
    provider: "anthropic",
    request: { method: "POST", url: "https://api.anthropic.com/v1/messages?beta=true", body: recorded },
    client: { api: "chat.completions", derived: "translated", lossy, body: {} },
    meta: { endpoint: "anthropic.messages" },
  };
  const respelt = {
    model: "owl-1",
    max_tokens: 64,
    system: "Be wise.",
    messages: [
      { role: "user", content: [{ type: "text", text: "How far is it?" }] },
      { role: "assistant", content: [{ type: "tool_use", id: "call_77", name: "measure", input: { from: "here" } }] },
      {
        role: "user",
        content: [{ type: "tool_result", tool_use_id: "call_77", content: [{ type: "text", text: "9 km" }] }],
      },
    ],
    tools: [{ type: "custom", name: "measure", input_schema: { type: "object" } }],
    output_config: { format: { type: "json_schema", schema: {} } },
  };

  test("is right in any spelling of the same meaning, without what no client could ask for", () => {
    expect(faultsOf(recording, { json: respelt })).toEqual([]);
  });

  test.each<[string, object]>([
    ["system", { system: "Be quick." }],
    ["max_tokens", { max_tokens: 65 }],
    [
      "messages[0].content[0].text",
      { messages: respelt.messages.with(0, { role: "user", content: [{ type: "text", text: "Why?" }] }) },
    ],
    ["tools[0].input_schema.type", { tools: [{ name: "measure", input_schema: { type: "string" } }] }],
    ["tool_choice", { tool_choice: { type: "any" } }],
    ["temperature", { temperature: 1 }],
    ["stop_sequences", { stop_sequences: ["x"] }],
    ["output_format", { output_config: {} }],
  ])("is wrong when %s differs", (path, changes) => {
    const faults = faultsOf(recording, { json: { ...respelt, ...changes } });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(path);
  });

  test("must think where a client could ask for it", () => {
    const client = { ...recording.client!, lossy: lossy.filter((name) => name !== "thinking") };
    expect(faultsOf({ ...recording, client }, { json: respelt })[0]).toContain("thinking is missing");
  });

  test("must answer the call that was made", () => {
    const stray = {
      role: "user",
      content: [{ type: "tool_result", tool_use_id: "call_78", content: [{ type: "text", text: "9 km" }] }],
    };
    expect(faultsOf(recording, { json: { ...respelt, messages: respelt.messages.with(2, stray) } })[0]).toContain(
      "tool_use_id",
    );
  });
});
