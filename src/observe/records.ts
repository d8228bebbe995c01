import type { CallRecord, Records } from "../core/record.ts";
import type { Logs } from "./logger.ts";
import type { Metrics } from "./metrics.ts";

/** Tells each finished call to the log and to the metrics. */
export function createRecords({ logs, metrics }: { logs: Logs; metrics: Metrics }): Records {
  return {
    started: (endpoint) => metrics.started(endpoint),
    write(record) {
      try {
        metrics.finished(record);
        logs.writeLine(logLine(record));
      } catch (error) {
        logs.log.error({ id: record.id, error: String(error) }, "a call's record could not be told");
      }
    },
  };
}

/** Flat, so that every log store can filter by it. Undefined fields are left out. */
function logLine(record: CallRecord): string {
  const { usage, attempts, dropped } = record;
  return `${JSON.stringify({
    level: "info",
    time: Math.round(record.at),
    msg: "call",
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
    errorCode: record.errorCode,
    errorCause: record.errorCause,
    dropped: dropped.length > 0 ? dropped : undefined,
    promptTokens: usage?.promptTokens,
    completionTokens: usage?.completionTokens,
    firstFrameMs: rounded(record.firstFrameMs),
    totalMs: rounded(record.totalMs),
    overheadMs: rounded(record.overheadMs),
  })}\n`;
}

function rounded(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms * 1000) / 1000;
}
