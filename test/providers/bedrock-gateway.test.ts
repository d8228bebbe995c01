/** Over real sockets: what reaches Bedrock and its token service, and what comes back. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { signer } from "../../src/providers/bedrock/sign.ts";
import { startTestPlane, type TestPlane } from "../support/data-plane.ts";
import { json, type Received, startUpstream, type Upstream } from "../support/upstream.ts";
import { answerOf, CLAUDE, endOf, eventsOf, NOVA, START, textDelta } from "./bedrock-door.ts";

let bedrock: Upstream;
let sts: Upstream;
let plane: TestPlane;

const embed = `amazon.titan-embed-text-v2:0`;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-token-"));
  const tokenFile = join(folder, "token");
  await writeFile(tokenFile, "pod.token\n");
  bedrock = await startUpstream();
  sts = await startUpstream();
  plane = await startTestPlane(`
providers:
  bearer: { kind: bedrock, region: eu-west-1, baseUrl: "${bedrock.url}", apiKey: bedrock-key }
  keys: { kind: bedrock, region: eu-west-1, baseUrl: "${bedrock.url}/behind/a/proxy", accessKeyId: AKID, secretAccessKey: secret }
  role:
    kind: bedrock
    region: eu-west-1
    baseUrl: "${bedrock.url}"
    stsUrl: "${sts.url}"
    accessKeyId: AKID
    secretAccessKey: secret
    roleArn: "arn:aws:iam::1:role/models"
    externalId: "e x&t"
  cluster: { kind: bedrock, region: eu-west-1, baseUrl: "${bedrock.url}", stsUrl: "${sts.url}", webIdentityTokenFile: "${tokenFile}", roleArn: "arn:aws:iam::1:role/pod" }
  invoke: { kind: bedrock, region: eu-west-1, baseUrl: "${bedrock.url}", apiKey: k, api: invoke }
models:
  bearer: { route: "bearer/${NOVA}" }
  keys: { route: "keys/${NOVA}" }
  role: { route: "role/${NOVA}" }
  cluster: { route: "cluster/${NOVA}" }
  invoke: { route: "invoke/${CLAUDE}" }
  embed: { route: "keys/${embed}" }
`);
});
afterAll(async () => {
  await plane.stop();
  await bedrock.close();
  await sts.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  bedrock.received.length = 0;
  sts.received.length = 0;
  bedrock.answer((_, response) => json(response, answerOf([{ text: "Hello from Bedrock." }])));
});

// biome-ignore lint/suspicious/noExplicitAny: what is in it is what is tested
const bodyOf = async (response: Response) => (await response.json()) as any;
const textOf = async (response: Response) => (await bodyOf(response)).choices[0].message.content;

/** The signature that the request should have, made of what arrived. */
function expected(
  { path, headers, body }: Received,
  keys: { id: string; secret: string; token?: string; service?: string },
) {
  const stamp = String(headers["x-amz-date"]);
  const at = stamp.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z");
  const baseUrl = `http://${headers.host}`;
  const sign = signer({ baseUrl, service: keys.service ?? "bedrock", region: "eu-west-1", now: () => Date.parse(at) });
  const type = { "content-type": String(headers["content-type"]) };
  const credentials = { accessKeyId: keys.id, secretAccessKey: keys.secret, sessionToken: keys.token };
  return sign({ method: "POST", path, headers: type, body, dropped: [] }, credentials).authorization;
}

describe("a call", () => {
  test("with an API key carries it", async () => {
    expect(await textOf(await plane.chat({ model: "bearer" }))).toBe("Hello from Bedrock.");
    expect(bedrock.received[0]!.path).toBe("/model/amazon.nova-lite-v1%3A0/converse");
    expect(bedrock.received[0]!.headers.authorization).toBe("Bearer bedrock-key");
  });

  test("with keys is signed, path and all", async () => {
    expect(await textOf(await plane.chat({ model: "keys" }))).toBe("Hello from Bedrock.");
    const [arrived] = bedrock.received;
    expect(arrived!.path).toBe("/behind/a/proxy/model/amazon.nova-lite-v1%3A0/converse");
    expect(arrived!.headers.authorization).toBe(expected(arrived!, { id: "AKID", secret: "secret" }));
  });

  test("is streamed", async () => {
    bedrock.answer((_, response) => {
      response.writeHead(200, { "content-type": "application/vnd.amazon.eventstream" });
      response.end(eventsOf(START, textDelta("Hello"), textDelta(" there"), ...endOf("end_turn")));
    });
    const response = await plane.chat({ model: "keys", stream: true });
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    const text = await response.text();
    expect(text).toContain('"content":" there"');
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
    expect(bedrock.received[0]!.path).toMatch(/converse-stream$/);
  });

  test("that Bedrock refuses says why", async () => {
    bedrock.answer((_, response) =>
      json(response, { message: "Field x is missing." }, 400, { "x-amzn-errortype": "ValidationException:http://y" }),
    );
    const response = await plane.chat({ model: "keys" });
    expect(response.status).toBe(400);
    expect((await bodyOf(response)).error.message).toContain("Field x is missing.");
  });

  test("of Claude by InvokeModel is in Anthropic's words", async () => {
    const content = [{ type: "text", text: "Hi" }];
    bedrock.answer((_, response) => json(response, { id: "msg_1", content, stop_reason: "end_turn" }));
    expect(await textOf(await plane.chat({ model: "invoke" }))).toBe("Hi");
    expect(JSON.parse(bedrock.received[0]!.body)).toMatchObject({ anthropic_version: "bedrock-2023-05-31" });
  });
});

