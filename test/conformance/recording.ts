/** Recordings as they lie in a folder: one JSON file is one exchange with a provider. The format is described in ../shared/recordings/README.md. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isObject, type JsonObject, tryParse } from "../../src/protocol/json.ts";

export interface Recording {
  /** The file's name, the recording's only identity. */
  readonly file: string;
  readonly provider: string;
  readonly request: { readonly method: string; readonly url: string; readonly body: JsonObject };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
    readonly encoding?: "base64";
  };
  /** Absent where no client of OpenAI's API could have sent such a request. */
  readonly client: ClientRequest | undefined;
  readonly expect: Expectation | undefined;
  readonly meta: { readonly endpoint: string };
}

interface ClientRequest {
  readonly api: string;
  readonly derived: string;
  /** What of the recorded request has no form in OpenAI's API. */
  readonly lossy: readonly string[];
  readonly body: JsonObject;
}

/** What a correct answer keeps; absent fields are not checked, except where `compare-chat.ts` says so. */
export interface Expectation {
  readonly text?: string;
  readonly text_by_choice?: Readonly<Record<string, string>>;
  readonly tool_calls?: readonly { readonly name: string; readonly arguments: unknown }[];
  readonly reasoning_text?: string;
  readonly openai_finish_reason?: string | null;
  readonly usage?: Readonly<Record<string, number | null>> | null;
  readonly refusal?: string | null;
  readonly error_in_body?: unknown;
  readonly choices?: number;
  readonly vectors?: number;
  readonly dims?: number;
  readonly usage_native?: JsonObject | null;
  readonly error?: boolean;
  readonly status?: number;
  readonly body?: unknown;
}

export interface Folder {
  readonly recordings: readonly Recording[];
  /** Files that are no recordings. */
  readonly unreadable: readonly { readonly file: string; readonly why: string }[];
}

/** Reads the folder's `*.json` whose names match `only`; throws when the folder cannot be read. */
export function loadRecordings(folder: string, only: string | undefined): Folder {
  const recordings: Recording[] = [];
  const unreadable: { file: string; why: string }[] = [];
  const files = readdirSync(folder).filter((file) => file.endsWith(".json") && matches(file, only));
  for (const file of files.sort()) {
    const value = tryParse(readFileSync(join(folder, file), "utf8"));
    const why = faultOf(value);
    if (why === undefined) recordings.push({ ...(value as Omit<Recording, "file">), file });
    else unreadable.push({ file, why: `not a recording: ${why}` });
  }
  return { recordings, unreadable };
}

/** A pattern with `*` or `?` must match the whole name (with or without `.json`); any other is looked for inside it. */
export function matches(file: string, pattern: string | undefined): boolean {
  if (pattern === undefined) return true;
  if (!/[*?]/.test(pattern)) return file.includes(pattern);
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  const expression = new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`);
  return expression.test(file) || expression.test(file.slice(0, -".json".length));
}

export function bodyBytes(recording: Recording): Buffer {
  return Buffer.from(recording.response.body, recording.response.encoding ?? "utf8");
}

function faultOf(value: unknown): string | undefined {
  if (!isObject(value)) return "no JSON object";
  const { provider, request, response, meta, client } = value;
  if (typeof provider !== "string") return "no `provider`";
  if (!isObject(request) || typeof request.url !== "string" || !URL.canParse(request.url)) return "no `request.url`";
  if (!isObject(request.body)) return "no `request.body`";
  if (!isObject(response) || typeof response.status !== "number") return "no `response.status`";
  if (typeof response.body !== "string" || !isObject(response.headers)) return "no `response.body` or no headers";
  if (!isObject(meta) || typeof meta.endpoint !== "string") return "no `meta.endpoint`";
  const hasClient = isObject(client) && isObject(client.body) && Array.isArray(client.lossy);
  if (client !== undefined && client !== null && !hasClient) return "a `client` without `body` or `lossy`";
  return undefined;
}
