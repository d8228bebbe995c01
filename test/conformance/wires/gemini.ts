import type { Argued, Wire } from "../wire.ts";
import { meaningOf } from "./gemini-meaning.ts";

/** Recordings that a correct answer differs from, and why. */
const argued: readonly Argued[] = [
  {
    file: "gemini.gemini-error-4xx.json",
    fault: "status: expected 400, got 502",
    why: "Google answers a wrong key with 400; it is the operator's key, nothing a client could mend",
  },
  {
    file: "gemini.gemini-grounding.json",
    fault: "usage.prompt_tokens: expected 32, got 2427",
    why: "what Google's tools read (2395 tokens) is input, is paid for as such, and is in the total that the recording expects",
  },
];

export const gemini: Wire = {
  kind: "gemini",
  translated: true,
  tail: (_, { request }) => {
    const { pathname } = new URL(request.url);
    return pathname.slice(pathname.indexOf("/models/"));
  },
  speaks: ({ provider }) => provider === "gemini",
  model: ({ request }) => /\/models\/([^:]+)/.exec(new URL(request.url).pathname)![1]!,
  credentials: (headers, key) =>
    headers["x-goog-api-key"] === key ? [] : ["the provider did not get its key in `x-goog-api-key`"],
  meaning: meaningOf,
  intended: [],
  argued,
};
