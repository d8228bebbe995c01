import type { Answer, StreamAnswer, WholeAnswer } from "../core/answer.ts";
import type { Call } from "../core/call.ts";
import type { Answered, Conversation, Conversations, KeptTurns, ReferencedItem, Turn } from "../core/conversations.ts";
import type { OpenAIRequest } from "../core/endpoint.ts";
import { GatewayError } from "../core/error.ts";
import type { Next, Stage } from "../core/stage.ts";
import { Frame } from "../protocol/frame.ts";
import { isObject, JsonBody, type JsonObject, tryParse } from "../protocol/json.ts";
import { inputItems, RESPONSE_ENDS, typeOfItem } from "../protocol/responses.ts";

/**
 * In: what a request goes on from is looked up. Out: the turn is kept before its client has read the end of the answer, so
 * that any replica can go on from it at once. Here alone a call waits for the database, and never for long: the store says
 * `storage_unavailable` in time. An answer that could not be kept is not lost, since it is paid for: it says `store: false`.
 */
export function converse(store: Conversations & KeptTurns): Stage {
  return (call, next) => (call.endpoint.converses ? carryOn(call as Call<OpenAIRequest>, next, store) : next(call));
}

type Store = Parameters<typeof converse>[0];

async function carryOn(call: Call<OpenAIRequest>, next: Next, store: Store): Promise<Answer> {
  const { request } = call;
  const conversation = await conversationOf(call, store);
  const answer = conversation
    ? await continued({ ...call, request: { ...request, conversation } }, next)
    : await next(call);
  if (request.body.value.store === false) return answer;
  const keep = (response: JsonObject) => keepTurn(response, { call, answer, conversation, store });
  return answer.kind === "whole" ? keptWhole(answer, keep) : { ...answer, frames: keptFrames(answer.frames, keep) };
}

/** Providers keep answers for a time of their own, and not beyond the account that asked: what they forgot is here. */
async function continued(call: Call<OpenAIRequest>, next: Next): Promise<Answer> {
  try {
    return await next(call);
  } catch (error) {
    if (!(error instanceof GatewayError) || !FORGOTTEN.has(error.details.providerCode)) throw error;
    const { request } = call;
    return next({
      ...call,
      request: { ...request, conversation: { ...request.conversation!, forgotten: true } },
    } as Call);
  }
}

const FORGOTTEN: ReadonlySet<unknown> = new Set(["previous_response_not_found"]);

/** Undefined when the request stands for itself. Throws when what it names is not there for this tenant. */
async function conversationOf(
  { request, caller }: Call<OpenAIRequest>,
  store: Store,
): Promise<Conversation | undefined> {
  const { previous_response_id: previous, input } = request.body.value;
  const ids = inputItems(input).flatMap((item) => (typeOfItem(item) === "item_reference" ? String(item.id) : []));
  if (typeof previous !== "string" && ids.length === 0) return undefined;
  const earlier = typeof previous === "string" ? await earlierTurns(store, caller.tenant, previous) : [];
  return { earlier, referenced: await referencedItems(store, { tenant: caller.tenant, ids, earlier }) };
}

async function earlierTurns(store: Store, tenant: string, id: string): Promise<readonly Turn[]> {
  const turns = isId(id) ? await store.get(tenant, id) : undefined;
  if (turns) return turns;
  throw new GatewayError("invalid_request", `Previous response with id '${id.slice(0, MAX_ID)}' not found.`, {
    param: "previous_response_id",
    providerCode: "previous_response_not_found",
  });
}

const MAX_ID = 200;

/** What no provider gives as an id need not be looked for. */
function isId(id: unknown): id is string {
  return typeof id === "string" && id.length <= MAX_ID && /^[\x21-\x7e]+$/.test(id);
}

interface Wanted {
  readonly tenant: string;
  readonly ids: readonly string[];
  readonly earlier: readonly Turn[];
}

