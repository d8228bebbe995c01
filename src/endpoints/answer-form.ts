import type { AnswerForm, Gathering, Piece } from "../core/answer-form.ts";
import { isObject, type JsonObject } from "../protocol/json.ts";

/** What a request asks of its answer's form, whatever the endpoint calls it. */
export interface Wanted {
  /** The content is JSON; without a schema any object will do. */
  readonly content: { readonly schema: JsonObject | undefined } | undefined;
  /** Schemas of the arguments of tools declared strict, by the tool's name. */
  readonly strict: ReadonlyMap<unknown, JsonObject>;
}

/** One answer that came to its end: neither cut off nor filtered nor refused. */
export interface Said {
  /** Where the content stands. */
  readonly path: string;
  readonly text: string;
  readonly calls: readonly Called[];
}

export interface Called {
  /** Where the arguments stand. */
  readonly path: string;
  readonly name: unknown;
  readonly text: string;
}

/** How an endpoint's answers are read. */
export interface FormReader {
  said(answer: JsonObject): readonly Said[];
  gather(): Gathering;
}

export function answerForm({ content, strict }: Wanted, { said, gather }: FormReader): AnswerForm | undefined {
  if (!content && strict.size === 0) return undefined;
  return {
    pieces(answer, dropped) {
      const wanted: Wanted = {
        content: CONTENT_NAMES.some((name) => dropped.includes(name)) ? undefined : content,
        strict: STRICT_NAMES.some((name) => dropped.includes(name)) ? NO_TOOLS : strict,
      };
      return said(answer).flatMap((one) => piecesOf(one, wanted));
    },
    gather,
  };
}

/** As the endpoints' and the wires' translations name what a target does not honour. */
const CONTENT_NAMES = ["response_format", "text.format", "output_format", "output_config.format"];
const STRICT_NAMES = ["tools.function.strict", "tools.strict"];

/** Beside a tool call the content is talk, or nothing. */
function piecesOf({ path, text, calls }: Said, { content, strict }: Wanted): Piece[] {
  if (calls.length === 0) return content ? [{ path, text, schema: content.schema }] : [];
  return calls.flatMap((call) => {
    const schema = strict.get(call.name);
    return schema ? [{ path: call.path, text: call.text, schema }] : [];
  });
}

/** A schema with `strict: false` is a wish, and nothing is held to it. */
export function schemaForm({ schema, strict }: JsonObject): Wanted["content"] {
  return isObject(schema) && strict !== false ? { schema } : undefined;
}

export const NO_TOOLS: Wanted["strict"] = new Map();

/** `read` finds name, schema and strictness where the endpoint has them. */
export function strictTools(
  tools: unknown,
  read: (tool: JsonObject) => { name: unknown; strict: unknown; schema: unknown },
): Wanted["strict"] {
  if (!Array.isArray(tools)) return NO_TOOLS;
  return new Map(
    tools.filter(isObject).flatMap((tool) => {
      const { name, strict, schema } = read(tool);
      return strict === true && isObject(schema) ? [[name, schema] as const] : [];
    }),
  );
}

/** Beyond this many characters a streamed answer is let go unchecked. */
export const MAX_GATHERED = 4 * 1024 * 1024;

/** Where a piece of a stream belongs; nonsense is put first, where it does least harm. */
export function placeOf(index: unknown): number {
  return typeof index === "number" && Number.isInteger(index) && index >= 0 && index < MAX_PLACES ? index : 0;
}

const MAX_PLACES = 1024;

export function objectsIn(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
