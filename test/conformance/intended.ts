/**
 * Where a request that reaches the provider may differ from the recorded one, and why. Nothing else may:
 * a difference that is not in this table is a failure. Fields in a recording's `client.lossy` are dropped
 * before the comparison (`messages-meaning.ts`), because no client could have asked for them.
 */
import type { Difference } from "./difference.ts";
import type { Wire } from "./wires.ts";

interface Intended {
  readonly kinds: readonly Wire["kind"][];
  /** As in a Difference, with `[]` for any index; the query's fields stand under `query`. */
  readonly path: string;
  /** Undefined stands for an absent field. */
  readonly expected: (value: unknown) => boolean;
  readonly actual: (value: unknown) => boolean;
  readonly why: string;
}

const absent = (value: unknown) => value === undefined;
const is = (wanted: unknown) => (value: unknown) => JSON.stringify(value) === JSON.stringify(wanted);

const OPENAI: Intended["kinds"] = ["openai", "openai-compatible"];
const ANTHROPIC: Intended["kinds"] = ["anthropic"];

const table: readonly Intended[] = [
  {
    kinds: OPENAI,
    path: "stream_options",
    expected: absent,
    actual: is({ include_usage: true }),
    why: "the gateway asks for usage on its own account, and hides it from a client that did not",
  },
  {
    kinds: OPENAI,
    path: "stream_options.include_usage",
    expected: (value) => value === undefined || value === false,
    actual: is(true),
    why: "as above, where the client set other stream options",
  },
  {
    kinds: ANTHROPIC,
    path: "query.beta",
    expected: is("true"),
    actual: absent,
    why: "an SDK's mark on its beta methods; the features are chosen by headers and fields",
  },
  {
    kinds: ANTHROPIC,
    path: "stream",
    expected: is(false),
    actual: absent,
    why: "absent means the same",
  },
  {
    kinds: ANTHROPIC,
    path: "tools",
    expected: is([]),
    actual: absent,
    why: "absent means the same, and a client has no way to offer no tools",
  },
  {
    kinds: ANTHROPIC,
    path: "tools[].description",
    expected: is(""),
    actual: absent,
    why: "absent means the same",
  },
  {
    kinds: ANTHROPIC,
    path: "tools[].type",
    expected: absent,
    actual: is("custom"),
    why: "`custom` is what absent means",
  },
  {
    kinds: ANTHROPIC,
    path: "tools[].defer_loading",
    expected: is(true),
    actual: absent,
    why: "belongs to Anthropic's tool search, a server tool that OpenAI's API cannot ask for",
  },
  {
    kinds: ANTHROPIC,
    path: "messages[].content[].caller",
    expected: is({ type: "direct" }),
    actual: absent,
    why: "part of the provider's earlier answer; a client of OpenAI's API has no field to send it back in",
  },
  {
    kinds: ANTHROPIC,
    path: "messages[].content[].title",
    expected: absent,
    actual: (value) => typeof value === "string",
    why: "OpenAI's files have names, which the gateway may pass on",
  },
  {
    kinds: ANTHROPIC,
    path: "tool_choice.disable_parallel_tool_use",
    expected: absent,
    actual: is(false),
    why: "absent means the same",
  },
];

export function isIntended(difference: Difference, kind: Wire["kind"]): boolean {
  const path = difference.path.replaceAll(/\[\d+\]/g, "[]");
  return table.some(
    (row) =>
      row.kinds.includes(kind) &&
      row.path === path &&
      row.expected(difference.expected) &&
      row.actual(difference.actual),
  );
}
