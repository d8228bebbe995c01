import type { Usage } from "../protocol/openai.ts";
import type { FormNote } from "./answer-form.ts";
import type { AttemptNote } from "./call.ts";
import type { EndpointName } from "./endpoint.ts";

/** The one wide event about a call: log line and metrics are functions of it. Holds no prompt, no answer and no secret. */
export interface CallRecord {
  /** UUIDv7 of the call. */
  readonly id: string;
  /** Milliseconds since 1970 at arrival. */
  readonly at: number;
  readonly tenant: string;
  readonly team: string;
  readonly keyId: string;
  readonly endpoint: EndpointName;
  /** The configuration's entry the model matched, `other` for an unknown one. Few values: fit for a metric's label. */
  readonly entry: string;
  /** The model as the application asked for it. */
  readonly model: string;
  readonly stream: boolean;
  /** HTTP status of the answer; 499 when the client left first. */
  readonly status: number;
  readonly end: "complete" | "client-left" | "failed";
  readonly errorCode: string | undefined;
  /** For the operator: what stood behind the error. */
  readonly errorCause: string | undefined;
  readonly target: string | undefined;
  readonly attempts: readonly AttemptNote[];
  readonly dropped: readonly string[];
  /** Whether the answer had the form its request promises, where it promises one. */
  readonly form: FormNote | undefined;
  readonly usage: Usage | undefined;
  readonly firstFrameMs: number | undefined;
  readonly totalMs: number;
  /** The gateway's own time before the answer's first byte. */
  readonly overheadMs: number;
}

/** Where finished calls are told. Never throws: telling about a call must not break it. */
export interface Records {
  started(endpoint: EndpointName): void;
  /** Exactly once for each call that was started. */
  write(record: CallRecord): void;
}
