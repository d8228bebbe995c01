import { describe, expect, it } from "vitest";
import type { Answer } from "../../src/core/answer.ts";
import { type Call, emptyNotes } from "../../src/core/call.ts";
import type { Conversation, Conversations, KeptTurns } from "../../src/core/conversations.ts";
import type { OpenAIRequest } from "../../src/core/endpoint.ts";
import { GatewayError } from "../../src/core/error.ts";
import { CallSignal } from "../../src/core/signal.ts";
import { chain } from "../../src/core/stage.ts";
import { chat } from "../../src/endpoints/chat.ts";
import { responses } from "../../src/endpoints/responses.ts";
import { Frame } from "../../src/protocol/frame.ts";
import { JsonBody, type JsonObject } from "../../src/protocol/json.ts";
import { converse } from "../../src/stages/converse.ts";
import { conversationsInMemory } from "../support/conversations.ts";

const outcome = Promise.resolve({} as Awaited<Answer["outcome"]>);
const source = { target: "p/m", provider: "p", attempts: 1 };

const message = (id: string, text: string) => ({
  type: "message",
  id,
  role: "assistant",
  content: [{ type: "output_text", text }],
});

function response(id: string, fields: JsonObject = {}): JsonObject {
  return { id, object: "response", status: "completed", store: true, output: [message(`msg_${id}`, id)], ...fields };
}

function whole(body: JsonObject): Answer {
  return { kind: "whole", source, outcome, completion: { body: Buffer.from(JSON.stringify(body)), usage: undefined } };
}

function streamed(events: readonly JsonObject[], onLeft = () => {}): Answer {
  async function* frames() {
    try {
      for (const event of events)
        yield Frame.ofEvents([{ event: String(event.type), data: JSON.stringify(event), json: event }]);
    } finally {
      onLeft();
    }
  }
  return { kind: "stream", source, outcome, frames: frames() };
}

interface Asked {
  readonly tenant?: string;
  readonly fields?: JsonObject;
}

function callOf({ tenant = "t", fields = {} }: Asked): Call {
  return {
    id: "id",
    arrivedAt: 0,
    caller: { tenant, team: "m", keyId: "k", keyName: "test", tags: [] },
    endpoint: responses as Call["endpoint"],
    model: {} as Call["model"],
    request: responses.read(JsonBody.of({ model: "m", input: "hi", ...fields })),
    signal: new CallSignal(),
    notes: emptyNotes(),
  };
}

/** A road of nothing but the stage; what reached its end is told as well. */
function roadOver(store: Conversations & KeptTurns, answer: Answer) {
  const reached: (Conversation | undefined)[] = [];
  const road = chain([converse(store)], async (call) => {
    reached.push((call.request as OpenAIRequest).conversation);
    return answer;
  });
  return { reached, ask: (asked: Asked = {}) => road(callOf(asked)), road };
}

const bodyOf = (answer: Answer) => JSON.parse(String((answer as Extract<Answer, { kind: "whole" }>).completion.body));

async function eventsOf(answer: Answer): Promise<JsonObject[]> {
  const events: JsonObject[] = [];
  if (answer.kind === "stream")
    for await (const { events: some } of answer.frames) events.push(...some.map(({ data }) => JSON.parse(data)));
  return events;
}

const away = () => Promise.reject(new GatewayError("storage_unavailable", "away"));

describe("a turn", () => {
  it("is kept with what the client added, before its whole answer is told", async () => {
    const store = conversationsInMemory();
    await roadOver(store, whole(response("resp_1"))).ask();
    expect(await store.get("t", "resp_1")).toMatchObject([
      {
        previous: null,
        provider: "p",
        input: '[{"type":"message","role":"user","content":"hi"}]',
        items: ["msg_resp_1"],
      },
    ]);
  });

  it("is kept before the event that ends its stream, and only then", async () => {
    const store = conversationsInMemory();
    const events = [
      { type: "response.created" },
      { type: "response.completed", response: response("resp_1") },
      { type: "after" },
    ];
    const answer = await roadOver(store, streamed(events)).ask({ fields: { stream: true } });
    const frames = (answer as Extract<Answer, { kind: "stream" }>).frames[Symbol.asyncIterator]();
    await frames.next();
    expect(await store.get("t", "resp_1")).toBeUndefined();
    const end = await frames.next();
    expect(await store.get("t", "resp_1")).toHaveLength(1);
    expect(end.value.events[0].json).toEqual(events[1]);
    expect((await frames.next()).value.events[0].json).toEqual({ type: "after" });
    expect((await frames.next()).done).toBe(true);
  });

  it("is not kept when the client says so, when it failed, or when its client left", async () => {
    const store = conversationsInMemory();
    await roadOver(store, whole(response("resp_1"))).ask({ fields: { store: false } });
    await roadOver(store, whole(response("resp_2", { status: "failed" }))).ask();
    let left = false;
    const events = [{ type: "response.created" }, { type: "response.completed", response: response("resp_3") }];
    const answer = await roadOver(
      store,
      streamed(events, () => {
        left = true;
      }),
    ).ask({ fields: { stream: true } });
    if (answer.kind === "stream") for await (const _ of answer.frames) break;
    expect(left).toBe(true);
    for (const id of ["resp_1", "resp_2", "resp_3"]) expect(await store.get("t", id)).toBeUndefined();
  });

  it("that could not be kept is answered all the same, and says that it was not", async () => {
    const store = { ...conversationsInMemory(), put: away };
    const body = { ...response("resp_1"), big: 1 };
    const call = callOf({});
    const answer = await roadOver(store, whole(body)).road(call);
    expect(bodyOf(answer)).toEqual({ ...body, store: false });
    expect(call.notes.dropped).toEqual(["store"]);
    const events = [{ type: "response.completed", response: response("resp_1") }];
    const told = await eventsOf(await roadOver(store, streamed(events)).ask({ fields: { stream: true } }));
    expect(told).toMatchObject([{ type: "response.completed", response: { id: "resp_1", store: false } }]);
  });

  it("passes byte for byte when it was kept", async () => {
    const answer = whole(response("resp_1"));
    expect(await roadOver(conversationsInMemory(), answer).ask()).toBe(answer);
  });
});

