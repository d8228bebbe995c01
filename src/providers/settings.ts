/** Settings that many kinds of providers have in common, as `gatehouse.yaml` may hold them. */
import { z } from "zod";

export const apiKey = z.string().min(1);
export const headers = z.record(z.string().regex(/^[A-Za-z0-9-]+$/, "must be a header name"), z.string()).optional();
export const network = z
  .enum(["public", "private"])
  .optional()
  .describe("Which addresses the base URL may lead to; guessed from the host when left out.");
export const baseUrl = z.url({ protocol: /^https?$/, error: "must be an http or https URL" });
