/** What a Claude model accepts, read from its name: newer generations refuse fields that older ones need. */
export interface ModelTraits {
  /** How much to think is told as a number of tokens (to Claude 4.5) or as an effort (from 4.6). */
  readonly thinking: "budget" | "effort";
  /** From 5 on a model thinks unless told not to, and some cannot be told. */
  readonly thinksByDefault: boolean;
  readonly canStopThinking: boolean;
  /** The effort between `high` and `max` exists from 4.7 on. */
  readonly hasExtraHighEffort: boolean;
  /** From 4.1 on `temperature` and `top_p` exclude each other; from 4.7 on both are refused. */
  readonly samplers: "both" | "one" | "none";
  /** Output and tool input held to a JSON schema: from 4.5 on. */
  readonly schemas: boolean;
}

/** A name that is not Claude's is some other server's model behind the same API: it gets what the client sent, in the API's oldest form. */
export function traitsOf(model: string): ModelTraits {
  const version = claudeVersion(model);
  if (version === undefined) return OTHER;
  return {
    thinking: version >= 4.06 ? "effort" : "budget",
    thinksByDefault: version >= 5,
    canStopThinking: !/fable|mythos/.test(model) && (version < 5.05 || /haiku/.test(model)),
    hasExtraHighEffort: version >= 4.07,
    samplers: version >= 4.07 ? "none" : version >= 4.01 ? "one" : "both",
    schemas: version >= 4.05,
  };
}

const OTHER: ModelTraits = {
  thinking: "budget",
  thinksByDefault: false,
  canStopThinking: true,
  hasExtraHighEffort: true,
  samplers: "both",
  schemas: true,
};

/**
 * Major version plus hundredths, so that 4.10 comes after 4.9. Names: `claude-3-7-sonnet-20250219`, `claude-sonnet-4-20250514`,
 * `claude-opus-4-6`, `us.anthropic.claude-haiku-4-5-20251001-v1:0`. A Claude name without a number is a new one.
 */
function claudeVersion(model: string): number | undefined {
  if (!model.includes("claude")) return undefined;
  const [, major, minor = "0"] = /claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2})(?!\d))?(?!\d)/.exec(model) ?? [];
  return major === undefined ? Number.POSITIVE_INFINITY : Number(major) + Number(minor) / 100;
}
