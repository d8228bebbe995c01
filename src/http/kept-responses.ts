/** What a tenant kept of `/v1/responses`: to be read again, and to be forgotten. */
import type { HttpBindings } from "@hono/node-server";
import type { Hono } from "hono";
import type { Conversations, KeptTurns, Turn } from "../core/conversations.ts";
import { GatewayError } from "../core/error.ts";
import { type JsonObject, tryParse } from "../protocol/json.ts";
import { inputItems, itemResource } from "../protocol/responses.ts";
import { type Authenticate, authenticated } from "./authenticate.ts";

export interface KeptResponsesOptions {
  readonly authenticate: Authenticate;
  readonly conversations: Pick<Conversations & KeptTurns, "turn" | "remove">;
}

type App = Hono<{ Bindings: HttpBindings }>;

export function serveKeptResponses(app: App, { authenticate, conversations }: KeptResponsesOptions): void {
  const kept = async (tenant: string, id: string): Promise<Turn> => {
    const turn = isId(id) ? await conversations.turn(tenant, id) : undefined;
    if (!turn) throw notFound(id);
    return turn;
  };
  app.get("/v1/responses/:id", async ({ env, req }) => {
    const { caller } = authenticated(env.incoming.headers, authenticate);
    if (req.query("stream") === "true") {
      throw new GatewayError("unsupported", "A kept response is not streamed again.", { param: "stream" });
    }
    const { response } = await kept(caller.tenant, req.param("id"));
    return new Response(response, { headers: { "content-type": "application/json" } });
  });
  app.get("/v1/responses/:id/input_items", async ({ env, req }) => {
    const { caller } = authenticated(env.incoming.headers, authenticate);
    const turn = await kept(caller.tenant, req.param("id"));
    return Response.json(page(itemsOf(turn), req.query()));
  });
  app.delete("/v1/responses/:id", async ({ env, req }) => {
    const { caller } = authenticated(env.incoming.headers, authenticate);
    const id = req.param("id");
    if (!isId(id) || !(await conversations.remove(caller.tenant, id))) throw notFound(id);
    return Response.json({ id, object: "response", deleted: true });
  });
}

/** What a database can look for. */
function isId(id: string): boolean {
  return /^[\x21-\x7e]{1,200}$/.test(id);
}

function notFound(id: string): GatewayError {
  return new GatewayError("not_found", `Response with id '${id.slice(0, 200)}' not found.`);
}

function itemsOf({ id, input }: Turn): JsonObject[] {
  return inputItems(tryParse(input)).map((item, at) => itemResource(item, { response: id, index: at }));
}

const MAX_LIMIT = 100;

/** The newest first unless asked otherwise, from the item after `after` on. */
function page(items: readonly JsonObject[], query: Record<string, string>): JsonObject {
  const limit = Number(query.limit ?? 20);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw new GatewayError("invalid_request", `'limit' must be from 1 to ${MAX_LIMIT}.`, { param: "limit" });
  }
  const ordered = query.order === "asc" ? items : items.toReversed();
  const from = query.after === undefined ? 0 : ordered.findIndex(({ id }) => id === query.after) + 1;
  const data = ordered.slice(from, from + limit);
  return {
    object: "list",
    data,
    first_id: data[0]?.id ?? "",
    last_id: data.at(-1)?.id ?? "",
    has_more: from + limit < ordered.length,
  };
}
