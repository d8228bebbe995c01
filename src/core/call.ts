import type { FormNote } from "./answer-form.ts";
import type { Endpoint } from "./endpoint.ts";
import type { ModelPolicy } from "./policy.ts";
import type { CallSignal } from "./signal.ts";

/** Who is asking. A call without a tenant cannot be built. */
export interface Caller {
  readonly tenant: string;
  readonly team: string;
  readonly keyId: string;
  readonly keyName: string;
  readonly tags: readonly string[];
}

/** One request on the road: replaced, never mutated; only `notes` is written, and only `observe` reads it. */
export interface Call<Request = unknown> {
  /** UUIDv7: sorts by time, is the record's key. */
  readonly id: string;
  /** Milliseconds on the monotonic clock (`performance.now()`). */
  readonly arrivedAt: number;
  readonly caller: Caller;
  readonly endpoint: Endpoint<Request>;
  readonly model: ModelPolicy;
  readonly request: Request;
  /** Fires when the client left, a deadline passed or we are stopping. */
  readonly signal: CallSignal;
  readonly notes: Notes;
}

/** Facts about a call, gathered on the way for its record. */
export interface Notes {
  attempts: AttemptNote[];
  /** Time spent waiting for providers before the answer's first byte, in milliseconds. */
  upstreamMs: number;
  /** The gateway's own time before the answer began: arrival to answer, less the waiting for providers. */
  overheadMs: number;
  /** Request fields the answering target could not honour. */
  dropped: readonly string[];
  /** What the provider told in headers for the client to know: names and values in turn. */
  told: readonly string[];
  /** Whether the answer has the form its request promises, where it promises one. */
  form: FormNote | undefined;
}

export interface AttemptNote {
  readonly target: string;
  /** Error code, or `ok` for the attempt that answered. */
  readonly result: string;
  readonly durationMs: number;
}

export function emptyNotes(): Notes {
  return { attempts: [], upstreamMs: 0, overheadMs: 0, dropped: NOTHING, told: NOTHING, form: undefined };
}

const NOTHING: readonly string[] = [];
