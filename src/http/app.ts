/** The data plane: OpenAI's paths. Every route under /v1 asks for a key; only the health checks are open. */
import type { HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { Hono } from "hono";
import type { Endpoint, ErrorForm } from "../core/endpoint.ts";
import { asGatewayError, GatewayError } from "../core/error.ts";
import { type Authenticate, type Authenticated, authenticated } from "./authenticate.ts";
import type { Calls } from "./calls.ts";
import { type KeptResponsesOptions, serveKeptResponses } from "./kept-responses.ts";
import { modelInfo, modelList } from "./models.ts";

export interface AppOptions {
  readonly endpoints: readonly Endpoint[];
  readonly calls: Calls;
  readonly authenticate: Authenticate;
  /** Names for `/v1/models`, as this key may see them. */
  readonly modelNames: (key: Authenticated) => readonly string[];
  readonly hasModel: (name: string, key: Authenticated) => boolean;
  readonly conversations: KeptResponsesOptions["conversations"];
  /** Undefined when this process can take calls, else why not. */
  readonly notReady: () => string | undefined;
  readonly refused: (error: GatewayError, path: string) => void;
}

type App = Hono<{ Bindings: HttpBindings }>;

export function createApp(options: AppOptions): App {
  const app: App = new Hono();
  for (const endpoint of options.endpoints) {
    app.on(endpoint.method ?? "POST", endpoint.path, async ({ env }) => {
      await options.calls.serve(endpoint, env.incoming, env.outgoing);
      return RESPONSE_ALREADY_SENT;
    });
  }
  app.get("/v1/models", ({ env }) => {
    const key = authenticated(env.incoming.headers, options.authenticate);
    return Response.json(modelList(options.modelNames(key), env.incoming.headers));
  });
  // A model's name may hold slashes, so everything after the prefix is the name.
  app.get("/v1/models/*", ({ env, req }) => {
    const key = authenticated(env.incoming.headers, options.authenticate);
    const name = decodeName(req.path.slice("/v1/models/".length));
    if (options.hasModel(name, key)) return Response.json(modelInfo(name, env.incoming.headers));
    throw new GatewayError("model_not_found", `The model '${name}' does not exist here.`, { param: "model" });
  });
  serveKeptResponses(app, options);
  app.get("/healthz", () => new Response("ok\n"));
  app.get("/readyz", () => {
    const reason = options.notReady();
    return new Response(reason === undefined ? "ready\n" : `${reason}\n`, { status: reason === undefined ? 200 : 503 });
  });
  app.notFound(({ req, env }) => {
    // Whether a path exists is nobody's business without a key.
    if (req.path.startsWith("/v1/")) authenticated(env.incoming.headers, options.authenticate);
    return errorResponse(unknownRoute(req.method, req.path, options.endpoints), formFor(req.path, options.endpoints));
  });
  app.onError((thrown, { req }) => {
    const error = asGatewayError(thrown);
    options.refused(error, req.path);
    return errorResponse(error, formFor(req.path, options.endpoints));
  });
  return app;
}

/** In OpenAI's shape unless another is given. */
export function errorResponse(error: GatewayError, form?: ErrorForm): Response {
  if (!form) return Response.json(error.toBody(), { status: error.status });
  return Response.json(form.body(error), { status: form.status?.(error) ?? error.status });
}

/** Below an endpoint's path, too, its clients read its errors. */
function formFor(path: string, endpoints: readonly Endpoint[]): ErrorForm | undefined {
  return endpoints.find((endpoint) => path === endpoint.path || path.startsWith(`${endpoint.path}/`))?.errors;
}

function decodeName(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new GatewayError("invalid_request", "The model's name in the path is not correctly encoded.");
  }
}

function unknownRoute(method: string, path: string, endpoints: readonly Endpoint[]): GatewayError {
  const known = endpoints.some((endpoint) => leadsTo(endpoint.path, path)) || path === "/v1/models";
  if (known) return new GatewayError("method_not_allowed", `${method} is not allowed on ${path}.`);
  return new GatewayError("not_found", `There is no ${method} ${path.slice(0, 200)} here.`);
}

/** Whether a path is one that a pattern with `:name` parts stands for. */
function leadsTo(pattern: string, path: string): boolean {
  const parts = path.split("/");
  const wanted = pattern.split("/");
  return parts.length === wanted.length && wanted.every((part, at) => part.startsWith(":") || part === parts[at]);
}
