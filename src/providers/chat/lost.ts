import type { JsonObject } from "../../protocol/json.ts";

/**
 * Names the members of a client's object that a wire does not carry over, where they say something: answers come back
 * with empty members, and with notes that their providers made on them.
 */
export function nameLost(value: JsonObject, known: ReadonlySet<string>, lost: (name: string) => void): void {
  for (const [name, member] of Object.entries(value)) {
    if (!known.has(name) && !NOTES.has(name) && saysSomething(member)) lost(name);
  }
}

/** About an earlier answer, not part of the question. */
const NOTES: ReadonlySet<string> = new Set(["annotations", "citations"]);

function saysSomething(member: unknown): boolean {
  return member !== null && member !== undefined && !(Array.isArray(member) && member.length === 0);
}
