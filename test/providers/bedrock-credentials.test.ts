import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GatewayError } from "../../src/core/error.ts";
import { CallSignal } from "../../src/core/signal.ts";
import { type Credentials, kept } from "../../src/providers/bedrock/credentials.ts";
import { profileCredentials } from "../../src/providers/bedrock/profile.ts";
import { type BedrockSettings, settings } from "../../src/providers/bedrock/settings.ts";

const HOUR_MS = 3_600_000;
const signal = () => new CallSignal();

describe("kept credentials", () => {
  /** A source whose answers a test gives by hand. */
  function source() {
    const asked: PromiseWithResolvers<Credentials>[] = [];
    let time = 0;
    const ask = () => {
      const answer = Promise.withResolvers<Credentials>();
      asked.push(answer);
      return answer.promise;
    };
    const keys = kept(ask, { now: () => time });
    const answer = (name: string) => {
      const credentials = { accessKeyId: name, secretAccessKey: "s", expiresAt: time + HOUR_MS };
      asked.at(-1)!.resolve(credentials);
      return credentials;
    };
    const setTime = (ms: number) => {
      time = ms;
    };
    return { keys, asked, answer, setTime };
  }

  const settled = () => new Promise((resolve) => setImmediate(resolve));

  test("are fetched once, however many calls wait", async () => {
    const { keys, asked, answer } = source();
    const calls = [1, 2, 3].map(() => keys.get(signal()));
    const credentials = answer("a");
    expect(await Promise.all(calls)).toEqual([credentials, credentials, credentials]);
    expect(await keys.get(signal())).toBe(credentials);
    expect(asked).toHaveLength(1);
  });

  test("are renewed early, while the old ones serve", async () => {
    const { keys, asked, answer, setTime } = source();
    const first = keys.get(signal());
    answer("a");
    await first;
    setTime(HOUR_MS - 4 * 60_000);
    expect((await keys.get(signal())).accessKeyId).toBe("a");
    expect((await keys.get(signal())).accessKeyId).toBe("a");
    expect(asked).toHaveLength(2);
    answer("b");
    await settled();
    expect((await keys.get(signal())).accessKeyId).toBe("b");
  });

  test("serve on when an early renewal fails, which is tried again after a pause", async () => {
    const { keys, asked, answer, setTime } = source();
    const first = keys.get(signal());
    answer("a");
    await first;
    setTime(HOUR_MS - 4 * 60_000);
    await keys.get(signal());
    asked.at(-1)!.reject(new GatewayError("upstream_error", "no"));
    await settled();
    await keys.get(signal());
    expect(asked).toHaveLength(2);
    setTime(HOUR_MS - 3 * 60_000);
    await keys.get(signal());
    expect(asked).toHaveLength(3);
  });

  test("that are about to expire are not used", async () => {
    const { keys, asked, answer, setTime } = source();
    const first = keys.get(signal());
    answer("a");
    await first;
    setTime(HOUR_MS - 10_000);
    const late = keys.get(signal());
    expect(asked).toHaveLength(2);
    asked.at(-1)!.reject(new GatewayError("upstream_error", "no"));
    await expect(late).rejects.toMatchObject({ code: "upstream_error" });
  });

  test("are forgotten when the provider refuses them, unless they are new already", async () => {
    const { keys, asked, answer } = source();
    const first = keys.get(signal());
    const old = answer("a");
    await first;
    keys.forget(old);
    const second = keys.get(signal());
    const fresh = answer("b");
    await second;
    keys.forget(old);
    expect(await keys.get(signal())).toBe(fresh);
    expect(asked).toHaveLength(2);
  });

  test("let a call go that has ended, and serve the others", async () => {
    const { keys, answer } = source();
    const leaving = signal();
    const left = keys.get(leaving);
    const stays = keys.get(signal());
    leaving.abort(new GatewayError("client_left", "gone"));
    await expect(left).rejects.toMatchObject({ code: "client_left" });
    await expect(keys.get(leaving)).rejects.toMatchObject({ code: "client_left" });
    answer("a");
    expect((await stays).accessKeyId).toBe("a");
  });
});