describe("a request that goes on from a turn", () => {
  it("has the conversation with it, and is kept behind it", async () => {
    const store = conversationsInMemory();
    await roadOver(store, whole(response("resp_1"))).ask();
    const second = roadOver(store, whole(response("resp_2")));
    await second.ask({ fields: { input: "and?", previous_response_id: "resp_1" } });
    expect(second.reached[0]?.earlier.map(({ id }) => id)).toEqual(["resp_1"]);
    expect((await store.get("t", "resp_2"))?.map(({ id }) => id)).toEqual(["resp_1", "resp_2"]);
  });

  it.each([
    ["unknown", "t", "resp_9"],
    ["another tenant's", "other", "resp_1"],
    ["no id at all", "t", "a\u0000b"],
  ])("is refused when it is %s, and reaches no provider", async (_, tenant, previous_response_id) => {
    const store = conversationsInMemory();
    await roadOver(store, whole(response("resp_1"))).ask();
    const { ask, reached } = roadOver(store, whole(response("resp_2")));
    const error = await ask({ tenant, fields: { previous_response_id } }).catch((thrown) => thrown);
    expect(error).toMatchObject({ status: 400 });
    expect(error.toBody().error).toMatchObject({
      type: "invalid_request_error",
      param: "previous_response_id",
      code: "previous_response_not_found",
    });
    expect(reached).toEqual([]);
  });

  it("is refused for the moment when the database is away", async () => {
    const { ask } = roadOver({ ...conversationsInMemory(), get: away }, whole(response("resp_1")));
    await expect(ask({ fields: { previous_response_id: "resp_1" } })).rejects.toMatchObject({ status: 503 });
  });
});

describe("a reference to an item", () => {
  const refersTo = (id: string) => ({
    input: [
      { type: "item_reference", id },
      { role: "user", content: "and?" },
    ],
  });

  it("is looked up among all turns of the tenant, and kept as the item itself", async () => {
    const store = conversationsInMemory();
    await roadOver(store, whole(response("resp_1"))).ask();
    const { ask, reached } = roadOver(store, whole(response("resp_2")));
    await ask({ fields: refersTo("msg_resp_1") });
    const found = { item: message("msg_resp_1", "resp_1"), provider: "p", turn: "resp_1" };
    expect(reached[0]?.referenced).toEqual(new Map([["msg_resp_1", found]]));
    expect(JSON.parse((await store.get("t", "resp_2"))![0]!.input)[0]).toEqual(found.item);
  });

  it("may be to what was said before in the conversation, which no provider knows by that id", async () => {
    const store = conversationsInMemory();
    const said = { type: "message", id: "msg_mine", role: "user", content: "hi" };
    await roadOver(store, whole(response("resp_1"))).ask({ fields: { input: [said] } });
    const { ask, reached } = roadOver(store, whole(response("resp_2")));
    await ask({ fields: { ...refersTo("msg_mine"), previous_response_id: "resp_1" } });
    expect(reached[0]?.referenced.get("msg_mine")).toEqual({ item: said, provider: "", turn: "resp_1" });
  });

  it("to what is not this tenant's is refused", async () => {
    const store = conversationsInMemory();
    await roadOver(store, whole(response("resp_1"))).ask({ tenant: "other" });
    const { ask, reached } = roadOver(store, whole(response("resp_2")));
    await expect(ask({ fields: refersTo("msg_resp_1") })).rejects.toMatchObject({
      code: "not_found",
      details: { param: "input" },
    });
    expect(reached).toEqual([]);
  });
});

it("costs other endpoints nothing: the stage hands on what comes next", () => {
  const answer = Promise.resolve(whole({}));
  const call = { ...callOf({}), endpoint: chat as Call["endpoint"] };
  expect(converse(conversationsInMemory())(call, () => answer)).toBe(answer);
});
