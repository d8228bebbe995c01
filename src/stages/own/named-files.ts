/** Files that a request for an answer names: in the account that all tenants share, an id opens anybody's file. */
import type { JsonBody } from "../../protocol/json.ts";
import { isObject } from "../../protocol/json.ts";

const MEMBER = Buffer.from("file_id");
/** A name may be written with escapes; who escapes anything is read in full. */
const ESCAPE = Buffer.from("\\u");

/** Whether it is worth reading the body: a look at its text, which nearly every call ends with. */
export function mayNameFiles(body: JsonBody): boolean {
  // A large body's text would have to be made first.
  if (!body.large) return body.text.includes("file_id") || body.text.includes("\\u");
  const bytes = body.source as Buffer;
  return bytes.includes(MEMBER) || bytes.includes(ESCAPE);
}

/** Every id under `file_id` and `file_ids`, wherever it stands. */
export function filesNamed({ value }: JsonBody): readonly string[] {
  const found = new Set<string>();
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) for (const item of node) visit(item);
    else if (isObject(node)) {
      for (const [name, member] of Object.entries(node)) {
        if (name === "file_id" && typeof member === "string") found.add(member);
        else if (name === "file_ids" && Array.isArray(member)) for (const id of member) found.add(String(id));
        else visit(member);
      }
    }
  };
  visit(value);
  return [...found];
}