async function referencedItems(store: Store, { tenant, ids, earlier }: Wanted): Promise<Conversation["referenced"]> {
  const found = new Map<string, ReferencedItem>();
  if (ids.length === 0) return found;
  // What a client said no provider knows by the client's id.
  for (const { input, id } of earlier) addAll(found, inputItems(tryParse(input)), { provider: "", turn: id });
  addItems(found, earlier);
  const missing = ids.filter((id) => !found.has(id) && isId(id));
  if (missing.length > 0) addItems(found, await store.holding(tenant, missing));
  const gone = ids.find((id) => !found.has(id));
  if (gone === undefined) return found;
  throw new GatewayError("not_found", `Item with id '${gone.slice(0, MAX_ID)}' not found.`, { param: "input" });
}

function addItems(found: Map<string, ReferencedItem>, answers: readonly Answered[]): void {
  for (const { provider, id, response } of answers) {
    const answer = tryParse(response);
    if (isObject(answer)) addAll(found, inputItems(answer.output), { provider, turn: id });
  }
}

function addAll(
  found: Map<string, ReferencedItem>,
  items: readonly JsonObject[],
  from: Pick<ReferencedItem, "provider" | "turn">,
): void {
  for (const item of items) if (typeof item.id === "string") found.set(item.id, { item, ...from });
}

interface Kept {
  readonly call: Call<OpenAIRequest>;
  readonly answer: Answer;
  readonly conversation: Conversation | undefined;
  readonly store: Store;
}

/** False when the turn should have been kept and could not. */
async function keepTurn(response: JsonObject, { call, answer, conversation, store }: Kept): Promise<boolean> {
  if (!isId(response.id) || !KEPT.has(response.status)) return true;
  const { input, previous_response_id: previous } = call.request.body.value;
  const said = inputItems(input).map((item) => referredTo(item, conversation) ?? item);
  const turn: Turn = {
    tenant: call.caller.tenant,
    id: response.id,
    previous: typeof previous === "string" ? previous : null,
    provider: answer.source.provider,
    input: JSON.stringify(said),
    response: JSON.stringify(response),
    items: inputItems(response.output)
      .map(({ id }) => id)
      .filter(isId),
  };
  try {
    await store.put(turn);
    return true;
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    call.notes.dropped = [...call.notes.dropped, "store"];
    return false;
  }
}

function referredTo(item: JsonObject, conversation: Conversation | undefined): JsonObject | undefined {
  if (typeOfItem(item) !== "item_reference") return undefined;
  return conversation?.referenced.get(String(item.id))?.item;
}

const KEPT: ReadonlySet<unknown> = new Set(["completed", "incomplete"]);

type Keep = (response: JsonObject) => Promise<boolean>;

async function keptWhole(answer: WholeAnswer, keep: Keep): Promise<WholeAnswer> {
  const text = textOf(answer.completion.body);
  const response = tryParse(text);
  if (!isObject(response) || (await keep(response))) return answer;
  const body = JsonBody.parse(text, NO_LIMITS).edit({ store: false });
  return { ...answer, completion: { ...answer.completion, body } };
}

/** It has been parsed already. */
const NO_LIMITS = { maxDepth: Number.POSITIVE_INFINITY, maxValues: Number.POSITIVE_INFINITY };

function textOf(body: Uint8Array | string): string {
  return typeof body === "string" ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();
}

/** Passes frames through; the one that ends the answer waits until the turn is kept. */
function keptFrames(frames: StreamAnswer["frames"], keep: Keep): AsyncIterableIterator<Frame> {
  const source = frames[Symbol.asyncIterator]();
  return {
    next() {
      return source.next().then((result) => {
        if (result.done || !mayEnd(result.value)) return result;
        return keptFrame(result.value, keep).then((value) => ({ done: false, value }));
      });
    },
    return() {
      return source.return?.() ?? Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

const ENDS = [...RESPONSE_ENDS].map((type) => Buffer.from(`"${type}"`));

function mayEnd({ bytes }: Frame): boolean {
  return ENDS.some((end) => (bytes as Buffer).indexOf(end) !== -1);
}

async function keptFrame(frame: Frame, keep: Keep): Promise<Frame> {
  const end = frame.events.find(({ json }) => isObject(json) && RESPONSE_ENDS.has(json.type));
  const json = end?.json;
  if (!isObject(json) || !isObject(json.response) || (await keep(json.response))) return frame;
  const data = JSON.stringify({ ...json, response: { ...json.response, store: false } });
  return Frame.ofEvents(frame.events.map((event) => (event === end ? { ...event, data } : event)));
}
