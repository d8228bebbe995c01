import { createHash, createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Outbound } from "../../src/core/provider.ts";
import { signer } from "../../src/providers/bedrock/sign.ts";

const keys = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
const now = () => Date.UTC(2015, 7, 30, 12, 36, 0);

const outbound = (rest: Partial<Outbound>): Outbound => ({
  method: "POST",
  path: "/",
  headers: {},
  body: null,
  dropped: [],
  ...rest,
});

/** The signature as Amazon's description has it, written down once more for the test. */
function signatureOf(canonical: string, { region, service }: { region: string; service: string }): string {
  const hash = createHash("sha256").update(canonical).digest("hex");
  const scope = `20150830/${region}/${service}/aws4_request`;
  const text = `AWS4-HMAC-SHA256\n20150830T123600Z\n${scope}\n${hash}`;
  const key = ["20150830", region, service, "aws4_request"].reduce<string | Buffer>(
    (secret, part) => createHmac("sha256", secret).update(part).digest(),
    `AWS4${keys.secretAccessKey}`,
  );
  return createHmac("sha256", key).update(text).digest("hex");
}

const hashOf = (body: string) => createHash("sha256").update(body).digest("hex");

describe("Amazon's published examples", () => {
  const sign = signer({ baseUrl: "https://example.amazonaws.com", service: "service", region: "us-east-1", now });

  test.each([
    [
      "get-vanilla",
      { method: "GET" },
      "host;x-amz-date",
      "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    ],
    ["post-vanilla", {}, "host;x-amz-date", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"],
    [
      "post-x-www-form-urlencoded",
      { headers: { "content-type": "application/x-www-form-urlencoded" }, body: "Param1=value1" },
      "content-type;host;x-amz-date",
      "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
    ],
  ] as const)("%s", (_, request, names, signature) => {
    expect(sign(outbound(request), keys).authorization).toBe(
      `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=${names}, Signature=${signature}`,
    );
  });
});

describe("a request to Bedrock", () => {
  const arn =
    "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.anthropic.claude-sonnet-4-5-20250929-v1:0";
  const path = `/model/${encodeURIComponent(arn)}/converse`;
  const body = JSON.stringify({ messages: [{ role: "user", content: [{ text: "Grüße" }] }] });
  const headers = { "content-type": "application/json", accept: "application/json", "accept-encoding": "identity" };

  test("is signed over the path encoded once more, behind the base URL's own", () => {
    const baseUrl = "https://proxy.example:8443/aws/";
    const sign = signer({ baseUrl, service: "bedrock", region: "eu-central-1", now });
    const canonical = [
      "POST",
      `/aws/model/${encodeURIComponent(encodeURIComponent(arn))}/converse`,
      "",
      "content-type:application/json",
      "host:proxy.example:8443",
      "x-amz-date:20150830T123600Z",
      "",
      "content-type;host;x-amz-date",
      hashOf(body),
    ].join("\n");
    const signature = signatureOf(canonical, { region: "eu-central-1", service: "bedrock" });
    expect(sign(outbound({ path, headers, body }), keys)).toEqual({
      ...headers,
      "x-amz-date": "20150830T123600Z",
      authorization: `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-central-1/bedrock/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=${signature}`,
    });
  });

  test("carries and signs a session token, and Amazon's own headers from the configuration", () => {
    const baseUrl = "https://bedrock-runtime.us-east-1.amazonaws.com";
    const sign = signer({ baseUrl, service: "bedrock", region: "us-east-1", now });
    const own = { ...headers, "x-amz-source": "test" };
    const signed = sign(outbound({ path, headers: own, body }), { ...keys, sessionToken: "session" });
    const canonical = [
      "POST",
      `/model/${encodeURIComponent(encodeURIComponent(arn))}/converse`,
      "",
      "content-type:application/json",
      "host:bedrock-runtime.us-east-1.amazonaws.com",
      "x-amz-date:20150830T123600Z",
      "x-amz-security-token:session",
      "x-amz-source:test",
      "",
      "content-type;host;x-amz-date;x-amz-security-token;x-amz-source",
      hashOf(body),
    ].join("\n");
    expect(signed["x-amz-security-token"]).toBe("session");
    expect(signed.authorization).toContain(signatureOf(canonical, { region: "us-east-1", service: "bedrock" }));
    expect(JSON.stringify(signed)).not.toContain(keys.secretAccessKey);
  });
});
