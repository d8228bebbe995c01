import type { Command } from "commander";
import { readEnvironment } from "../config/environment.ts";
import type { KeyView } from "../http/admin.ts";
import { AdminClient } from "./admin-client.ts";
import { table } from "./table.ts";

/** `gatehouse keys create | list | revoke`, through the control plane of a running gateway. */
export function addKeysCommand(program: Command): void {
  const keys = program.command("keys").description("create, list and revoke API keys of a running gateway");

  keys
    .command("create <name>")
    .description("make a key and show it, once")
    .option("--tenant <name>", "whose key it is", "default")
    .option("--team <name>", "the team within the tenant", "default")
    .option("--tag <tag...>", "tags for reports and limits")
    .option("--model <name...>", "models it may ask for (default: all)")
    .option("--expires <time>", "ISO 8601 time after which it is refused")
    .option("--json", "print the answer as JSON")
    .action(async (name: string, options: CreateOptions) => {
      const { tenant, team, tag, model, expires } = options;
      const created = await call<KeyView & { key: string }>("POST", "/admin/v1/keys", {
        name,
        tenant,
        team,
        ...(tag ? { tags: tag } : {}),
        ...(model ? { models: model } : {}),
        ...(expires ? { expiresAt: expires } : {}),
      });
      if (options.json) return print(`${JSON.stringify(created)}\n`);
      print(`${created.key}\n`);
      process.stderr.write("Shown once: keep it now.\n");
    });

  keys
    .command("list")
    .description("show all keys, without their secrets")
    .option("--json", "print the answer as JSON")
    .action(async (options: { json?: boolean }) => {
      const { data } = await call<{ data: KeyView[] }>("GET", "/admin/v1/keys");
      print(options.json ? `${JSON.stringify(data)}\n` : table(data.map(row), "There are no keys yet."));
    });

  keys
    .command("revoke <id>")
    .description("refuse a key from now on, on every replica")
    .action(async (id: string) => {
      await call("DELETE", `/admin/v1/keys/${encodeURIComponent(id)}`);
      print(`Revoked ${id}.\n`);
    });
}

interface CreateOptions {
  readonly tenant: string;
  readonly team: string;
  readonly tag?: string[];
  readonly model?: string[];
  readonly expires?: string;
  readonly json?: boolean;
}

async function call<T>(method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Promise<T> {
  const client = await AdminClient.open(readEnvironment(process.env));
  return client.call<T>(method, path, body);
}

function row(key: KeyView): Record<string, string> {
  return {
    id: key.id,
    name: key.name,
    tenant: key.tenant,
    team: key.team,
    models: key.models?.join(",") ?? "all",
    created: key.createdAt.slice(0, 16),
    state: stateOf(key),
  };
}

function stateOf({ revokedAt, expiresAt }: KeyView): string {
  if (revokedAt) return `revoked ${revokedAt.slice(0, 16)}`;
  if (!expiresAt) return "valid";
  return Date.parse(expiresAt) < Date.now() ? "expired" : `until ${expiresAt.slice(0, 16)}`;
}

function print(text: string): void {
  process.stdout.write(text);
}
