import { absent, bearer, type Intended, is, type Wire } from "../wire.ts";

const intended: readonly Intended[] = [
  {
    path: "safe_prompt",
    expected: is(false),
    actual: absent,
    why: "no client of OpenAI's could have sent it; absent means the same",
  },
];

export const mistral: Wire = {
  kind: "mistral",
  // Most of it passes as it came, but thoughts, calls and usage are told in OpenAI's way.
  translated: true,
  tail: ({ path }) => path.slice("/v1".length),
  speaks: ({ provider, meta }) => provider === "mistral" && meta.endpoint.startsWith("openai."),
  credentials: bearer,
  intended,
};
