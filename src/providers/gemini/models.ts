/** What a Gemini model accepts, read from its name: generations differ in how thought is asked for and what may stand together. */
export interface ModelTraits {
  /** How much to think is told as a number of tokens (2.5) or as a level (from 3); the others do not think. */
  readonly thinking: "budget" | "level" | "none";
  /** Bounds of the number; a least one of 0 means that thinking can be stopped. */
  readonly budgetTokens: { readonly least: number; readonly most: number };
  /** Levels there are, from the least to the most. */
  readonly levels: readonly string[];
  /** From 3 on a tool call may stand beside an answer held to JSON or a web search. */
  readonly combinesTools: boolean;
  /** From 3 on a tool call without its signature is refused. */
  readonly signsCalls: boolean;
  /** From 3 on a tool's result may hold images and documents itself. */
  readonly mediaInResults: boolean;
  /** Gemma up to 3 has no place for instructions but the user's turn. */
  readonly takesInstructions: boolean;
}

/** A name that is neither Gemini's nor Gemma's may be anybody's tuned model: it gets what the client sent, in the API's oldest form. */
export function traitsOf(model: string): ModelTraits {
  if (/(^|\/)gemma/.test(model))
    return { ...OTHER, thinking: "none", takesInstructions: !/gemma-?[123](?!\d)/.test(model) };
  const version = geminiVersion(model);
  if (version === undefined) return OTHER;
  const isPro = /-pro\b/.test(model);
  const isNew = version >= 3;
  return {
    thinking: thinkingFor(model, version),
    budgetTokens: { least: isPro ? 128 : 0, most: isPro ? 32_768 : 24_576 },
    levels: isPro ? (version === 3 ? ["low", "high"] : ["low", "medium", "high"]) : ALL_LEVELS,
    combinesTools: isNew,
    signsCalls: isNew,
    mediaInResults: isNew,
    takesInstructions: true,
  };
}

const ALL_LEVELS = ["minimal", "low", "medium", "high"] as const;

const OTHER: ModelTraits = {
  thinking: "budget",
  budgetTokens: { least: 0, most: 24_576 },
  levels: ALL_LEVELS,
  combinesTools: true,
  signsCalls: false,
  mediaInResults: false,
  takesInstructions: true,
};

function thinkingFor(model: string, version: number): ModelTraits["thinking"] {
  if (version < 2.5 || /-(image|tts)\b/.test(model)) return "none";
  return version >= 3 ? "level" : "budget";
}

/** `gemini-2.5-pro`, `gemini-3-flash-preview`, `models/gemini-2.0-flash-001`. A name without a number (`gemini-flash-latest`) is a new model's. */
function geminiVersion(model: string): number | undefined {
  if (!model.includes("gemini")) return undefined;
  const [, version] = /gemini-(?:[a-z]+-)*(\d{1,2}(?:\.\d{1,2})?)(?!\d)/.exec(model) ?? [];
  return version === undefined ? Number.POSITIVE_INFINITY : Number(version);
}
