import { isObject, type JsonObject } from "../../../src/protocol/json.ts";
import type { Recording } from "../recording.ts";
import { absent, type Intended, is, type Wire } from "../wire.ts";
import { meaningOf as messagesMeaning } from "./messages-meaning.ts";

const intended: readonly Intended[] = [
  {
    path: "system",
    expected: is([]),
    actual: absent,
    why: "absent means the same",
  },
  {
    path: "inferenceConfig",
    expected: is({}),
    actual: absent,
    why: "absent means the same",
  },
  {
    path: "tools[].input_schema.additionalProperties",
    expected: absent,
    actual: is(false),
    why: "Anthropic's strict mode",
  },
];

const ACCESS_KEY = "AKIDCONFORMANCE";

export const bedrock: Wire = {
  kind: "bedrock",
  translated: true,
  tail: (_, recording) => pathOf(recording),
  speaks: (recording, endpoint) =>
    recording.provider === "bedrock" && (endpoint.api === "chat.completions" || endpoint.api === "embeddings"),
  settings: (key, recording) => ({
    region: "us-east-1",
    accessKeyId: ACCESS_KEY,
    secretAccessKey: key,
    api: /^bedrock\.invoke/.test(recording.meta.endpoint) ? "invoke" : "converse",
  }),
  model: (recording) => decodeURIComponent(pathOf(recording).split("/")[2]!),
  credentials: (headers, key) => [
    ...(SIGNATURE.test(String(headers.authorization)) ? [] : ["the provider got no signature in `authorization`"]),
    ...(/^\d{8}T\d{6}Z$/.test(String(headers["x-amz-date"])) ? [] : ["the provider got no `x-amz-date`"]),
    ...(JSON.stringify(headers).includes(key) ? ["the secret key left the gateway"] : []),
  ],
  meaning: (body, lossy) => (body.anthropic_version ? messagesMeaning(body, lossy) : meaningOf(body, lossy)),
  intended,
};

const SIGNATURE = new RegExp(
  `^AWS4-HMAC-SHA256 Credential=${ACCESS_KEY}/\\d{8}/us-east-1/bedrock/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=[0-9a-f]{64}$`,
);

function pathOf({ request }: Recording): string {
  return new URL(request.url).pathname;
}

/** A request to Converse without what `lossy` names, in the recordings' own names for it. */
export function meaningOf(body: JsonObject, lossy: readonly string[]): JsonObject {
  const losesPoints = lossy.some((name) => name.endsWith("cachePoint"));
  const clean = (value: unknown): unknown => {
    if (Array.isArray(value)) {
      return value.filter((item) => !(losesPoints && isObject(item) && item.cachePoint)).map(clean);
    }
    if (!isObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, clean(child)]));
  };
  const kept = Object.entries(body).filter(([key]) => !lossy.includes(key));
  return clean(Object.fromEntries(kept)) as JsonObject;
}
