import type { Recording } from "../recording.ts";
import { absent, bearer, type Intended, is, type Wire } from "../wire.ts";

/** Stands for the model of a recording that names none. */
const UNNAMED = "unnamed";

const intended: readonly Intended[] = [
  {
    path: "stream_options",
    expected: absent,
    actual: is({ include_usage: true }),
    why: "the gateway asks for usage on its own account, and hides it from a client that did not",
  },
  {
    path: "stream_options.include_usage",
    expected: (value) => value === undefined || value === false,
    actual: is(true),
    why: "as above, where the client set other stream options",
  },
  {
    path: "model",
    expected: absent,
    actual: is(UNNAMED),
    why: "the gateway routes by model: where a client may leave it out, what is asked for is named",
  },
];

const like = {
  translated: false,
  credentials: bearer,
  intended,
  model: ({ request }: Recording) => String(request.body.model ?? UNNAMED),
} as const;

export const openai: Wire = {
  ...like,
  kind: "openai",
  tail: (endpoint) => endpoint.path.slice("/v1".length),
  speaks: (recording) => recording.provider === "openai" && speaksOpenAI(recording),
};

export const xai: Wire = {
  ...like,
  kind: "xai",
  tail: (endpoint) => endpoint.path.slice("/v1".length),
  speaks: (recording) => recording.provider === "xai" && speaksOpenAI(recording),
};

export const openaiCompatible: Wire = {
  ...like,
  kind: "openai-compatible",
  tail: (endpoint) => endpoint.path.slice("/v1".length),
  speaks: (recording, { api }) => recording.provider !== "azure" && api !== "responses" && speaksOpenAI(recording),
};

/** A base URL and a key are all these kinds know: no deployments, no `api-version`, no field that a client of OpenAI's lacks. */
function speaksOpenAI({ request, client }: Recording): boolean {
  return client?.derived === "identity" && new URL(request.url).search === "";
}
