/** A client that shows an answer as it came: no SDK, no repair. */
import { type IncomingHttpHeaders, request } from "node:http";

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** False when the connection broke before the answer was over. */
  readonly complete: boolean;
}

export interface HttpRequest {
  readonly url: string;
  readonly method?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly timeoutMs: number;
  /** Called with every part of the answer's body. */
  readonly onData?: (() => void) | undefined;
}

/** Rejects when there is no answer at all, or none within `timeoutMs`. */
export function send({ url, method = "POST", headers, body, timeoutMs, onData }: HttpRequest): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const outgoing = request(url, {
      method,
      agent: false,
      signal: AbortSignal.timeout(timeoutMs),
      headers: text === undefined ? headers : { "content-type": "application/json", ...headers },
    });
    outgoing.on("error", reject);
    outgoing.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        onData?.();
      });
      response.on("error", () => undefined);
      response.on("close", () => {
        const { statusCode: status = 0, complete } = response;
        resolve({ status, headers: response.headers, body: Buffer.concat(chunks), complete });
      });
    });
    outgoing.end(text);
  });
}
