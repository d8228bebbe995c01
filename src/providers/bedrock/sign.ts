import aws4 from "aws4";
import { wholeBody } from "../../core/outbound-body.ts";
import type { Outbound, Transport } from "../../core/provider.ts";
import type { Credentials, KeptCredentials } from "./credentials.ts";
import { errorTypeOf } from "./error.ts";

export interface SignOptions {
  /** With the path that goes before every request's own. */
  readonly baseUrl: string;
  readonly service: string;
  readonly region: string;
  readonly credentials: KeptCredentials;
  readonly now: () => number;
}

/** Signs every request with AWS Signature Version 4 on its way out. */
export function signed(transport: Transport, options: SignOptions): Transport {
  const sign = signer(options);
  return async (outbound, transportOptions) => {
    const credentials = await options.credentials.get(transportOptions.signal);
    const exchange = await transport({ ...outbound, headers: sign(outbound, credentials) }, transportOptions);
    if (exchange.status === 403 && EXPIRED.test(errorTypeOf(exchange.headers))) options.credentials.forget(credentials);
    return exchange;
  };
}

const EXPIRED = /^(ExpiredToken|UnrecognizedClient|InvalidClientTokenId)/;

type Signer = (outbound: Outbound, credentials: Credentials) => Outbound["headers"];

/**
 * The headers with their signature. Host, body, content type and Amazon's own headers are signed; the rest may be changed
 * by a proxy without harm. The path is encoded once more for the signature, as every service but S3 wants it.
 */
export function signer({ baseUrl, service, region, now }: Omit<SignOptions, "credentials">): Signer {
  const { host, pathname, search } = new URL(baseUrl);
  const prefix = pathname.replace(/\/+$/, "");
  return ({ method, path, headers, body }, { accessKeyId, secretAccessKey, sessionToken }) => {
    const toSign = Object.entries(headers).filter(([name]) => /^(content-type|x-amz-.*)$/i.test(name));
    const request = {
      service,
      region,
      method,
      path: prefix + path + search,
      body: textOf(body),
      headers: { ...Object.fromEntries(toSign), host, "X-Amz-Date": stampOf(now()) },
      extraHeadersToIgnore: { "content-length": true },
    };
    const { headers: made = {} } = aws4.sign(request, { accessKeyId, secretAccessKey, ...token(sessionToken) });
    return {
      ...headers,
      "x-amz-date": String(made["X-Amz-Date"]),
      ...(sessionToken ? { "x-amz-security-token": sessionToken } : {}),
      authorization: String(made.Authorization),
    };
  };
}

/** In one piece: what is signed must be seen whole. */
function textOf(body: Outbound["body"]): string | Buffer {
  const whole = wholeBody(body);
  return typeof whole === "string" ? whole : Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength);
}

function token(sessionToken: string | undefined): { sessionToken?: string } {
  return sessionToken === undefined ? {} : { sessionToken };
}

/** `20261124T120000Z` */
function stampOf(millis: number): string {
  return new Date(millis).toISOString().replace(/[:-]|\.\d{3}/g, "");
}
