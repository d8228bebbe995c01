import type { AnswerForm, Gathering } from "../core/answer-form.ts";
import type { OpenAIRequest } from "../core/endpoint.ts";
import { isObject, type JsonObject, tryParse } from "../protocol/json.ts";
import { answerForm, MAX_GATHERED, objectsIn, placeOf, type Said, schemaForm, strictTools } from "./answer-form.ts";

/** What a request in Anthropic's form promises: text in `output_config.format`, and input that fits the strict tools. */
export function messagesForm({ body }: OpenAIRequest): AnswerForm | undefined {
  const { output_config: config, output_format, tools } = body.value;
  if (config === undefined && output_format === undefined && tools === undefined) return undefined;
  // `output_format` was the beta's name for it.
  const format = (isObject(config) ? config.format : undefined) ?? output_format;
  const content = isObject(format) && format.type === "json_schema" ? schemaForm(format) : undefined;
  const strict = strictTools(tools, ({ name, strict, input_schema: schema }) => ({ name, strict, schema }));
  return answerForm({ content, strict }, { said, gather });
}

function said({ stop_reason, content }: JsonObject): Said[] {
  if (!FINISHED.has(stop_reason)) return [];
  const blocks = objectsIn(content);
  const calls = blocks.flatMap(({ type, name, input }, at) =>
    type === "tool_use" ? [{ path: `content[${at}].input`, name, text: JSON.stringify(input ?? {}) }] : [],
  );
  const text = blocks.map((block) => (block.type === "text" ? block.text : "")).join("");
  return [{ path: "content", text, calls }];
}

const FINISHED: ReadonlySet<unknown> = new Set(["end_turn", "tool_use", "stop_sequence"]);

interface Block {
  readonly type: unknown;
  readonly name: unknown;
  text: string;
  readonly input: unknown;
  argued: string;
}

function gather(): Gathering {
  const blocks: Block[] = [];
  let stop_reason: unknown;
  let length = 0;
  return {
    add(event) {
      if (!isObject(event) || length > MAX_GATHERED) return;
      const at = placeOf(event.index);
      const { content_block: block, delta } = event;
      if (event.type === "content_block_start" && isObject(block)) {
        const { type, name, text, input } = block;
        blocks[at] = { type, name, input, text: typeof text === "string" ? text : "", argued: "" };
      } else if (event.type === "content_block_delta" && isObject(delta) && blocks[at]) {
        length += take(delta, blocks[at]);
      } else if (event.type === "message_delta" && isObject(delta)) stop_reason = delta.stop_reason ?? stop_reason;
    },
    answer() {
      if (length > MAX_GATHERED) return undefined;
      const content = blocks.map(({ argued, input, ...block }) => ({ ...block, input: inputOf(argued, input) }));
      return { stop_reason, content };
    },
  };
}

/** Adds a delta to what was said; tells how many characters it had. */
function take({ text, partial_json: more }: JsonObject, block: Block): number {
  const added = typeof text === "string" ? text : "";
  const argued = typeof more === "string" ? more : "";
  block.text += added;
  block.argued += argued;
  return added.length + argued.length;
}

/** What is no JSON stays text, which fits no tool's schema. */
function inputOf(argued: string, input: unknown): unknown {
  return argued === "" ? input : (tryParse(argued) ?? argued);
}
