import { absent, type Intended, is, type Wire } from "../wire.ts";
import { meaningOf } from "./messages-meaning.ts";

const intended: readonly Intended[] = [
  {
    path: "query.beta",
    expected: is("true"),
    actual: absent,
    why: "an SDK's mark on its beta methods; the features are chosen by headers and fields",
  },
  {
    path: "stream",
    expected: is(false),
    actual: absent,
    why: "absent means the same",
  },
  {
    path: "tools",
    expected: is([]),
    actual: absent,
    why: "absent means the same, and a client has no way to offer no tools",
  },
  {
    path: "tools[].description",
    expected: is(""),
    actual: absent,
    why: "absent means the same",
  },
  {
    path: "tools[].type",
    expected: absent,
    actual: is("custom"),
    why: "`custom` is what absent means",
  },
  {
    path: "tools[].defer_loading",
    expected: is(true),
    actual: absent,
    why: "belongs to Anthropic's tool search, a server tool that OpenAI's API cannot ask for",
  },
  {
    path: "messages[].content[].caller",
    expected: is({ type: "direct" }),
    actual: absent,
    why: "part of the provider's earlier answer; a client of OpenAI's API has no field to send it back in",
  },
  {
    path: "messages[].content[].title",
    expected: absent,
    actual: (value) => typeof value === "string",
    why: "OpenAI's files have names, which the gateway may pass on",
  },
  {
    path: "tool_choice.disable_parallel_tool_use",
    expected: absent,
    actual: is(false),
    why: "absent means the same",
  },
];

export const anthropic: Wire = {
  kind: "anthropic",
  translated: true,
  tail: () => "/v1/messages",
  speaks: (recording, endpoint) =>
    recording.meta.endpoint === "anthropic.messages" && endpoint.api === "chat.completions",
  credentials: (headers, key) => [
    ...(headers["x-api-key"] === key ? [] : ["the provider did not get its key in `x-api-key`"]),
    ...(headers["anthropic-version"] === "2023-06-01" ? [] : ["the provider got no `anthropic-version` of 2023-06-01"]),
  ],
  meaning: meaningOf,
  intended,
};
