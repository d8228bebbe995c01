import { isObject, type JsonObject } from "../../../src/protocol/json.ts";
import { absent, bearer, type Intended, is, type Wire } from "../wire.ts";

const intended: readonly Intended[] = [
  {
    path: "format",
    expected: is(""),
    actual: absent,
    why: "absent means the same, and OpenAI's API has no empty format",
  },
  {
    path: "keep_alive",
    expected: is(null),
    actual: absent,
    why: "absent means the same",
  },
  {
    path: "tools",
    expected: is([]),
    actual: absent,
    why: "absent means the same, and a client has no way to offer no tools",
  },
];

export const ollama: Wire = {
  kind: "ollama",
  translated: true,
  tail: ({ api }) => (api === "embeddings" ? "/api/embed" : "/api/chat"),
  speaks: ({ meta }) => meta.endpoint === "ollama.chat" || meta.endpoint === "ollama.embed",
  credentials: bearer,
  meaning: withoutEmptyOptions,
  intended,
};

/** No options are the same as an empty object of them. */
function withoutEmptyOptions({ options, ...rest }: JsonObject): JsonObject {
  const isEmpty = isObject(options) && Object.keys(options).length === 0;
  return isEmpty || options === undefined ? rest : { ...rest, options };
}
