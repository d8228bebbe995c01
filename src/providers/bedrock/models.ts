import { type ModelTraits as ClaudeTraits, traitsOf as claudeTraitsOf } from "../anthropic/models.ts";

/** What a model behind Converse accepts, read from its id. Converse itself answers 400 to what a model does not know. */
export interface ModelTraits {
  readonly family: "claude" | "nova" | "gpt-oss" | "other";
  /** Present for Claude: Anthropic's own rules hold behind Converse too. */
  readonly claude: ClaudeTraits | undefined;
  /** How an answer is held to a JSON schema: Converse's `outputConfig`, a tool that the model must call, or not at all. */
  readonly schemas: "native" | "tool" | "none";
  /** Nova thinks from its second generation on. */
  readonly thinks: boolean;
  readonly cachePoints: boolean;
}

/**
 * Ids come bare (`amazon.nova-lite-v1:0`), with a region's prefix (`us.anthropic.…`) or inside an ARN. An ARN of a profile
 * or a deployment may tell nothing: such a model gets all that was asked for, and Bedrock has the word.
 */
export function traitsOf(model: string): ModelTraits {
  if (isClaude(model)) {
    const claude = claudeTraitsOf(model);
    return {
      family: "claude",
      claude,
      schemas: claude.schemas ? "native" : "tool",
      thinks: true,
      cachePoints: true,
    };
  }
  const known = { claude: undefined, thinks: false, cachePoints: false } as const;
  if (/\bnova-/.test(model)) {
    return { ...known, family: "nova", schemas: "tool", thinks: /\bnova-2-/.test(model), cachePoints: true };
  }
  if (/\bgpt-oss-/.test(model)) return { ...known, family: "gpt-oss", schemas: "native", thinks: true };
  if (WITHOUT_SCHEMAS.test(model)) return { ...known, family: "other", schemas: "none" };
  return { ...known, family: "other", schemas: "native", cachePoints: model.startsWith("arn:") };
}

export function isClaude(model: string): boolean {
  return /\bclaude-/.test(model);
}

/** Models that Converse neither holds to a schema nor to a tool. */
const WITHOUT_SCHEMAS =
  /llama|cohere\.command|titan-text|jamba|palmyra|mixtral|pixtral|mistral-(7b|small-24|large-24)|deepseek\.r1/;
