/** Endpoints about what providers keep for a tenant: a row of facts each. */
import type { Arrival } from "../core/arrival.ts";
import type { Endpoint, EndpointName } from "../core/endpoint.ts";
import type { Mention, ObjectKind, ObjectRequest, ObjectUse } from "../core/objects.ts";
import { JsonBody } from "../protocol/json.ts";
import { refuse } from "./openai-request.ts";

export interface ObjectRoute {
  readonly name: EndpointName;
  readonly path: string;
  readonly method?: "GET" | "DELETE";
  readonly use: ObjectUse;
  /** What is sent; nothing when absent. */
  readonly takes?: "json" | "upload";
  /** Fields of the JSON that name other objects. */
  readonly fields?: Readonly<Record<string, ObjectKind>>;
  /** The answer is content, handed on while it comes. */
  readonly streams?: boolean;
}

export function objectEndpoint(route: ObjectRoute): Endpoint<ObjectRequest> {
  const { name, path, method, use, streams = false } = route;
  return {
    name,
    path,
    ...(method ? { method } : {}),
    objects: use,
    modelOf: () => undefined,
    streams: () => streams,
    read: (body) => requestOf(route, body, NOTHING_BESIDE),
    async receive(arrival) {
      const body = route.takes === "json" ? await arrival.json() : EMPTY;
      const request = requestOf(route, body, arrival);
      return route.takes === "upload" ? { ...request, upload: arrival.upload() } : request;
    },
  };
}

const EMPTY = JsonBody.of({});

type Beside = Pick<Arrival, "params" | "query" | "header">;
const NOTHING_BESIDE: Beside = { params: {}, query: "", header: () => undefined };

function requestOf(
  { path, method, use, fields = {}, streams = false }: ObjectRoute,
  body: JsonBody,
  beside: Beside,
): ObjectRequest {
  const { params, query } = beside;
  const filled = path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ""));
  return {
    body,
    model: "",
    stream: streams,
    method: method ?? "POST",
    path: filled.slice("/v1".length) + query,
    provider: beside.header("x-gatehouse-provider"),
    mentions: [...inPath(use, params), ...inQuery(use, query), ...inFields(fields, body)],
  };
}

function inPath({ kind }: ObjectUse, { id }: Beside["params"]): Mention[] {
  return id === undefined ? [] : [{ id, kind, param: "id" }];
}

/** A list goes on after an object; what stands below an object (events of a job) has cursors of its own. */
function inQuery({ kind, does }: ObjectUse, query: string): Mention[] {
  const after = does === "list" ? new URLSearchParams(query).get("after") : null;
  return after ? [{ id: after, kind, param: "after" }] : [];
}

function inFields(fields: Readonly<Record<string, ObjectKind>>, body: JsonBody): Mention[] {
  return Object.entries(fields).flatMap(([param, kind]) => {
    const id = body.value[param];
    if (id === undefined || id === null) return [];
    if (typeof id !== "string") throw refuse(param, "must be a string");
    return [{ id, kind, param }];
  });
}
