/** What providers tell in headers about their limits and about a request, in the names that OpenAI's clients know. */

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * Names and values in turn, for the client of an answer: OpenAI's six `x-ratelimit-*` and the provider's id of the
 * request, as far as the provider told them. A wait becomes a duration as OpenAI writes it (`12.5s`); text that is
 * neither number nor time passes as it is. Costs a look at each header's name and, when there is nothing, no allocation.
 */
export function toldInHeaders(headers: Headers, now: () => number = Date.now): readonly string[] {
  let told: string[] | undefined;
  for (const name in headers) {
    if (!name.includes("ratelimit")) continue;
    told = rateLimitsIn(headers, now);
    break;
  }
  const id = requestIdIn(headers);
  if (id === undefined) return told ?? NOTHING;
  told ??= [];
  told.push("x-gatehouse-provider-request-id", id);
  return told;
}

const NOTHING: readonly string[] = [];

function rateLimitsIn(headers: Headers, now: () => number): string[] {
  const told: string[] = [];
  for (const [name, sources] of SOURCES) {
    const value = firstOf(headers, sources);
    if (value !== undefined) told.push(name, name.includes("-reset-") ? duration(value, now) : value);
  }
  return told;
}

/** Where each number stands: OpenAI, Azure, Groq and xAI first, then Anthropic, then those with a name for each period, then bare ones. */
const SOURCES: readonly (readonly [string, readonly string[]])[] = ["limit", "remaining", "reset"].flatMap((what) => [
  [
    `x-ratelimit-${what}-requests`,
    [
      `x-ratelimit-${what}-requests`,
      `anthropic-ratelimit-requests-${what}`,
      `x-ratelimit-${what}-requests-minute`,
      `x-ratelimit-${what}-req-minute`,
      `x-ratelimit-${what}-requests-day`,
      `x-ratelimit-${what}`,
      `ratelimit-${what}`,
    ],
  ] as const,
  [
    `x-ratelimit-${what}-tokens`,
    [
      `x-ratelimit-${what}-tokens`,
      `anthropic-ratelimit-tokens-${what}`,
      `x-ratelimit-${what}-tokens-minute`,
      `x-tokenlimit-${what}`,
    ],
  ] as const,
]);

function firstOf(headers: Headers, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = headers[name];
    const text = typeof value === "string" ? value : value?.[0];
    if (text !== undefined && SENDABLE.test(text)) return text;
  }
  return undefined;
}

/** A header of ours holds visible ASCII, and no more of a provider's than makes sense. */
const SENDABLE = /^[\x20-\x7e]{1,128}$/;

function requestIdIn(headers: Headers): string | undefined {
  const id =
    headers["x-request-id"] ?? headers["request-id"] ?? headers["x-amzn-requestid"] ?? headers["apim-request-id"];
  return typeof id === "string" && SENDABLE.test(id) ? id : undefined;
}

/** Seconds since 1970 are far beyond any wait. */
const FIRST_TIMESTAMP = 1_000_000_000;

/** Providers write seconds, a moment in seconds or milliseconds since 1970, a date, or (OpenAI) a duration. */
function duration(value: string, now: () => number): string {
  const number = Number(value);
  if (value.trim() !== "" && Number.isFinite(number)) {
    if (number < FIRST_TIMESTAMP) return `${number}s`;
    return until(number > FIRST_TIMESTAMP * 100 ? number : number * 1000, now);
  }
  return ISO_DATE.test(value) && !Number.isNaN(Date.parse(value)) ? until(Date.parse(value), now) : value;
}

const ISO_DATE = /^\d{4}-\d{2}-\d{2}T/;

function until(at: number, now: () => number): string {
  return `${Math.max(0, at - now()) / 1000}s`;
}
