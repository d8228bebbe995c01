import type { Call } from "../core/call.ts";
import type { OpenAIRequest } from "../core/endpoint.ts";
import { asGatewayError, type GatewayError } from "../core/error.ts";
import type { Outcome } from "../core/outcome.ts";
import type { CallRecord, Records } from "../core/record.ts";
import type { Stage } from "../core/stage.ts";

/** In: the call counts as in flight. Out: exactly one record, whether it was answered, refused, broken or left. */
export function observe(records: Records): Stage {
  return async function observe(call, next) {
    records.started(call.endpoint.name);
    try {
      const answer = await next(call);
      answer.outcome.then((outcome) => records.write(recordOf(call, answer.source.target, outcome)));
      return answer;
    } catch (thrown) {
      const error = asGatewayError(thrown);
      records.write(recordOf(call, undefined, failed(call, error)));
      throw error;
    }
  };
}

function failed(call: Call, error: GatewayError): Outcome {
  return {
    end: error.code === "client_left" ? "client-left" : "failed",
    error,
    usage: undefined,
    firstFrameMs: undefined,
    totalMs: performance.now() - call.arrivedAt,
    frames: 0,
  };
}

function recordOf(call: Call, target: string | undefined, outcome: Outcome): CallRecord {
  const { caller, notes, model, endpoint } = call;
  const request = call.request as OpenAIRequest;
  const { error } = outcome;
  return {
    id: call.id,
    at: performance.timeOrigin + call.arrivedAt,
    tenant: caller.tenant,
    team: caller.team,
    keyId: caller.keyId,
    endpoint: endpoint.name,
    entry: model.entry,
    model: model.name,
    stream: endpoint.streams(request),
    status: statusOf(call, target, outcome),
    end: outcome.end,
    errorCode: error?.code,
    errorCause: error && causeOf(error),
    target,
    attempts: notes.attempts,
    dropped: notes.dropped,
    form: notes.form,
    usage: outcome.usage,
    firstFrameMs: outcome.firstFrameMs,
    totalMs: outcome.totalMs,
    overheadMs: notes.overheadMs,
  };
}

/** A stream that broke had already said 200; the record says how it ended beside it. */
function statusOf({ endpoint }: Call, target: string | undefined, { end, error }: Outcome): number {
  if (target !== undefined && end !== "client-left") return 200;
  if (error) return endpoint.errors?.status?.(error) ?? error.status;
  return end === "client-left" ? 499 : 200;
}

function causeOf({ details: { cause } }: GatewayError): string | undefined {
  if (cause === undefined) return undefined;
  if (cause instanceof Error) return `${cause.name}: ${cause.message}`;
  return String(cause);
}
