/** An error status from the provider, told in OpenAI's shape. */
import { isObject, type JsonObject } from "../../src/protocol/json.ts";
import { brief } from "./difference.ts";

export function compareError(answer: unknown, recorded: unknown, providerStatus: number): string[] {
  const error = isObject(answer) ? answer.error : undefined;
  if (!isObject(error)) return [`an error without an \`error\` object: ${brief(answer)}`];
  const faults = shapeFaults(error);
  if (!ABOUT_THE_REQUEST.has(providerStatus)) return faults;
  const message = messageIn(recorded);
  if (message !== undefined && !String(error.message).includes(message)) {
    faults.push(`error.message: expected the provider's ${brief(message)}, got ${brief(error.message)}`);
  }
  const code = isObject(recorded) && isObject(recorded.error) ? recorded.error.code : undefined;
  if (typeof code === "string" && error.code !== code) {
    faults.push(`error.code: expected the provider's ${brief(code)}, got ${brief(error.code)}`);
  }
  return faults;
}

/** What a client can mend it must be able to read; behind every other status stands the operator's own account. */
const ABOUT_THE_REQUEST = new Set([400, 404, 413, 422]);

/** Clients of OpenAI's API read these three. */
export function shapeFaults(error: JsonObject): string[] {
  const faults: string[] = [];
  if (typeof error.message !== "string" || error.message === "") faults.push("error.message is no text");
  if (typeof error.type !== "string" || error.type === "") faults.push("error.type is no text");
  if (error.code !== null && typeof error.code !== "string") faults.push(`error.code is ${brief(error.code)}`);
  return faults;
}

/** Providers that speak no OpenAI put their message elsewhere: `message`, `detail`, or a bare string in `error`. */
export function messageIn(recorded: unknown): string | undefined {
  if (!isObject(recorded)) return undefined;
  const { error, message, detail } = recorded;
  const candidates = [isObject(error) ? error.message : error, message, detail];
  return candidates.find((candidate): candidate is string => typeof candidate === "string");
}
