/** The client's side of a chat: what an application reads must be what the recording's `expect` says. */
import { isObject, type JsonObject, tryParse } from "../../src/protocol/json.ts";
import { messageIn, shapeFaults } from "./compare-error.ts";
import { brief, describe, differencesBetween, textDifference } from "./difference.ts";
import type { Choice, Reading, ToolCall } from "./reading.ts";
import type { Expectation } from "./recording.ts";

export function compareChat(reading: Reading, expect: Expectation): string[] {
  const first = reading.choices.get(0);
  const faults: string[] = [];
  if (!first && expect.error_in_body === undefined) return ["there is no choice in the answer"];
  if (first) faults.push(...compareChoice(first, expect), ...compareTexts(reading, expect));
  const wantedChoices = expect.choices ?? 1;
  if (reading.choices.size !== wantedChoices && first) {
    faults.push(`choices: expected ${wantedChoices}, got ${reading.choices.size}`);
  }
  return [...faults, ...compareUsage(reading.usage, expect.usage), ...compareEnd(reading, expect)];
}

function compareChoice(choice: Choice, expect: Expectation): string[] {
  const faults: string[] = [];
  const compareText = (name: string, wanted: string | null | undefined, got: string) => {
    if (got !== (wanted ?? "")) faults.push(`${name}: ${textDifference(wanted ?? "", got)}`);
  };
  if (expect.text !== undefined) compareText("text", expect.text, choice.text);
  compareText("reasoning", expect.reasoning_text, choice.reasoning);
  compareText("refusal", expect.refusal, choice.refusal);
  const finish = expect.openai_finish_reason ?? undefined;
  if (choice.finish !== finish) faults.push(`finish_reason: expected ${brief(finish)}, got ${brief(choice.finish)}`);
  return [...faults, ...compareToolCalls(choice.toolCalls, expect.tool_calls ?? [])];
}

/** Of several choices only the texts are known. */
function compareTexts({ choices }: Reading, { text_by_choice = {} }: Expectation): string[] {
  return Object.entries(text_by_choice).flatMap(([index, wanted]) => {
    const got = choices.get(Number(index))?.text ?? "";
    return got === wanted ? [] : [`text of choice ${index}: ${textDifference(wanted, got)}`];
  });
}

type WantedCall = NonNullable<Expectation["tool_calls"]>[number];

function compareToolCalls(calls: readonly ToolCall[], wanted: readonly WantedCall[]): string[] {
  const read = Array.from(calls, (call) => ({ name: call?.name, arguments: argumentsOf(call?.arguments ?? "") }));
  const faults = differencesBetween(wanted, read, "tool_calls").map(describe);
  const ids = new Set(Array.from(calls, (call) => call?.id ?? ""));
  if (ids.has("")) faults.push("tool_calls: a call has no id");
  else if (ids.size < calls.length) faults.push("tool_calls: two calls share one id");
  return faults;
}

/** Parsed; text that a model was cut off inside stays as recordings mark it. */
function argumentsOf(text: string): unknown {
  return tryParse(text) ?? { __invalid_json__: text };
}

/** What was not recorded (null) is not checked; a counter that is left out counts as 0. */
export function compareUsage(usage: JsonObject | undefined, wanted: Expectation["usage"]): string[] {
  if (!wanted) return [];
  if (!usage) return ["usage is missing"];
  const read = countersIn(usage);
  return Object.entries(wanted).flatMap(([name, count]) => {
    // What a provider counts beside tokens stands under its own name.
    if (isObject(count)) return differencesBetween(count, usage[name], `usage.${name}`).map(describe);
    if (count === null || count === (read[name] ?? 0)) return [];
    return [`usage.${name}: expected ${count}, got ${read[name] ?? "none"}`];
  });
}

function countersIn(usage: JsonObject): Record<string, number | undefined> {
  const number = (value: unknown) => (typeof value === "number" ? value : undefined);
  const prompt = isObject(usage.prompt_tokens_details) ? usage.prompt_tokens_details : {};
  const completion = isObject(usage.completion_tokens_details) ? usage.completion_tokens_details : {};
  const cached = number(prompt.cached_tokens) ?? number(usage.prompt_cache_hit_tokens);
  const written = number(prompt.cache_write_tokens);
  return {
    prompt_tokens: number(usage.prompt_tokens),
    completion_tokens: number(usage.completion_tokens),
    total_tokens: number(usage.total_tokens),
    cached_tokens: cached,
    cache_write_tokens: written,
    input_tokens_excluding_cache: (number(usage.prompt_tokens) ?? 0) - (cached ?? 0) - (written ?? 0),
    reasoning_tokens: number(completion.reasoning_tokens) ?? number(usage.reasoning_tokens),
  };
}

/** An error under HTTP 200 has to reach the client, and must not look like a good end. */
function compareEnd(reading: Reading, { error_in_body }: Expectation): string[] {
  if (error_in_body === undefined) {
    return reading.error ? [`an error the provider never sent: ${brief(reading.error)}`] : [];
  }
  if (!reading.error) return ["the provider's error inside the stream did not reach the client"];
  const faults = shapeFaults(reading.error);
  const message = messageIn({ error: error_in_body });
  if (message !== undefined && !String(reading.error.message).includes(message)) {
    faults.push(`error.message: expected the provider's ${brief(message)}, got ${brief(reading.error.message)}`);
  }
  if (reading.doneCount > 0) faults.push("[DONE] after an error");
  return faults;
}
