import { expect, test } from "vitest";
import { GatewayError } from "../../../src/core/error.ts";
import { inTime } from "../../../src/stores/conversations/in-time.ts";
import { conversationsInMemory } from "../../support/conversations.ts";

const never = () => new Promise<never>(() => {});

test("nobody waits for a database that does not answer, and the next call not even so long", async () => {
  const store = inTime({ ...conversationsInMemory(), get: never }, 50);
  await expect(store.get("t", "a")).rejects.toMatchObject({ code: "storage_unavailable", status: 503 });
  const startedAt = performance.now();
  await expect(store.get("t", "a")).rejects.toMatchObject({ code: "storage_unavailable" });
  expect(performance.now() - startedAt).toBeLessThan(20);
});

test("a statement that Postgres refused holds up no other", async () => {
  const refused = Object.assign(new Error("invalid byte sequence"), { code: "22021" });
  const store = inTime({ ...conversationsInMemory(), get: () => Promise.reject(refused) });
  await expect(store.get("t", "a")).rejects.toMatchObject({ code: "storage_unavailable" });
  expect(await store.remove("t", "a")).toBe(false);
});

test("what the store itself says is passed on", async () => {
  const tooLong = new GatewayError("request_too_large", "too long");
  const store = inTime({ ...conversationsInMemory(), get: () => Promise.reject(tooLong) });
  await expect(store.get("t", "a")).rejects.toBe(tooLong);
});
