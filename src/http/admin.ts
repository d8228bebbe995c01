/** The control plane: keys, configuration and metrics. Every path asks for the admin token; nothing on it is open. */
import { createHash, timingSafeEqual } from "node:crypto";
import { Hono } from "hono";
import { z } from "zod";
import { asGatewayError, GatewayError } from "../core/error.ts";
import { isObject, tryParse } from "../protocol/json.ts";
import { errorResponse } from "./app.ts";

/** A key as the control plane shows it: never the secret, never its hash. Times are ISO 8601. */
export interface KeyView {
  readonly id: string;
  readonly name: string;
  readonly tenant: string;
  readonly team: string;
  readonly tags: readonly string[];
  readonly models: readonly string[] | null;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
}

export interface AdminKeys {
  list(): Promise<readonly KeyView[]>;
  /** `key` is the secret in full; it cannot be shown again. */
  create(input: NewKeyInput): Promise<KeyView & { readonly key: string }>;
  /** False when there is no such key. */
  revoke(id: string): Promise<boolean>;
}

export interface GatewayStatus {
  readonly version: string;
  /** Processes that serve calls. */
  readonly processes: number;
  readonly database: "embedded" | "postgres";
  /** Which configuration runs, counted from 1 at start. */
  readonly generation: number;
  readonly providers: readonly string[];
  readonly models: readonly string[];
  /** What stands against the newest version of the configuration file; null when it runs. */
  readonly configProblem: string | null;
}

export interface AdminOptions {
  readonly adminToken: string;
  /** Opens `/metrics` and nothing else, for Prometheus. */
  readonly metricsToken: string | undefined;
  readonly keys: AdminKeys;
  /** Every process's metrics as one text, and its content type. */
  readonly metrics: () => Promise<{ readonly text: string; readonly contentType: string }>;
  readonly status: () => Promise<GatewayStatus>;
  /** Reads the configuration again; throws with every mistake when it is refused. */
  readonly reload: () => Promise<{ readonly generation: number }>;
}

const name = z.string().trim().min(1).max(100);

const newKey = z.strictObject({
  name,
  tenant: name.default("default"),
  team: name.default("default"),
  tags: z.array(name).max(50).default([]),
  models: z.array(z.string().min(1).max(256)).max(1000).nullable().default(null),
  expiresAt: z.iso.datetime({ offset: true }).nullable().default(null),
});

export type NewKeyInput = z.output<typeof newKey>;

export function createAdmin(options: AdminOptions): Hono {
  const app = new Hono();
  const admin = digest(options.adminToken);
  const metrics = options.metricsToken === undefined ? admin : digest(options.metricsToken);
  app.use(async ({ req }, next) => {
    const sent = digest(req.header("authorization")?.replace(/^bearer /i, "") ?? "");
    const scraper = req.path === "/metrics" && timingSafeEqual(sent, metrics);
    if (!timingSafeEqual(sent, admin) && !scraper) {
      throw new GatewayError("invalid_api_key", "The control plane asks for 'Authorization: Bearer <admin token>'.");
    }
    await next();
  });
  app.get("/metrics", async () => {
    const { text, contentType } = await options.metrics();
    return new Response(text, { headers: { "content-type": contentType } });
  });
  app.get("/admin/v1/status", async () => Response.json(await options.status()));
  app.post("/admin/v1/config/reload", async () => {
    try {
      return Response.json(await options.reload());
    } catch (error) {
      // Whoever holds the admin token may read what is wrong with the file.
      throw new GatewayError("invalid_request", error instanceof Error ? error.message : String(error));
    }
  });
  app.get("/admin/v1/keys", async () => Response.json({ data: await options.keys.list() }));
  app.post("/admin/v1/keys", async ({ req }) => {
    const input = readNewKey(await limitedText(req.raw));
    return Response.json(await options.keys.create(input), { status: 201 });
  });
  app.delete("/admin/v1/keys/:id", async ({ req }) => {
    const id = req.param("id");
    if (await options.keys.revoke(id)) return Response.json({ id, revoked: true });
    throw new GatewayError("not_found", `There is no key '${id.slice(0, 64)}'.`);
  });
  app.notFound(({ req }) =>
    errorResponse(new GatewayError("not_found", `There is no ${req.method} ${req.path} here.`)),
  );
  app.onError((thrown) => errorResponse(asGatewayError(thrown)));
  return app;
}

/** Both sides hashed, so that the comparison takes as long for a short guess as for a long one. */
function digest(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

const MAX_ADMIN_BODY_BYTES = 64 * 1024;

async function limitedText(request: Request): Promise<string> {
  if (Number(request.headers.get("content-length") ?? 0) > MAX_ADMIN_BODY_BYTES) throw tooLarge();
  const text = await request.text();
  if (text.length > MAX_ADMIN_BODY_BYTES) throw tooLarge();
  return text;
}

function tooLarge(): GatewayError {
  return new GatewayError("request_too_large", `A control-plane request may hold ${MAX_ADMIN_BODY_BYTES} bytes.`);
}

function readNewKey(text: string): NewKeyInput {
  const json = tryParse(text);
  if (!isObject(json)) throw new GatewayError("invalid_json", 'Send a JSON object, for example {"name": "my app"}.');
  const result = newKey.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const param = issue.code === "unrecognized_keys" ? issue.keys[0]! : issue.path.join(".");
  const message = issue.code === "unrecognized_keys" ? "is not a known field" : issue.message;
  throw new GatewayError("invalid_request", `'${param}': ${message}`, { param });
}
