/** Servers that speak OpenAI, known by name: where they are and what is particular about them. A preset is a row here. */
export interface Preset {
  readonly baseUrl: string;
  /** The environment variable under which its users keep the key; without one it is a server of one's own. */
  readonly variable?: string;
  /** Takes `stream_options.include_usage`. */
  readonly streamUsage?: boolean;
  /** Has the Responses API; without it the gateway serves that over the server's chat. */
  readonly responses?: boolean;
  /** Model names that are this provider's without saying so; at most one `*` in each. */
  readonly models?: readonly string[];
}

export const presets = {
  groq: { baseUrl: "https://api.groq.com/openai/v1", variable: "GROQ_API_KEY", streamUsage: true },
  deepseek: {
    baseUrl: "https://api.deepseek.com/v1",
    variable: "DEEPSEEK_API_KEY",
    streamUsage: true,
    models: ["deepseek-*"],
  },
  xai: {
    baseUrl: "https://api.x.ai/v1",
    variable: "XAI_API_KEY",
    streamUsage: true,
    responses: true,
    models: ["grok-*"],
  },
  together: { baseUrl: "https://api.together.xyz/v1", variable: "TOGETHER_API_KEY", streamUsage: true },
  fireworks: { baseUrl: "https://api.fireworks.ai/inference/v1", variable: "FIREWORKS_API_KEY", streamUsage: true },
  openrouter: { baseUrl: "https://openrouter.ai/api/v1", variable: "OPENROUTER_API_KEY", streamUsage: true },
  perplexity: { baseUrl: "https://api.perplexity.ai", variable: "PERPLEXITY_API_KEY", models: ["sonar*"] },
  nvidia: { baseUrl: "https://integrate.api.nvidia.com/v1", variable: "NVIDIA_API_KEY", streamUsage: true },
  huggingface: { baseUrl: "https://router.huggingface.co/v1", variable: "HF_TOKEN", streamUsage: true },
  cerebras: { baseUrl: "https://api.cerebras.ai/v1", variable: "CEREBRAS_API_KEY", streamUsage: true },
  vllm: { baseUrl: "http://127.0.0.1:8000/v1", streamUsage: true },
  sglang: { baseUrl: "http://127.0.0.1:30000/v1", streamUsage: true },
  lmstudio: { baseUrl: "http://127.0.0.1:1234/v1", streamUsage: true },
  llamacpp: { baseUrl: "http://127.0.0.1:8080/v1", streamUsage: true },
} as const satisfies Record<string, Preset>;
