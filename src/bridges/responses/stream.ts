import { randomUUIDv7 } from "node:crypto";
import { asGatewayError, GatewayError } from "../../core/error.ts";
import type { StreamContext } from "../../core/provider.ts";
import type { Frame } from "../../protocol/frame.ts";
import { isObject, type JsonObject } from "../../protocol/json.ts";
import { responseId, writeResponseUsage } from "../../protocol/responses.ts";
import { echoOf } from "./echo.ts";
import { EventList } from "./events.ts";
import { type Item, MessageItem, ReasoningItem, ToolItem } from "./items.ts";
import { annotationsOf, endingOf, logprobsOf, sealedIn, textIn, thoughtIn, tierOf } from "./output.ts";

/** A chat's chunks as the events of a Response; a frame for each frame. */
export async function* responseEvents(
  frames: AsyncIterable<Frame>,
  context: StreamContext,
): AsyncGenerator<Frame, void> {
  const answer = new StreamedResponse(context);
  try {
    for await (const frame of frames) {
      for (const { data, json } of frame.events) {
        if (data === "[DONE]") answer.end();
        else if (isObject(json)) answer.read(json);
      }
      const told = answer.events.take();
      if (told) yield told;
    }
    if (!answer.ended) throw new GatewayError("upstream_closed", "The provider's stream ended before the answer did.");
  } catch (thrown) {
    throw answer.brokenBy(thrown);
  }
}

/** What has been said so far: the last event repeats all of it. */
class StreamedResponse {
  readonly events = new EventList();
  ended = false;
  readonly #context: StreamContext;
  readonly #id = responseId(randomUUIDv7());
  #head: JsonObject | undefined;
  /** In the order in which they began, which is their index. */
  readonly #items: Item[] = [];
  readonly #tools = new Map<unknown, ToolItem>();
  #reasoning: ReasoningItem | undefined;
  #message: MessageItem | undefined;
  readonly #extras: JsonObject[] = [];
  #sealed: JsonObject = {};
  #finishReason: unknown;
  #tier: unknown;
  #pieces = 0;

  constructor(context: StreamContext) {
    this.#context = context;
  }

  read(chunk: JsonObject): void {
    if (this.ended) return;
    this.#begin(chunk);
    this.#tier = chunk.service_tier ?? this.#tier;
    const choices = Array.isArray(chunk.choices) ? chunk.choices.filter(isObject) : [];
    // A Response has one answer; nothing in it asks for more.
    const choice = choices.find(({ index }) => index === undefined || index === 0);
    if (!choice) return;
    this.#finishReason = choice.finish_reason ?? this.#finishReason;
    if (isObject(choice.delta)) this.#delta(choice.delta, choice.logprobs);
  }

  end(): void {
    if (this.ended) return;
    this.#begin({});
    this.ended = true;
    const ending = endingOf(this.#finishReason);
    const sealed = { ...this.#sealed, ...sealedIn(this.#sealed, this.#extras) };
    if (Object.keys(sealed).length > 0) this.#thoughts().sealed = sealed;
    if (this.#items.length === 0) this.#words().text("", []);
    for (const item of this.#items) item.close(ending.status);
    const { usage } = this.#context.facts;
    const response = {
      ...this.#snapshot(),
      ...ending,
      completed_at: ending.status === "completed" ? Math.floor(Date.now() / 1000) : null,
      ...tierOf(this.#tier),
      usage: usage ? writeResponseUsage(usage) : null,
    };
    this.events.add({ type: `response.${ending.status}`, response });
  }

  /** What the event that tells the client needs to know. */
  brokenBy(thrown: unknown): GatewayError {
    return asGatewayError(thrown).with({ broken: { nextEvent: this.events.next, response: this.#snapshot() } });
  }

  #begin({ model, created }: JsonObject): void {
    if (this.#head) return;
    const { request, target } = this.#context;
    const createdAt = typeof created === "number" && created > 0 ? created : Math.floor(Date.now() / 1000);
    const named = typeof model === "string" && model !== "" ? model : target.model;
    this.#head = echoOf(request.body.value, { id: this.#id, createdAt, model: named });
    this.events.add({ type: "response.created", response: this.#head });
    this.events.add({ type: "response.in_progress", response: this.#head });
  }

  #snapshot(): JsonObject | undefined {
    return this.#head && { ...this.#head, output: this.#items.map((item) => item.told()) };
  }

  #delta(delta: JsonObject, logprobs: unknown): void {
    this.#pieces += 1;
    if (this.#pieces > MAX_PIECES) throw tooLong();
    const thought = thoughtIn(delta);
    if (thought !== "") this.#thoughts().text(thought);
    const text = textIn(delta.content);
    if (text !== "") this.#words().text(text, logprobsOf(logprobs));
    if (typeof delta.refusal === "string" && delta.refusal !== "") this.#words().refuse(delta.refusal);
    if (Array.isArray(delta.tool_calls)) for (const call of delta.tool_calls.filter(isObject)) this.#call(call);
    const annotations = annotationsOf(delta.annotations);
    if (annotations.length > 0) this.#words().annotate(annotations);
    this.#keep(delta);
  }

  /** Comes to an end with the answer: what seals it may be told last. */
  #thoughts(): ReasoningItem {
    this.#reasoning ??= this.#open(new ReasoningItem(this.#place("rs")));
    return this.#reasoning;
  }

  #words(): MessageItem {
    if (this.#message) return this.#message;
    this.#reasoning?.endText();
    this.#message = this.#open(new MessageItem(this.#place("msg")));
    return this.#message;
  }

  /** Servers that send one call at a time need not number them. */
  #call(call: JsonObject): void {
    const key = call.index ?? call.id ?? 0;
    let tool = this.#tools.get(key);
    if (!tool) {
      this.#reasoning?.endText();
      tool = this.#open(new ToolItem(this.#place(isObject(call.custom) ? "ctc" : "fc"), call));
      this.#tools.set(key, tool);
    }
    tool.add(call);
    if (call.extra_content) this.#extras.push({ ...call, id: tool.callId });
  }

  #keep({ thinking_blocks: blocks, extra_content }: JsonObject): void {
    if (Array.isArray(blocks)) {
      const before = this.#sealed.thinking_blocks;
      this.#sealed = { ...this.#sealed, thinking_blocks: Array.isArray(before) ? [...before, ...blocks] : blocks };
    }
    if (isObject(extra_content)) this.#sealed = { ...this.#sealed, extra_content };
  }

  #place(prefix: string) {
    return { events: this.events, response: this.#id, prefix, index: this.#items.length };
  }

  #open<Opened extends Item>(item: Opened): Opened {
    this.#items.push(item);
    return item;
  }
}

/** All of an answer is held until its end; no model says as much as this. */
const MAX_PIECES = 5_000_000;

function tooLong(): GatewayError {
  return new GatewayError("upstream_invalid_response", `The provider's answer is over ${MAX_PIECES} pieces.`);
}
