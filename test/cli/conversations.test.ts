import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type GatewayProcess, startGateway } from "../support/process.ts";
import { describeWith } from "../support/services/describe-with.ts";
import { postgres } from "../support/services/postgres.ts";
import { redis } from "../support/services/redis.ts";

async function respond({ url }: GatewayProcess, key: string, fields: Record<string, unknown>) {
  const reply = await fetch(`${url}/v1/responses`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "demo", max_output_tokens: 3, ...fields }),
  });
  return { status: reply.status, body: (await reply.json()) as { id: string; usage: { input_tokens: number } } };
}

async function adminKey({ controlUrl }: GatewayProcess, admin: string, tenant: string): Promise<string> {
  const response = await fetch(`${controlUrl}/admin/v1/keys`, {
    method: "POST",
    headers: { authorization: `Bearer ${admin}` },
    body: JSON.stringify({ name: "n", tenant, team: "t" }),
  });
  return ((await response.json()) as { key: string }).key;
}

it("a gateway that is started again goes on where a conversation was", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "gatehouse-"));
  const before = await startGateway({ dataDir });
  const key = before.key!;
  const first = await respond(before, key, { input: "Remember the word gatehouse." });
  before.child.kill("SIGKILL");
  await new Promise((resolve) => before.child.once("exit", resolve));
  const after = await startGateway({ dataDir });
  const alone = await respond(after, key, { input: "And?" });
  const second = await respond(after, key, { input: "And?", previous_response_id: first.body.id });
  expect(second.status).toBe(200);
  expect(second.body.usage.input_tokens).toBeGreaterThan(alone.body.usage.input_tokens);
  await after.stop();
  await rm(dataDir, { recursive: true, force: true });
}, 60_000);

await describeWith({ postgres, redis }, "replicas on one Postgres", (services) => {
  it("go on with each other's conversations, and never with another tenant's", async () => {
    const env = {
      DATABASE_URL: await services.postgres.freshDatabase(),
      REDIS_URL: services.redis.url,
      GATEHOUSE_PEPPER: "pepper-of-the-test-installation",
      GATEHOUSE_ADMIN_TOKEN: "admin-token-of-the-test",
    };
    const [one, several] = await Promise.all([startGateway({ env }), startGateway({ env, args: ["--workers", "2"] })]);
    const key = (one.key ?? several.key)!;
    const stranger = await adminKey(several, env.GATEHOUSE_ADMIN_TOKEN, "stranger");
    let previous_response_id: string | undefined;
    for (const gateway of [one, several, several, one]) {
      const { status, body } = await respond(gateway, key, { input: "And?", previous_response_id });
      expect(status).toBe(200);
      previous_response_id = body.id;
    }
    expect((await respond(several, stranger, { input: "And?" })).status).toBe(200);
    expect((await respond(several, stranger, { input: "And?", previous_response_id })).status).toBe(400);
    const theirs = await fetch(`${several.url}/v1/responses/${previous_response_id}`, {
      headers: { authorization: `Bearer ${stranger}` },
    });
    expect(theirs.status).toBe(404);
    await Promise.all([one.stop(), several.stop()]);
  }, 60_000);
});
