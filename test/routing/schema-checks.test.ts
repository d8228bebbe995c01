import { describe, expect, it, test } from "vitest";
import { schemaChecks } from "../../src/routing/schema-checks.ts";
import { cleanEnv, run } from "../support/process.ts";

const checks = schemaChecks();
const check = (text: string, schema: Record<string, unknown> | undefined) =>
  checks.check([{ path: "content", text, schema }]);

const person = {
  type: "object",
  properties: { name: { type: "string", minLength: 2 }, tags: { type: "array", items: { $ref: "#/$defs/tag" } } },
  required: ["name"],
  additionalProperties: false,
  $defs: { tag: { enum: ["a", "b"] } },
};

describe("JSON held to a schema", () => {
  it.each([
    ['{"name":"Ada","tags":["a"]}', "fits", undefined],
    ['{"name":"A"}', "misfits", "content/name must NOT have fewer than 2 characters"],
    ['{"tags":[]}', "misfits", "content must have required property 'name'"],
    ['{"name":"Ada","tags":["c"]}', "misfits", "content/tags/0 must be equal to one of the allowed values"],
    ['{"name":"Ada","age":3}', "misfits", "content must NOT have additional properties 'age'"],
    ['{"name":"Ada"', "misfits", "content is no JSON"],
    ["", "misfits", "content is no JSON"],
  ])("%s %s", async (text, result, why) => {
    expect(await check(text, person)).toEqual({ result, ...(why === undefined ? {} : { why }) });
  });

  it.each([
    ["{}", "fits"],
    ["[]", "misfits"],
    ["3", "misfits"],
  ])("without a schema any object will do: %s %s", async (text, result) => {
    expect(await check(text, undefined)).toMatchObject({ result });
  });

  it("is as good as its worst piece", async () => {
    const pieces = ['{"name":"Ada"}', '{"name":3}'].map((text) => ({ path: "x", text, schema: person }));
    expect(await checks.check(pieces)).toMatchObject({ result: "misfits", why: "x/name must be string" });
  });

  it("does not repeat what the model wrote", async () => {
    expect(JSON.stringify(await check('{"name":{"secret":"s3cret"}}', person))).not.toContain("s3cret");
  });
});

describe("a schema that is none", () => {
  it.each([
    ["of an unknown type", { type: "strin" }],
    ["that leads elsewhere", { $ref: "https://schemas.example/x" }],
    ["of an older draft's tuples", { type: "array", items: [{ type: "string" }] }],
  ])("%s lets the answer through, and that is told", async (_, schema) => {
    expect(await check("{}", schema)).toMatchObject({ result: "unchecked", why: /^the schema cannot be compiled: / });
  });

  it("that is very long is not even tried", async () => {
    const small = schemaChecks({ maxSchemaLength: 10 });
    expect(await small.check([{ path: "x", text: "{}", schema: person }])).toMatchObject({ result: "unchecked" });
  });

  it("of one client does not stand in the way of another's with the same $id", async () => {
    expect(await check('"a"', { $id: "mine", type: "string" })).toEqual({ result: "fits" });
    expect(await check("7", { $id: "mine", type: "number" })).toEqual({ result: "fits" });
  });
});

describe("a pattern that takes for ever", () => {
  it("costs its own answer the check, not the ones behind it, and never the event loop", async () => {
    const quick = schemaChecks({ limitMs: 300 });
    const endless = { type: "string", pattern: "^(a+)+$" };
    let longest = 0;
    let last = performance.now();
    const ticker = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 5);
    const slow = quick.check([{ path: "x", text: JSON.stringify(`${"a".repeat(60)}!`), schema: endless }]);
    const behind = Array.from({ length: 3 }, () =>
      quick.check([{ path: "x", text: '{"name":"Ada"}', schema: person }]),
    );
    expect(await slow).toEqual({ result: "unchecked", why: "the check took longer than 300 ms" });
    expect(await Promise.all(behind)).toEqual(Array(3).fill({ result: "fits" }));
    clearInterval(ticker);
    expect(longest).toBeLessThan(250);
  });

  it("leaves nobody waiting for long: who stood behind several goes unchecked", async () => {
    const quick = schemaChecks({ limitMs: 200, patienceMs: 300 });
    await quick.check([{ path: "x", text: "{}", schema: undefined }]);
    const startedAt = performance.now();
    const slow = Array.from({ length: 5 }, (_, at) =>
      quick.check([
        { path: "x", text: JSON.stringify(`${"a".repeat(60)}!`), schema: { type: "string", pattern: `^(a+)+${at}$` } },
      ]),
    );
    for (const one of await Promise.all(slow)) expect(one).toMatchObject({ result: "unchecked" });
    expect(performance.now() - startedAt).toBeLessThan(1500);
    expect(await quick.check([{ path: "x", text: "{}", schema: undefined }])).toEqual({ result: "fits" });
  });
});

test("an idle thread keeps no process alive", async () => {
  const module = new URL("../../src/routing/schema-checks.ts", import.meta.url).href;
  const program = `
    const { schemaChecks } = await import(${JSON.stringify(module)});
    const pieces = [{ path: "x", text: "{}", schema: { type: "object" } }];
    console.log((await schemaChecks().check(pieces)).result);`;
  const { stdout, code } = await run([process.execPath, "--input-type=module", "-e", program], { env: cleanEnv() });
  expect([stdout.trim(), code]).toEqual(["fits", 0]);
});
