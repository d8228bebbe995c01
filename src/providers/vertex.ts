import { z } from "zod";
import { defineProvider } from "../core/provider-kind.ts";
import { withBearer } from "./oauth/bearer.ts";
import { baseUrl, headers, network } from "./settings.ts";
import { type Account, readAccount } from "./vertex/account.ts";
import { vertexAdapters } from "./vertex/adapters.ts";
import { googleToken } from "./vertex/google-token.ts";
import { hostOf } from "./vertex/places.ts";

const credentials = z
  .union([z.string().min(1), z.record(z.string(), z.unknown())])
  .describe("A service account (or a user's application default credentials): its JSON, or the file that holds it.")
  .transform((given, context): Account => {
    try {
      return readAccount(given);
    } catch (error) {
      context.addIssue({ code: "custom", message: (error as Error).message });
      return z.NEVER;
    }
  });

const settings = z
  .strictObject({
    project: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.:-]*$/, "must be a project's id")
      .optional()
      .describe("The project that pays; the account's own when left out."),
    location: z
      .string()
      .regex(/^[a-z0-9-]+$/, "must be a location, such as europe-west4 or global")
      .default("global"),
    credentials: credentials.optional(),
    accessToken: z.string().min(1).optional().describe("A bearer token that something else renews."),
    baseUrl: baseUrl.optional().describe("Up to and with the version; follows from the location when left out."),
    headers,
    network,
  })
  .superRefine((given, context) => {
    if ((given.credentials === undefined) === (given.accessToken === undefined)) {
      context.addIssue({
        code: "custom",
        path: ["credentials"],
        message: "one of credentials and accessToken is needed, and only one",
      });
    }
    if (given.project === undefined && given.credentials?.project === undefined) {
      context.addIssue({ code: "custom", path: ["project"], message: "is needed: the account names none" });
    }
  });

/** Google's Vertex AI: Gemini and Claude, for an account at Google Cloud. */
export default defineProvider({
  settings,
  open({ project, location, credentials: account, accessToken, ...options }, { transportTo }) {
    const way = transportTo(options.baseUrl ?? hostOf(location), options.network);
    const adapters = vertexAdapters({
      project: project ?? account?.project ?? "",
      location,
      headers: { ...(accessToken ? { authorization: `Bearer ${accessToken}` } : {}), ...options.headers },
    });
    if (!account) return { adapters, transport: way };
    return { adapters, transport: withBearer(way, googleToken(account, transportTo(account.tokenUri))) };
  },
});
