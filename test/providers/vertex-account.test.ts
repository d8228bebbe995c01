import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parseConfig } from "../../src/config/load.ts";
import { readAccount } from "../../src/providers/vertex/account.ts";
import { accountJson } from "./vertex-door.ts";

const folder = mkdtempSync(join(tmpdir(), "gatehouse-account-"));
afterAll(() => rmSync(folder, { recursive: true }));

const json = accountJson("https://oauth2.example/token");

describe("an account", () => {
  test("is read from an object, from text, and from a file", () => {
    const file = join(folder, "account.json");
    writeFileSync(file, JSON.stringify(json));
    for (const given of [json, JSON.stringify(json), file]) {
      expect(readAccount(given)).toMatchObject({
        kind: "service_account",
        email: "gate@acme-prod.example",
        keyId: "key-7",
        tokenUri: "https://oauth2.example/token",
        project: "acme-prod",
      });
    }
  });

  test("may have lost the line ends of its key on the way through a variable", () => {
    const escaped = { ...json, private_key: String(json.private_key).replaceAll("\n", "\\n") };
    expect(readAccount(escaped)).toMatchObject({ kind: "service_account" });
  });

  test("may be a person's", () => {
    const person = { type: "authorized_user", client_id: "c", client_secret: "s", refresh_token: "r" };
    expect(readAccount(person)).toMatchObject({
      kind: "authorized_user",
      tokenUri: "https://oauth2.googleapis.com/token",
    });
  });

  test.each([
    ["nonsense", /names a file that cannot be read \(ENOENT\)/],
    ["{broken", /must be the JSON of a Google account/],
    [{ type: "external_account" }, /type service_account or authorized_user, not "external_account"/],
    [{ ...json, private_key: "-----BEGIN PRIVATE KEY-----\nsecret" }, /private_key that is no RSA key/],
    [{ ...json, client_email: "" }, /has no client_email/],
    [{ ...json, token_uri: "file:///etc/passwd" }, /token_uri that is no URL/],
  ])("%j is none, and nothing secret is told", (given, why) => {
    const read = () => readAccount(given);
    expect(read).toThrow(why);
    expect(read).not.toThrow(/secret|BEGIN/);
  });
});

describe("settings of the kind vertex", () => {
  const check = (settings: object) =>
    parseConfig(
      JSON.stringify({ providers: { v: { kind: "vertex", ...settings } }, models: { m: { route: "v/m" } } }),
      {
        source: "test.yaml",
        env: {},
      },
    );

  test("are an account, which names its project, or a token and a project", async () => {
    await expect(check({ credentials: json, location: "eu" })).resolves.toBeDefined();
    await expect(check({ credentials: JSON.stringify(json) })).resolves.toBeDefined();
    await expect(check({ accessToken: "t", project: "p" })).resolves.toBeDefined();
  });

  test.each([
    [{ project: "p" }, /one of credentials and accessToken is needed, and only one/],
    [{ project: "p", accessToken: "t", credentials: json }, /one of credentials and accessToken is needed/],
    [{ accessToken: "t" }, /project: is needed/],
    [{ accessToken: "t", project: "p", location: "evil.example/x" }, /location: must be a location/],
    [{ accessToken: "t", project: "a/../b" }, /project: must be a project's id/],
    [{ credentials: { type: "nobody" } }, /credentials: must be of the type/],
  ])("%j has a mistake", async (settings, why) => {
    await expect(check(settings)).rejects.toThrow(why);
  });
});
