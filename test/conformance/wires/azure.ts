import type { Recording } from "../recording.ts";
import { absent, type Endpoint, type Intended, is, type Wire } from "../wire.ts";
import { openai } from "./openai.ts";

const intended: readonly Intended[] = [
  ...openai.intended,
  {
    path: "model",
    expected: (value) => value === undefined || value === "embedding",
    actual: (value) => typeof value === "string",
    why: "the path's deployment decides and Azure does not read the body's; the gateway names the deployment there too",
  },
  {
    path: "query.api-version",
    expected: absent,
    actual: is("2024-10-21"),
    why: "the recorder cut the query off; Azure demands a version there",
  },
];

export const azure: Wire = {
  kind: "azure",
  translated: false,
  tail(endpoint, { request }) {
    const { pathname } = new URL(request.url);
    const deployment = deploymentIn(pathname);
    if (deployment !== undefined) return `/openai/deployments/${deployment}${tailOf(endpoint)}`;
    return pathname.startsWith("/openai/v1") ? `/openai/v1${tailOf(endpoint)}` : tailOf(endpoint);
  },
  speaks: (recording) => recording.provider === "azure" && recording.client?.derived === "identity",
  settings: (key, { request }) => ({
    apiKey: key,
    ...versionOf(request.url),
    deployments: deploymentsOf(request),
    // One answer is a fixture with usage under a request that asks for none: it is not ours to hide there.
    streamUsage: request.body.stream_options !== undefined,
  }),
  model: ({ request }) => String(request.body.model ?? deploymentIn(new URL(request.url).pathname)),
  credentials: (headers, key) => (headers["api-key"] === key ? [] : ["the provider did not get its key in `api-key`"]),
  intended,
};

const tailOf = ({ path }: Endpoint): string => path.slice("/v1".length);

function deploymentIn(pathname: string): string | undefined {
  return /\/openai\/deployments\/([^/]+)\//.exec(pathname)?.[1];
}

function versionOf(url: string): { apiVersion?: string } {
  const { pathname, searchParams } = new URL(url);
  if (pathname.startsWith("/openai/v1/")) return { apiVersion: "v1" };
  const apiVersion = searchParams.get("api-version");
  return apiVersion === null ? {} : { apiVersion };
}

/** The recorded body may name a model that is not what the deployment is called. */
function deploymentsOf({ url, body }: Recording["request"]): Record<string, string> {
  const deployment = deploymentIn(new URL(url).pathname);
  return typeof body.model === "string" && deployment !== undefined ? { [body.model]: deployment } : {};
}
