import type { AnswerForm, FormNote } from "../core/answer-form.ts";
import type { Call } from "../core/call.ts";
import type { OpenAIRequest } from "../core/endpoint.ts";
import { GatewayError } from "../core/error.ts";
import { watch } from "../protocol/flow.ts";
import type { Frame } from "../protocol/frame.ts";
import { isObject, type JsonObject, tryParse } from "../protocol/json.ts";
import type { SchemaChecks } from "./schema-checks.ts";
import type { Send, Sent } from "./send.ts";

/**
 * Holds answers to the form that their request promises. A whole one that does not fit is a failed attempt: the same
 * target, or another, may do better. Of a stream that can be told only at its end, when the client has it: the record
 * says so. Calls that promise nothing go straight on.
 */
export function checkedSend(send: Send, checks: SchemaChecks): Send {
  return (call, target) => {
    const form = call.endpoint.form?.(call.request);
    return form ? checked(send(call, target), { call, form, checks }) : send(call, target);
  };
}

interface Check {
  readonly call: Call<OpenAIRequest>;
  readonly form: AnswerForm;
  readonly checks: SchemaChecks;
}

async function checked(sending: Promise<Sent>, check: Check): Promise<Sent> {
  const sent = await sending;
  if (sent.kind === "stream") return { ...sent, frames: told(sent.frames, sent.dropped, check) };
  const { body } = sent.completion;
  const answer = tryParse(typeof body === "string" ? body : textOf(body));
  const note = await noteOn(isObject(answer) ? answer : {}, sent.dropped, check);
  if (note?.result === "misfits") throw misfit(note);
  return sent;
}

function textOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString();
}

async function noteOn(answer: JsonObject, dropped: readonly string[], check: Check): Promise<FormNote | undefined> {
  const pieces = check.form.pieces(answer, dropped);
  const note = pieces.length > 0 ? await check.checks.check(pieces) : undefined;
  check.call.notes.form = note;
  return note;
}

function misfit({ why }: FormNote): GatewayError {
  const message = `The model's answer does not have the form asked for: ${why}.`;
  return new GatewayError("upstream_invalid_response", message, { targetWorks: true });
}

/** The same frames; the end waits for the check, which follows the last of them. */
function told(frames: AsyncIterable<Frame>, dropped: readonly string[], check: Check): AsyncIterable<Frame> {
  const gathering = check.form.gather();
  const gathered = watch(frames, {
    each(frame) {
      for (const { json } of frame.events) gathering.add(json);
    },
    end() {},
  });
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        const result = await gathered.next();
        if (result.done) await note();
        return result;
      },
      return: () => gathered.return!(),
    }),
  };

  async function note(): Promise<void> {
    const answer = gathering.answer();
    if (answer) await noteOn(answer, dropped, check);
    else check.call.notes.form = { result: "unchecked", why: "the answer is too long" };
  }
}
