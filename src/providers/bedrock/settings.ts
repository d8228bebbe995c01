import { z } from "zod";
import { apiKey, baseUrl, headers, network } from "../settings.ts";

const text = z.string().min(1);

/** What `gatehouse.yaml` may say of a provider of the kind `bedrock`. */
export const settings = z
  .strictObject({
    region: z.string().regex(/^[a-z0-9-]{2,30}$/, "must be a region, such as eu-central-1"),
    baseUrl: baseUrl.optional().describe("https://bedrock-runtime.{region}.amazonaws.com when left out."),
    api: z
      .enum(["converse", "invoke"])
      .default("converse")
      .describe("How Anthropic's models are asked: by Converse, or in Anthropic's own words by InvokeModel."),
    apiKey: apiKey.optional().describe("A Bedrock API key; instead of all other credentials."),
    accessKeyId: text.optional(),
    secretAccessKey: text.optional(),
    sessionToken: text.optional(),
    profile: text.optional().describe("A profile in the files that AWS's own tools share."),
    credentialsFile: text.optional().describe("~/.aws/credentials when left out."),
    configFile: text.optional().describe("~/.aws/config when left out."),
    webIdentityTokenFile: text.optional().describe("A token that a cluster writes, to take roleArn with."),
    roleArn: text.optional().describe("A role to take with the keys, the profile or the token."),
    externalId: text.optional(),
    roleSessionName: z
      .string()
      .regex(/^[\w+=,.@-]{2,64}$/, "must be 2 to 64 letters, digits or +=,.@-")
      .optional(),
    stsUrl: baseUrl.optional().describe("https://sts.{region}.amazonaws.com when left out."),
    headers,
    network,
  })
  .superRefine((given, { addIssue }) => {
    const refuse = (name: string, message: string) => addIssue({ code: "custom", path: [name], message });
    const { apiKey, accessKeyId, profile, webIdentityTokenFile } = given;
    const ways = [apiKey, accessKeyId, profile, webIdentityTokenFile].filter((way) => way !== undefined);
    if (ways.length !== 1) {
      refuse("apiKey", "one of apiKey, accessKeyId, profile and webIdentityTokenFile is needed, and only one");
    }
    if (webIdentityTokenFile !== undefined && given.roleArn === undefined) refuse("roleArn", "goes with the token");
    if ((accessKeyId === undefined) !== (given.secretAccessKey === undefined)) {
      refuse("secretAccessKey", "goes with accessKeyId, and neither without the other");
    }
    if (apiKey !== undefined && given.roleArn !== undefined) refuse("roleArn", "cannot be taken with an API key");
  });

export type BedrockSettings = z.output<typeof settings>;

/** The address of one of Amazon's services in a region. */
export function endpointOf(service: "bedrock-runtime" | "sts", region: string): string {
  return `https://${service}.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
}
