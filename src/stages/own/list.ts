import type { WholeAnswer } from "../../core/answer.ts";
import type { Call } from "../../core/call.ts";
import { GatewayError } from "../../core/error.ts";
import type { ObjectKind, ObjectRequest, ObjectStore } from "../../core/objects.ts";
import type { Next } from "../../core/stage.ts";
import { isObject, type JsonObject } from "../../protocol/json.ts";
import { answerJson, objectsIn } from "./answers.ts";

export interface ListOptions {
  readonly objects: ObjectStore;
  readonly provider: string;
  readonly kind: ObjectKind;
}

/** What a page holds when the client does not say, and at most: OpenAI's numbers. */
const PAGE = { file: [10_000, 10_000], batch: [20, 100], fine_tuning_job: [20, 100] } as const;
/** A provider's account is shared by all tenants: this many of its pages are looked through for one page of one tenant's own. */
const MAX_PAGES = 100;
/** Few of the client's own can be among many: pages are asked for larger than the client wants them. */
const MIN_PAGE = 100;

/** One page of the tenant's own, from as many of the provider's as it takes. */
export async function listOwn(call: Call<ObjectRequest>, next: Next, options: ListOptions): Promise<WholeAnswer> {
  const { wanted, size, after } = pageOf(call.request, options.kind);
  const kept: JsonObject[] = [];
  let cursor = after;
  for (let page = 1; ; page++) {
    const answer = await askPage(call, next, { size, after: cursor });
    const json = answerJson(answer);
    const all = Array.isArray(json.data) ? json.data.filter(isObject) : [];
    kept.push(...(await ownAmong(all, call, options)));
    cursor = lastId(all);
    const more = json.has_more === true && cursor !== undefined;
    if (kept.length >= wanted || !more) return listAnswer(answer, { kept, wanted, more });
    if (page === MAX_PAGES) throw tooMany();
  }
}

interface Page {
  readonly wanted: number;
  /** Not asked for where the client did not: not every server of files knows it. */
  readonly size: number | undefined;
  readonly after: string | undefined;
}

function pageOf({ path }: ObjectRequest, kind: ObjectKind): Page {
  const query = queryOf(path);
  const [usual, most] = PAGE[kind];
  const limit = query.get("limit");
  const wanted = limit === null ? usual : Number(limit);
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > most) {
    throw new GatewayError("invalid_request", `'limit' must be a whole number from 1 to ${most}.`, { param: "limit" });
  }
  const size = limit === null && kind === "file" ? undefined : Math.max(wanted, MIN_PAGE);
  return { wanted, size, after: query.get("after") ?? undefined };
}

function queryOf(path: string): URLSearchParams {
  return new URLSearchParams(path.split("?")[1] ?? "");
}

async function askPage(
  call: Call<ObjectRequest>,
  next: Next,
  { size, after }: Pick<Page, "size" | "after">,
): Promise<WholeAnswer> {
  const { request, notes } = call;
  const query = queryOf(request.path);
  if (size !== undefined) query.set("limit", String(size));
  if (after !== undefined) query.set("after", after);
  const path = [request.path.split("?")[0], query.toString()].filter((part) => part !== "").join("?");
  // A page is no second try of the one before it.
  notes.attempts = [];
  const answer = await next({ ...call, request: { ...request, path } });
  if (answer.kind === "whole") return answer;
  throw new GatewayError("internal_error", "A list came as a stream.");
}

async function ownAmong(
  all: readonly JsonObject[],
  { caller: { tenant } }: Call,
  { objects, provider, kind }: ListOptions,
): Promise<JsonObject[]> {
  const ids = all.map(({ id }) => id).filter((id) => typeof id === "string");
  const held = (await objects.find(tenant, ids)).filter((one) => one.provider === provider && one.kind === kind);
  const mine = new Set<unknown>(held.map(({ id }) => id));
  const kept = all.filter(({ id }) => mine.has(id));
  await objects.add(kept.flatMap((json) => objectsIn(json, { tenant, provider, use: { kind, does: "read" } })));
  return kept;
}

function lastId(all: readonly JsonObject[]): string | undefined {
  const id = all.at(-1)?.id;
  return typeof id === "string" ? id : undefined;
}

interface Kept {
  readonly kept: readonly JsonObject[];
  readonly wanted: number;
  /** The provider has more, of whomever. */
  readonly more: boolean;
}

function listAnswer(last: WholeAnswer, { kept, wanted, more }: Kept): WholeAnswer {
  const data = kept.slice(0, wanted);
  const about = { first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
  const json = { ...answerJson(last), data, ...about, has_more: more || kept.length > wanted };
  return { ...last, completion: { body: JSON.stringify(json), usage: undefined } };
}

function tooMany(): GatewayError {
  const message = "The provider's list is too long to be looked through. Go on from one of your own with 'after'.";
  return new GatewayError("invalid_request", message, { param: "after" });
}