describe("a role", () => {
  let lent = 0;
  const lend = (seconds: number) =>
    sts.answer((_, response) => {
      response.writeHead(200, { "content-type": "text/xml" });
      response.end(`<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
        <AccessKeyId>ASIA${++lent}</AccessKeyId><SecretAccessKey>lent/${lent}</SecretAccessKey>
        <SessionToken>token${lent}==</SessionToken><Expiration>${new Date(Date.now() + seconds * 1000).toISOString()}</Expiration>
      </Credentials></AssumeRoleResult></AssumeRoleResponse>`);
    });

  test("that cannot be taken is an error of the gateway's account, without the provider's words", async () => {
    sts.answer((_, response) => {
      response.writeHead(403, { "content-type": "text/xml" });
      response.end(
        "<ErrorResponse><Error><Code>AccessDenied</Code><Message>User arn:x may not</Message></Error></ErrorResponse>",
      );
    });
    const response = await plane.chat({ model: "role" });
    expect(response.status).toBe(502);
    expect(await response.text()).not.toContain("arn:");
    expect(bedrock.received).toEqual([]);
  });

  test("is taken once for many calls, and its keys sign them", async () => {
    lend(3600);
    const answers = await Promise.all([1, 2, 3].map(() => plane.chat({ model: "role" })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(sts.received).toHaveLength(1);
    const [asked] = sts.received;
    expect(Object.fromEntries(new URLSearchParams(asked!.body))).toEqual({
      Action: "AssumeRole",
      Version: "2011-06-15",
      RoleArn: "arn:aws:iam::1:role/models",
      RoleSessionName: "gatehouse",
      DurationSeconds: "3600",
      ExternalId: "e x&t",
    });
    expect(asked!.headers.authorization).toBe(expected(asked!, { id: "AKID", secret: "secret", service: "sts" }));
    const [arrived] = bedrock.received;
    expect(arrived!.headers["x-amz-security-token"]).toBe("token1==");
    expect(arrived!.headers.authorization).toBe(
      expected(arrived!, { id: "ASIA1", secret: "lent/1", token: "token1==" }),
    );
  });

  test("is taken anew when Bedrock says that its keys have expired", async () => {
    lend(3600);
    bedrock.answer((_, response) =>
      json(response, { message: "expired" }, 403, { "x-amzn-errortype": "ExpiredTokenException" }),
    );
    expect((await plane.chat({ model: "role" })).status).toBe(502);
    bedrock.answer((_, response) => json(response, answerOf([{ text: "Again." }])));
    expect(await textOf(await plane.chat({ model: "role" }))).toBe("Again.");
    expect(bedrock.received.at(-1)!.headers["x-amz-security-token"]).toBe("token2==");
  });

  test("is taken by a cluster's token, which nobody signs", async () => {
    lend(3600);
    expect((await plane.chat({ model: "cluster" })).status).toBe(200);
    expect(sts.received[0]!.headers.authorization).toBeUndefined();
    expect(Object.fromEntries(new URLSearchParams(sts.received[0]!.body))).toMatchObject({
      Action: "AssumeRoleWithWebIdentity",
      RoleArn: "arn:aws:iam::1:role/pod",
      WebIdentityToken: "pod.token",
    });
    expect(bedrock.received[0]!.headers["x-amz-security-token"]).toBe("token3==");
  });
});

describe("embeddings", () => {
  test("of many texts take as many signed requests, and come back in order with their tokens", async () => {
    bedrock.answer(({ body }, response) => {
      const number = Number(JSON.parse(body).inputText);
      json(response, { embedding: [number, 0.5] }, 200, { "x-amzn-bedrock-input-token-count": "2" });
    });
    const input = Array.from({ length: 20 }, (_, at) => String(at));
    const response = await plane.chat({ model: "embed", input }, { path: "/v1/embeddings" });
    const { data, usage } = await bodyOf(response);
    expect(data.map((item: { embedding: number[] }) => item.embedding[0])).toEqual(input.map(Number));
    expect(usage).toEqual({ prompt_tokens: 40, total_tokens: 40 });
    expect(bedrock.received).toHaveLength(20);
    for (const arrived of bedrock.received) {
      expect(arrived.headers.authorization).toBe(expected(arrived, { id: "AKID", secret: "secret" }));
    }
  });

  test("that Bedrock refuses in part are refused as a whole", async () => {
    bedrock.answer(({ body }, response) => {
      if (JSON.parse(body).inputText !== "3") return json(response, { embedding: [1] });
      json(response, { message: "Too many." }, 429, { "x-amzn-errortype": "ThrottlingException" });
    });
    const input = Array.from({ length: 5 }, (_, at) => String(at));
    const response = await plane.chat({ model: "embed", input }, { path: "/v1/embeddings" });
    expect(response.status).toBe(429);
  });
});
