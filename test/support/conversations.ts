import type { Conversations, KeptTurns, Turn } from "../../src/core/conversations.ts";

/** Turns in memory, for suites that need no database. */
export function conversationsInMemory(): Conversations & KeptTurns {
  const turns = new Map<string, Turn>();
  const key = (tenant: string, id: string) => `${tenant} ${id}`;
  const chain = (tenant: string, id: string): readonly Turn[] | undefined => {
    const turn = turns.get(key(tenant, id));
    if (!turn || turn.previous === null) return turn && [turn];
    const before = chain(tenant, turn.previous);
    return before && [...before, turn];
  };
  return {
    put: async (turn) => void turns.set(key(turn.tenant, turn.id), turn),
    get: async (tenant, id) => chain(tenant, id),
    turn: async (tenant, id) => turns.get(key(tenant, id)),
    remove: async (tenant, id) => turns.delete(key(tenant, id)),
    holding: async (tenant, items) =>
      [...turns.values()].filter((turn) => turn.tenant === tenant && turn.items.some((id) => items.includes(id))),
  };
}
