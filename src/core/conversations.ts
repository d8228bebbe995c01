/** Turns of `/v1/responses` that were kept, so that a client can go on from one by its id, on any replica. */

/** One request with its answer. What it holds of the API's JSON stays text: it is stored and given back, rarely read. */
export interface Turn {
  readonly tenant: string;
  /** The id of the answer. */
  readonly id: string;
  /** The turn it went on from. */
  readonly previous: string | null;
  /** The provider that answered, by its name in the configuration. */
  readonly provider: string;
  /** What the client added in this turn: a JSON array of items. Instructions are not part of it. */
  readonly input: string;
  /** The answer: a JSON object, a Response. */
  readonly response: string;
  /** Ids of the answer's items, by which later requests may refer to them. */
  readonly items: readonly string[];
}

/** Where turns are kept. Everything is asked for by tenant: what another tenant kept is not there. */
export interface Conversations {
  /** Keeps a turn for 30 days from its last use. */
  put(turn: Turn): Promise<void>;
  /** The turn and those before it, oldest first; undefined when it, or one before it, is gone. */
  get(tenant: string, id: string): Promise<readonly Turn[] | undefined>;
  /** Whether there was such a turn. What went on from it can no longer be continued. */
  remove(tenant: string, id: string): Promise<boolean>;
}

/** Single turns, whatever became of those before them. */
export interface KeptTurns {
  turn(tenant: string, id: string): Promise<Turn | undefined>;
  /** Every turn whose answer holds one of these items: clients may send a reference in place of an item they were given. */
  holding(tenant: string, items: readonly string[]): Promise<readonly Answered[]>;
}

export type Answered = Pick<Turn, "id" | "provider" | "response">;

/** What a request goes on from, looked up before it is sent. */
export interface Conversation {
  /** The turns before this one, oldest first. */
  readonly earlier: readonly Turn[];
  /** Items that the request names by their ids. */
  readonly referenced: ReadonlyMap<string, ReferencedItem>;
  /** A provider did not know its own answer any more: everybody is told the turns themselves. */
  readonly forgotten?: boolean;
}

export interface ReferencedItem {
  readonly item: { readonly [name: string]: unknown };
  /** The provider whose answer it is part of; empty for what a client said. */
  readonly provider: string;
  /** The id of the turn it stands in. */
  readonly turn: string;
}
