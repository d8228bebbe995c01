import { tryParse } from "../protocol/json.ts";
import { readUsage, type Usage } from "../protocol/openai.ts";

/**
 * The usage object near the end of a body, without parsing the rest (an answer of embeddings is megabytes).
 * Inside a JSON string a quote is escaped, so `"usage":` can only be a member's name.
 */
export function usageIn(body: Buffer, read = readUsage): Usage | undefined {
  for (let at = body.lastIndexOf('"usage"'); at >= 0; at = at === 0 ? -1 : body.lastIndexOf('"usage"', at - 1)) {
    const usage = read(objectAfter(body, at + 7));
    if (usage) return usage;
  }
  return undefined;
}

/** The JSON object that follows a member's name, or undefined. Usage objects hold numbers, never a brace in a string. */
function objectAfter(body: Buffer, from: number): unknown {
  let at = from;
  while (at < body.length && (body[at] === 58 || body[at]! <= 32)) at++;
  if (body[at] !== 123) return undefined;
  let depth = 0;
  for (let end = at; end < body.length; end++) {
    if (body[end] === 123) depth++;
    else if (body[end] === 125 && --depth === 0) return tryParse(body.toString("latin1", at, end + 1));
  }
  return undefined;
}
