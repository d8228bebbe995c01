import type { CallRecord, Records } from "../core/record.ts";
import type { Logger } from "./logger.ts";
import type { Metrics } from "./metrics.ts";

/** Tells each finished call to the log and to the metrics. */
export function createRecords({ log, metrics }: { log: Logger; metrics: Metrics }): Records {
  return {
    started: (endpoint) => metrics.started(endpoint),
    write(record) {
      try {
        metrics.finished(record);
        log.info(logLine(record), "call");
      } catch (error) {
        log.error({ id: record.id, error: String(error) }, "a call's record could not be told");
      }
    },
  };
}

/** Flat, so that every log store can filter by it. */
function logLine(record: CallRecord): Record<string, unknown> {
  const { usage, attempts, errorCode, errorCause, dropped } = record;
  return {
    id: record.id,
    tenant: record.tenant,
    team: record.team,
    key: record.keyId,
    endpoint: record.endpoint,
    model: record.model,
    stream: record.stream,
    status: record.status,
    end: record.end,
    target: record.target,
    attempts: attempts.length,
    tried: attempts.length > 1 ? attempts.map(({ target, result }) => `${target}: ${result}`) : undefined,
    errorCode,
    errorCause,
    dropped: dropped.length > 0 ? dropped : undefined,
    promptTokens: usage?.promptTokens,
    completionTokens: usage?.completionTokens,
    firstFrameMs: rounded(record.firstFrameMs),
    totalMs: rounded(record.totalMs),
    overheadMs: rounded(record.overheadMs),
  };
}

function rounded(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms * 1000) / 1000;
}
