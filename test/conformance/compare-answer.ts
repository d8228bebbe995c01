/** The client's side: everything that is checked about one answer. */
import { isObject, tryParse } from "../../src/protocol/json.ts";
import type { HttpAnswer } from "./client.ts";
import { compareChat } from "./compare-chat.ts";
import { compareEmbeddings } from "./compare-embeddings.ts";
import { compareError } from "./compare-error.ts";
import { compareStream } from "./compare-stream.ts";
import { brief } from "./difference.ts";
import { statusesFor } from "./expected-status.ts";
import { readWhole } from "./reading.ts";
import { readResponse } from "./reading-responses.ts";
import { bodyBytes, type Recording } from "./recording.ts";
import type { SchemaCheck } from "./schema.ts";
import { compareWholeBytes } from "./unchanged.ts";
import type { Supported } from "./wires.ts";

export interface AnswerCheck {
  readonly recording: Recording;
  readonly supported: Supported;
  readonly answer: HttpAnswer;
  /** Undefined when there is no specification to check against. */
  readonly schemas: SchemaCheck | undefined;
  /** True when no gateway stands between client and stub: the recording is compared with itself. */
  readonly direct: boolean;
}

export interface Verdict {
  readonly faults: readonly string[];
  /** What is wrong with the provider's own bytes and rightly passed on. */
  readonly notes: readonly string[];
}

export function compareAnswer(check: AnswerCheck): Verdict {
  const { recording, answer, direct } = check;
  const { status } = recording.response;
  if (!direct && failsBeforeItBegins(recording) && answer.status >= 400) return compareEarlyError(check);
  const statuses = direct ? [status] : statusesFor(status);
  if (!statuses.includes(answer.status)) {
    const got = `${answer.status} ${brief(answer.body.toString("utf8"))}`;
    return { faults: [`status: expected ${statuses.join(" or ")}, got ${got}`], notes: [] };
  }
  const streams = status < 400 && recording.client?.body.stream === true;
  const type = streams ? "text/event-stream" : "application/json";
  const { faults, notes } = streams ? compareStream(check) : status < 400 ? compareWhole(check) : compareRefusal(check);
  return { faults: [...contentTypeFaults(answer, type), ...faults], notes };
}

/**
 * OpenAI's Responses streams announce an answer and then may fail, under HTTP 200. The gateway promises nothing before there
 * is something to say, so that another target can still be asked; its client reads the error with its true status.
 */
function failsBeforeItBegins({ client, expect, response }: Recording): boolean {
  const streams = client?.api === "responses" && client.body.stream === true && expect?.error_in_body !== undefined;
  return streams && !response.body.includes("response.output_item.added");
}

function compareEarlyError({ answer, schemas }: AnswerCheck): Verdict {
  const body = tryParse(answer.body.toString("utf8"));
  const faults = [...contentTypeFaults(answer, "application/json"), ...compareError(body, undefined, answer.status)];
  return { faults: [...faults, ...(schemas?.("ErrorResponse", body) ?? [])], notes: [] };
}

function contentTypeFaults({ headers }: HttpAnswer, wanted: string): string[] {
  const got = headers["content-type"];
  return got?.startsWith(wanted) ? [] : [`content-type: expected ${wanted}, got ${brief(got)}`];
}

function compareRefusal({ recording, supported, answer, schemas, direct }: AnswerCheck): Verdict {
  if (direct) return { faults: compareWholeBytes(bodyBytes(recording), answer.body), notes: [] };
  const body = tryParse(answer.body.toString("utf8"));
  const faults = compareError(body, tryParse(recording.response.body), recording.response.status);
  if (supported.endpoint.api === "messages") return { faults: [...faults, ...messagesErrorFaults(body)], notes: [] };
  return { faults: [...faults, ...(schemas?.("ErrorResponse", body) ?? [])], notes: [] };
}

/** How Anthropic's clients tell an error from an answer. */
function messagesErrorFaults(body: unknown): string[] {
  const { type, request_id: id } = isObject(body) ? body : {};
  const faults = type === "error" ? [] : [`an error of type ${brief(type)}`];
  return typeof id === "string" ? faults : [...faults, "an error without request_id"];
}

function compareWhole({ recording, supported, answer, schemas }: AnswerCheck): Verdict {
  const { wire, endpoint } = supported;
  const { expect } = recording;
  const body = tryParse(answer.body.toString("utf8"));
  const faults = answer.complete ? [] : ["the connection broke before the answer was over"];
  if (expect && endpoint.api === "chat.completions") faults.push(...compareChat(readWhole(body), expect));
  if (expect && endpoint.api === "responses") faults.push(...compareChat(readResponse(body), expect));
  if (expect && endpoint.api === "embeddings") {
    faults.push(...compareEmbeddings(body, tryParse(recording.response.body), expect));
  }
  const changes = wire.translated ? [] : compareWholeBytes(bodyBytes(recording), answer.body);
  const schemaFaults = (endpoint.wholeSchema && schemas?.(endpoint.wholeSchema, body)) || [];
  const passedOn = !wire.translated && changes.length === 0;
  return {
    faults: [...faults, ...changes, ...(passedOn ? [] : schemaFaults)],
    notes: passedOn ? schemaFaults : [],
  };
}
