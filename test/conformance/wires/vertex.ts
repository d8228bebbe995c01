import type { JsonObject } from "../../../src/protocol/json.ts";
import type { Recording } from "../recording.ts";
import { type Argued, absent, bearer, type Intended, is, type Wire } from "../wire.ts";
import { anthropic } from "./anthropic.ts";
import { meaningOf as geminiMeaning } from "./gemini-meaning.ts";
import { meaningOf as messagesMeaning } from "./messages-meaning.ts";

const intended: readonly Intended[] = [
  ...anthropic.intended,
  {
    path: "tool_choice.disable_parallel_tool_use",
    expected: is(false),
    actual: absent,
    why: "absent means the same",
  },
];

const argued: readonly Argued[] = [
  {
    file: "vertex.vertex-stream-error-mid-stream.json",
    fault: 'finish_reason: expected "stop", got nothing',
    why: "every piece carries STOP, and then the answer breaks off with an error: a client must not take it for finished",
  },
];

/** The project and the location, which stand in every path. */
function settings(accessToken: string, { request }: Recording): JsonObject {
  const [, project, location] = /\/projects\/([^/]+)\/locations\/([^/]+)\//.exec(request.url) ?? [];
  return { accessToken, project, location };
}

export const vertex: Wire = {
  kind: "vertex",
  translated: true,
  tail: (_, { request }) => {
    const { pathname } = new URL(request.url);
    return pathname.slice(pathname.indexOf("/projects/"));
  },
  speaks: ({ provider }) => provider === "vertex" || provider === "vertex-anthropic",
  settings,
  model: ({ request }) => /\/models\/([^:]+)/.exec(new URL(request.url).pathname)![1]!,
  credentials: bearer,
  meaning: (body, lossy) => (body.anthropic_version ? messagesMeaning : geminiMeaning)(body, lossy),
  intended,
  argued,
};
