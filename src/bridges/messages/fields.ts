import { createHash } from "node:crypto";
import { isObject, type JsonObject } from "../../protocol/json.ts";
import type { Way } from "./way.ts";

/** The fields that need little translation: those with a namesake, and those that only Anthropic knows, which are named. */
export function otherFields(asked: JsonObject, { translated, drop }: Way): JsonObject {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(asked)) {
    if (value === null || value === undefined || TRANSLATED.has(name)) continue;
    if (name === "top_k" && translated) fields.top_k = value;
    else if (name === "service_tier" && TIERS.has(value)) fields.service_tier = TIERS.get(value);
    else if (!ASKS_NOTHING.get(name)?.(value)) drop(name);
  }
  return fields;
}

/** Fields with a translation of their own. */
const TRANSLATED: ReadonlySet<string> = new Set([
  "model",
  "messages",
  "system",
  "max_tokens",
  "stream",
  "tools",
  "tool_choice",
  "thinking",
  "output_config",
  "output_format",
  "temperature",
  "top_p",
  "stop_sequences",
  "metadata",
]);

const TIERS: ReadonlyMap<unknown, string> = new Map([
  ["auto", "auto"],
  ["standard_only", "default"],
]);

const ASKS_NOTHING: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ["speed", (value) => value === "standard"],
  ["mcp_servers", (value) => Array.isArray(value) && value.length === 0],
]);

/**
 * Who the end user is. OpenAI takes names up to 64 characters; a longer one becomes its SHA-256, which tells users apart
 * as well.
 */
export function userOf(metadata: unknown, { translated, drop }: Way): JsonObject {
  const { user_id: user, ...others } = isObject(metadata) ? metadata : {};
  for (const name of Object.keys(others)) drop(`metadata.${name}`);
  if (typeof user !== "string" || user === "") return {};
  if (translated || user.length <= MAX_USER_LENGTH) return { user };
  return { user: createHash("sha256").update(user).digest("hex") };
}

const MAX_USER_LENGTH = 64;
