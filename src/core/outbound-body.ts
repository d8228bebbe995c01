import type { OutboundBody } from "./provider.ts";

/** A body in one piece, for whoever must see all of it before it is sent. Throws for one that is still arriving. */
export function wholeBody(body: OutboundBody): string | Uint8Array {
  if (body === null) return "";
  if (typeof body === "string" || body instanceof Uint8Array) return body;
  if (Array.isArray(body)) return Buffer.concat(body);
  throw new Error("This body passes through and is never whole.");
}
