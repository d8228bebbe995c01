import { randomUUID } from "node:crypto";
import type { StreamContext } from "../../core/provider.ts";
import { Frame } from "../../protocol/frame.ts";
import { isObject, type JsonObject } from "../../protocol/json.ts";
import { textOf } from "./answer.ts";
import { Blocks } from "./blocks.ts";
import { citationsOf } from "./citations.ts";
import { event } from "./events.ts";
import { foreignSignature, reasoningIn } from "./thoughts.ts";
import { endOf, tierOf, writeMessagesUsage } from "./usage.ts";

/**
 * A chat's chunks as Anthropic's events. Nothing is told before there is something to say: until then another target can
 * be asked. What comes after the end is not read.
 */
export async function* messageEvents(
  frames: AsyncIterable<Frame>,
  context: StreamContext,
): AsyncGenerator<Frame, void> {
  const message = new StreamedMessage(context);
  for await (const frame of frames) {
    let text = "";
    for (const { json, data } of frame.events) {
      if (data === "[DONE]") text += message.end();
      else if (isObject(json)) text += message.read(json);
    }
    if (text !== "") yield Frame.ofBytes(Buffer.from(text));
  }
  const rest = message.end();
  if (rest !== "") yield Frame.ofBytes(Buffer.from(rest));
}

/** Turns what is read into the text of events. */
class StreamedMessage {
  readonly #context: StreamContext;
  readonly #blocks: Blocks;
  #begun = false;
  #ended = false;
  #head: JsonObject = {};
  #choice: JsonObject = {};
  #refusal = "";

  constructor(context: StreamContext) {
    this.#context = context;
    this.#blocks = new Blocks(foreignSignature(context.target));
  }

  read(chunk: JsonObject): string {
    const { choices, id, model, service_tier } = chunk;
    this.#head = {
      id: this.#head.id ?? id,
      model: this.#head.model ?? model,
      service_tier: service_tier ?? this.#head.service_tier,
    };
    const choice = Array.isArray(choices) ? choices.find((one) => isObject(one) && (one.index ?? 0) === 0) : undefined;
    if (!isObject(choice)) return "";
    if (choice.finish_reason) this.#choice = choice;
    return isObject(choice.delta) ? this.#begin(this.#said(choice.delta)) : "";
  }

  /** Once, however often the end is told. */
  end(): string {
    if (this.#ended) return "";
    this.#ended = true;
    const { request, facts } = this.#context;
    const blocks = this.#blocks.end();
    const delta = endOf({
      choice: this.#choice,
      hasToolCalls: this.#blocks.toolCalls > 0,
      refusal: this.#refusal,
      sequences: request.body.value.stop_sequences,
    });
    const usage = writeMessagesUsage(facts.usage);
    const rest = blocks + event({ type: "message_delta", delta, usage }) + event({ type: "message_stop" });
    return this.#begun ? rest : this.#start() + rest;
  }

  #said(delta: JsonObject): string {
    const thought = reasoningIn(delta);
    const refusal = textOf(delta.refusal);
    const text = textOf(delta.content) + refusal;
    this.#refusal += refusal;
    let events = thought === "" ? "" : this.#blocks.thought(thought);
    if (text !== "") events += this.#blocks.text(text);
    if (Array.isArray(delta.tool_calls)) {
      for (const call of delta.tool_calls) if (isObject(call)) events += this.#blocks.toolCall(call);
    }
    if (Array.isArray(delta.thinking_blocks)) events += this.#blocks.signed(delta.thinking_blocks.filter(isObject));
    const { citations } = citationsOf(delta);
    return Array.isArray(citations) ? events + this.#blocks.cited(citations) : events;
  }

  #begin(events: string): string {
    if (events === "" || this.#begun) return events;
    return this.#start() + events;
  }

  #start(): string {
    this.#begun = true;
    const { target, facts } = this.#context;
    const message = {
      id: this.#head.id || `msg_${randomUUID()}`,
      type: "message",
      role: "assistant",
      model: this.#head.model || target.model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      stop_details: null,
      // Most providers count at the end: `message_delta` has the numbers that hold.
      usage: { ...writeMessagesUsage(facts.usage), ...tierOf(this.#head) },
    };
    return event({ type: "message_start", message });
  }
}
