/** What a provider's refusal tells, made safe to pass on. */

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The wait a provider asks for: `retry-after-ms`, or `retry-after` as seconds or a date. Text it cannot read is no wait. */
export function retryAfterMs(headers: Headers, now: () => number = Date.now): number | undefined {
  const millis = Number(headers["retry-after-ms"] ?? Number.NaN);
  const after = headers["retry-after"];
  const seconds = Number(after ?? Number.NaN);
  // Azure sends `retry-after: 1` together with `retry-after-ms: 0`: the longer wait is the true one.
  const waits = [millis, seconds * 1000].filter((wait) => Number.isFinite(wait) && wait >= 0);
  if (waits.length > 0) return Math.max(...waits);
  const date = typeof after === "string" ? Date.parse(after) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now());
}

const MAX_TEXT = 1000;

/** A provider's words, shortened and without anything that looks like a key: providers echo what they were sent. */
export function clientText(text: string): string {
  const short = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
  return short.replace(SECRET, "[redacted]").replace(CONTROL, " ");
}

// Provider keys (sk-…, gsk_…, AIza…, xai-…), bearer tokens, and our own keys.
const SECRET = /\b(?:sk|rk|pk|gsk|xai|pplx|hf|key|gate)[-_][A-Za-z0-9*_-]{8,}|\bAIza[\w*-]{10,}|\bBearer\s+\S+/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f]/g;