describe("a profile", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "gatehouse-aws-"));
    await writeFile(
      join(folder, "credentials"),
      `[default]
aws_access_key_id = AKIDDEFAULT
aws_secret_access_key = abc/def+ghi==

[session]
aws_access_key_id=AKIDSESSION
aws_secret_access_key=s
aws_session_token=token==

[own]
aws_access_key_id = AKIDOWN
aws_secret_access_key = s
`,
    );
    await writeFile(
      join(folder, "config"),
      `[default]
region = eu-central-1
s3 =
  max_concurrent_requests = 20

[profile a.dotted.name]
aws_access_key_id = AKIDDOTTED
aws_secret_access_key = s

[profile role]
role_arn = arn:aws:iam::1:role/first
source_profile = default
external_id = ext

[profile chain]
role_arn = arn:aws:iam::2:role/second
source_profile = role
role_session_name = named

[profile own]
role_arn = arn:aws:iam::1:role/own
source_profile = own

[profile circle]
role_arn = arn:aws:iam::1:role/x
source_profile = circle2

[profile circle2]
role_arn = arn:aws:iam::1:role/y
source_profile = circle

[profile orphan]
role_arn = arn:aws:iam::1:role/x

[profile program]
credential_process = /bin/keys
`,
    );
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** Roles are written into the key's name, in the order they were taken. */
  const read = (profile: string, files: { credentialsFile?: string; configFile?: string } = {}) =>
    profileCredentials({
      profile,
      credentialsFile: join(folder, "credentials"),
      configFile: join(folder, "config"),
      ...files,
      assume:
        ({ roleArn, externalId, sessionName }, source) =>
        async () => {
          const { accessKeyId } = await source();
          const role = [roleArn.split("/")[1], externalId, sessionName].filter(Boolean).join(",");
          return { accessKeyId: `${accessKeyId}>${role}`, secretAccessKey: "s" };
        },
    })();

  test.each([
    ["default", { accessKeyId: "AKIDDEFAULT", secretAccessKey: "abc/def+ghi==" }],
    ["session", { accessKeyId: "AKIDSESSION", secretAccessKey: "s", sessionToken: "token==" }],
    ["a.dotted.name", { accessKeyId: "AKIDDOTTED", secretAccessKey: "s" }],
    ["role", { accessKeyId: "AKIDDEFAULT>first,ext", secretAccessKey: "s" }],
    ["chain", { accessKeyId: "AKIDDEFAULT>first,ext>second,named", secretAccessKey: "s" }],
    ["own", { accessKeyId: "AKIDOWN>own", secretAccessKey: "s" }],
  ])("named %s tells its keys, by way of its roles", async (profile, credentials) => {
    expect(await read(profile)).toEqual(credentials);
  });

  test.each([
    ["nobody", "holds no keys"],
    ["circle", "is its own source"],
    ["orphan", "no source_profile"],
    ["program", "wants credential_process"],
  ])("named %s cannot be used, and the log says why", async (profile, why) => {
    const error: GatewayError = await read(profile).then(
      () => expect.unreachable(),
      (thrown) => thrown,
    );
    expect(error.code).toBe("upstream_auth");
    expect(error.message).not.toContain(profile);
    expect(String(error.cause)).toContain(why);
  });

  test("may stand in one file only", async () => {
    const nowhere = join(folder, "nowhere");
    expect(await read("session", { configFile: nowhere })).toMatchObject({ accessKeyId: "AKIDSESSION" });
    expect(await read("a.dotted.name", { credentialsFile: nowhere })).toMatchObject({ accessKeyId: "AKIDDOTTED" });
    await expect(read("default", { credentialsFile: nowhere })).rejects.toMatchObject({ code: "upstream_auth" });
  });
});

describe("settings", () => {
  const region = "eu-central-1";
  const check = (given: Record<string, unknown>) => {
    const { success, data, error } = settings.safeParse(given);
    return success
      ? (data as BedrockSettings)
      : error!.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  };

  test.each([
    { region, apiKey: "k" },
    { region, accessKeyId: "a", secretAccessKey: "s", sessionToken: "t", roleArn: "arn", stsUrl: "http://sts" },
    { region, profile: "p", configFile: "/c", api: "invoke" },
    { region, webIdentityTokenFile: "/t", roleArn: "arn" },
  ])("take %j", (given) => {
    expect(check(given)).toMatchObject(given);
  });

  test.each([
    [{ region }, "apiKey: one of"],
    [{ region, apiKey: "k", profile: "p" }, "apiKey: one of"],
    [{ region, accessKeyId: "a" }, "secretAccessKey: goes with"],
    [{ region, apiKey: "k", roleArn: "arn" }, "roleArn: cannot"],
    [{ region, webIdentityTokenFile: "/t" }, "roleArn: goes with"],
    [{ region: "https://x", apiKey: "k" }, "region: must be a region"],
    [{ apiKey: "k" }, "region: "],
  ])("refuse %j", (given, problem) => {
    expect(check(given)).toEqual([expect.stringContaining(problem)]);
  });
});
