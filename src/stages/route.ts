import type { Answer } from "../core/answer.ts";
import type { Call } from "../core/call.ts";
import type { OpenAIRequest } from "../core/endpoint.ts";
import { asGatewayError, type FailedAttempt, GatewayError } from "../core/error.ts";
import type { Outcome } from "../core/outcome.ts";
import type { Attempt } from "../core/policy.ts";
import type { Next } from "../core/stage.ts";
import { watch } from "../protocol/flow.ts";
import type { HealthBook, TargetHealth } from "../routing/health.ts";
import type { Send, Sent } from "../routing/send.ts";

/** The end of the road: walks the model's policy until a target answers. */
export function route(send: Send, health: HealthBook): Next {
  return async function route(call) {
    const failures: GatewayError[] = [];
    const failed: FailedAttempt[] = [];
    for (const attempt of call.model.policy(failures)) {
      const about = health.of(attempt.target.name);
      let startedAt = 0;
      // One function with the waiting in it: each further one costs every call a promise and a turn of the queue.
      try {
        refuseRetry(call, attempt, about);
        if (attempt.delayMs > 0) await pause(call, attempt.delayMs);
        if (!about.allows()) throw recovering(attempt);
        startedAt = performance.now();
        const sent = await send(call as Call<OpenAIRequest>, attempt.target);
        about.succeeded();
        note(call, attempt, "ok", startedAt);
        return answerOf(call, attempt, sent);
      } catch (thrown) {
        const error = asGatewayError(thrown);
        if (startedAt > 0) {
          blame(about, error);
          note(call, attempt, error.code, startedAt);
        }
        failures.push(error);
        failed.push(failedAttempt(attempt, error));
        if (call.signal.aborted || isFinal(error, call)) throw withAttempts(error, failed);
      }
    }
    throw exhausted(failures, failed);
  };
}

function isFinal(error: GatewayError, { model }: Call): boolean {
  // A field that this target cannot honour ends the call where the policy refuses such calls.
  if (error.details.fields && model.onUnsupported === "reject") return true;
  return !(error.retryable || error.elsewhere);
}

/** Retries may not become the load that keeps a target down. */
function refuseRetry({ notes }: Call, { target }: Attempt, about: TargetHealth): void {
  if (notes.attempts.length === 0 || !notes.attempts.some((note) => note.target === target.name)) return;
  if (about.mayRetry()) return;
  throw new GatewayError("breaker_open", `Too many calls to ${target.name} are retries already.`);
}

async function pause(call: Call, delayMs: number): Promise<void> {
  await call.signal.wait(delayMs);
  call.notes.upstreamMs += delayMs; // waiting on the provider's account, not ours
}

function recovering({ target }: Attempt): GatewayError {
  return new GatewayError("breaker_open", `${target.name} is failing; it is given time to recover.`);
}

function note(call: Call, { target }: Attempt, result: string, startedAt: number): void {
  call.notes.attempts.push({ target: target.name, result, durationMs: performance.now() - startedAt });
}

/** A target is to blame for what it did, not for a client that left or a request that was wrong. */
function blame(about: TargetHealth, error: GatewayError): void {
  const { code, retryable, details } = error;
  if (code === "upstream_quota" || code === "upstream_auth" || (retryable && !details.targetWorks)) about.failed();
  else about.undecided();
}

function answerOf(call: Call, { target }: Attempt, sent: Sent): Answer {
  const { notes } = call;
  notes.dropped = sent.dropped;
  notes.overheadMs = Math.max(0, performance.now() - call.arrivedAt - notes.upstreamMs);
  const source = { target: target.name, provider: target.provider, attempts: notes.attempts.length };
  if (sent.kind === "whole") {
    const { completion } = sent;
    const outcome: Outcome = {
      end: "complete",
      error: undefined,
      usage: completion.usage,
      firstFrameMs: undefined,
      totalMs: performance.now() - call.arrivedAt,
      frames: 0,
    };
    return { kind: "whole", source, completion, outcome: Promise.resolve(outcome) };
  }
  const { promise: outcome, resolve } = Promise.withResolvers<Outcome>();
  const contentType = sent.contentType;
  return { kind: "stream", source, frames: watched(call, sent, resolve), contentType, outcome };
}

function watched(call: Call, { frames, facts }: Extract<Sent, { kind: "stream" }>, tell: (outcome: Outcome) => void) {
  let count = 0;
  let firstFrameMs: number | undefined;
  return watch(frames, {
    each() {
      if (count++ === 0) firstFrameMs = performance.now() - call.arrivedAt;
    },
    end(how, thrown) {
      const error = thrown === undefined ? undefined : asGatewayError(thrown);
      const left = how === "left" || error?.code === "client_left";
      tell({
        end: how === "complete" || facts.finished ? "complete" : left ? "client-left" : "failed",
        error: facts.finished ? undefined : error,
        usage: facts.usage,
        firstFrameMs,
        totalMs: performance.now() - call.arrivedAt,
        frames: count,
      });
    },
  });
}

function failedAttempt({ target }: Attempt, error: GatewayError): FailedAttempt {
  const { providerStatus } = error.details;
  return {
    target: target.name,
    code: error.code,
    message: error.message,
    ...(providerStatus === undefined ? {} : { status: providerStatus }),
  };
}

function withAttempts(error: GatewayError, attempts: readonly FailedAttempt[]): GatewayError {
  return error.with({ attempts });
}

/**
 * When nobody answered: the last error that a target gave, with every attempt and its cause beside it. What was not asked
 * for want of a feature tells less than what was asked and failed.
 */
function exhausted(failures: readonly GatewayError[], attempts: readonly FailedAttempt[]): GatewayError {
  const asked = failures.findLast(({ code }) => code !== "breaker_open" && code !== "unsupported");
  const told = asked ?? failures.findLast(({ code }) => code !== "breaker_open") ?? failures.at(-1);
  if (!told) return new GatewayError("no_target", "The model's policy names no target.");
  return withAttempts(told, attempts);
}
