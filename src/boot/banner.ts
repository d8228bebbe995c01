/** What a person reads when the gateway has started: where it is, how to get in, and a line to paste. */

export interface BannerFacts {
  readonly version: string;
  readonly dataUrl: string;
  readonly controlUrl: string;
  /** Where the configuration came from, in words. */
  readonly config: string;
  readonly storage: string;
  readonly providers: readonly string[];
  /** Present only when just made: it cannot be shown again. */
  readonly apiKey: string | undefined;
  readonly adminToken: string | undefined;
  readonly adminTokenFile: string;
  /** A model name that answers here. */
  readonly model: string;
  /** How this program is called, for the hints. */
  readonly command: string;
  readonly processes: number;
}

export function banner(facts: BannerFacts): string {
  const key = facts.apiKey ?? `made at the first start; another one: ${facts.command} keys create my-app`;
  const token = facts.adminToken ?? `in ${facts.adminTokenFile}`;
  const once = facts.apiKey || facts.adminToken ? "\n  Shown once: keep them now.\n" : "";
  return `
  Gatehouse ${facts.version}${facts.processes > 1 ? `, ${facts.processes} processes` : ""}

  API          ${facts.dataUrl}/v1
  Control      ${facts.controlUrl}
  Config       ${facts.config}
  Storage      ${facts.storage}
  Providers    ${facts.providers.join(", ")}
  API key      ${key}
  Admin token  ${token}
${once}
  Try it:

  ${curlLine(facts)}

`;
}

function curlLine({ dataUrl, apiKey, model }: BannerFacts): string {
  const body = JSON.stringify({ model, messages: [{ role: "user", content: "Hello" }] });
  const key = apiKey ?? "${GATEHOUSE_API_KEY}";
  return `curl ${dataUrl}/v1/chat/completions -H "Authorization: Bearer ${key}" -H "Content-Type: application/json" -d '${body}'`;
}
