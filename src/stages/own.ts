/** What providers keep under ids of theirs (files, batches, fine-tuning jobs) belongs to the tenant that made it. */
import type { Answer } from "../core/answer.ts";
import type { Call } from "../core/call.ts";
import type { EndpointName, OpenAIRequest } from "../core/endpoint.ts";
import { GatewayError } from "../core/error.ts";
import {
  type Mention,
  noSuchObject,
  type ObjectRequest,
  type ObjectStore,
  type ObjectUse,
  type OwnedObject,
} from "../core/objects.ts";
import type { Provider } from "../core/provider.ts";
import type { Next, Stage } from "../core/stage.ts";
import { target } from "../routing/policies.ts";
import { answerJson, objectsIn } from "./own/answers.ts";
import { listOwn } from "./own/list.ts";
import { filesNamed, mayNameFiles } from "./own/named-files.ts";

export interface OwnOptions {
  readonly objects: ObjectStore;
  /** The providers that serve an endpoint, in the configuration's order. */
  readonly serving: (endpoint: EndpointName) => readonly Pick<Provider, "name" | "kind">[];
}

/**
 * In: every object that a request names must be its tenant's own; one about objects goes to the provider that keeps them.
 * Out: what was made is remembered, what was deleted is forgotten, lists show the tenant's own. Other calls pass untouched.
 */
export function own(options: OwnOptions): Stage {
  const careful = { ...options, objects: orUnavailable(options.objects) };
  return (call, next) => {
    const { objects: use, namesFiles } = call.endpoint;
    if (use) return owned(call as Call<ObjectRequest>, next, { ...careful, use });
    const { body } = call.request as OpenAIRequest;
    return namesFiles && mayNameFiles(body) ? withOwnFiles(call, filesNamed(body), { next, ...careful }) : next(call);
  };
}

/** A file of another tenant's is not there. One that was not made through the gateway belongs to nobody, and passes. */
async function withOwnFiles(
  call: Call,
  ids: readonly string[],
  { next, objects }: Pick<OwnOptions, "objects"> & { readonly next: Next },
): Promise<Answer> {
  if (ids.length === 0) return next(call);
  const owned = await objects.find(undefined, ids.filter(isId));
  const foreign = owned.find(({ tenant }) => tenant !== call.caller.tenant);
  if (foreign) throw noSuchObject({ id: foreign.id, kind: "file", param: "file_id" });
  return next(call);
}

interface Use extends OwnOptions {
  readonly use: ObjectUse;
}

async function owned(call: Call<ObjectRequest>, next: Next, { objects, serving, use }: Use): Promise<Answer> {
  const { tenant } = call.caller;
  const { mentions, provider: wanted } = call.request;
  // Asked even about nothing: that the database is away should be known before something is made that nobody would own.
  const held = await objects.find(tenant, mentions.map(({ id }) => id).filter(isId));
  const mentioned = mentions.map((mention) => holderOf(mention, held, wanted));
  const provider = providerFor(call, mentioned, serving(call.endpoint.name));
  const name = `${provider}/${call.endpoint.name}`;
  const led = { ...call, model: { ...call.model, policy: target({ name, provider, model: "" }) } };
  if (use.does === "list") return listOwn(led, next, { objects, provider, kind: use.kind });
  const answer = await next(led);
  if (answer.kind === "stream") return answer;
  if (use.does === "delete") await objects.remove(mentioned[0]!);
  else await objects.add(objectsIn(answerJson(answer), { tenant, provider, use }));
  return answer;
}

/** What no provider gives as an id need not be looked for, and a NUL would break the query. */
function isId(id: string): boolean {
  return /^[\x21-\x7e]{1,256}$/.test(id);
}

function holderOf(mention: Mention, held: readonly OwnedObject[], wanted: string | undefined): OwnedObject {
  const found = held.find(
    ({ id, kind, provider }) => id === mention.id && kind === mention.kind && (wanted ?? provider) === provider,
  );
  if (!found) throw noSuchObject(mention);
  return found;
}

type Choices = readonly Pick<Provider, "name" | "kind">[];

/** Who keeps what the request names; else whom the client asks for; else the only one there is, OpenAI itself first. */
function providerFor(call: Call<ObjectRequest>, mentioned: readonly OwnedObject[], choices: Choices): string {
  const keepers = new Set(mentioned.map(({ provider }) => provider));
  if (keepers.size > 1) {
    const message = `What the request names is kept by different providers: ${[...keepers].join(", ")}.`;
    throw new GatewayError("invalid_request", message, { param: call.request.mentions.at(-1)!.param });
  }
  const [asked = call.request.provider] = keepers;
  const names = choices.map(({ name }) => name);
  if (asked !== undefined) {
    if (names.includes(asked)) return asked;
    throw new GatewayError(
      "invalid_request",
      `'${asked.slice(0, 100)}' does not serve ${call.endpoint.name}. ${told(names)}`,
    );
  }
  const [only, ...more] = choices.length > 1 ? choices.filter(({ kind }) => kind === "openai") : choices;
  if (only && more.length === 0) return only.name;
  if (choices.length === 0) throw new GatewayError("unsupported", `No provider here serves ${call.endpoint.path}.`);
  const message = `Several providers serve ${call.endpoint.name}: say which one in the header 'x-gatehouse-provider'. ${told(names)}`;
  throw new GatewayError("invalid_request", message);
}

function told(names: readonly string[]): string {
  return names.length === 0 ? "Nobody does." : `Those that do: ${names.join(", ")}.`;
}

/** Without its database the gateway cannot tell whose an object is, so nobody gets it. */
function orUnavailable(objects: ObjectStore): ObjectStore {
  const sure = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (cause) {
      const message = "The gateway's database, which knows whose objects are, is away.";
      throw new GatewayError("storage_unavailable", message, { cause });
    }
  };
  return {
    find: (tenant, ids) => sure(objects.find(tenant, ids)),
    add: (added) => sure(objects.add(added)),
    remove: (object) => sure(objects.remove(object)),
  };
}
