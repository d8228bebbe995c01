/** Plays every supported recording, in all its cuttings, and gathers what was wrong with each. */
import { type HttpAnswer, send } from "./client.ts";
import { compareAnswer } from "./compare-answer.ts";
import { compareRequest } from "./compare-request.ts";
import { type Cutting, cuttingsOf } from "./cutting.ts";
import { readEvents } from "./event.ts";
import { type FirstByte, firstByte } from "./first-byte.ts";
import { type Gateway, startGateway } from "./gateway.ts";
import { bodyBytes, type Recording } from "./recording.ts";
import type { SchemaCheck } from "./schema.ts";
import { type StubUpstream, startStubUpstream } from "./stub-upstream.ts";
import { unargued } from "./wire.ts";
import { type Supported, supportOf } from "./wires.ts";

export interface ReplayOptions {
  readonly seed: number;
  readonly rounds: number;
  readonly direct: boolean;
  readonly schemas: SchemaCheck | undefined;
  /** Called after every recording. */
  readonly progress: (done: number, of: number) => void;
}

export interface Result {
  readonly file: string;
  readonly provider: string;
  /** The provider kind it was played through; undefined when there is none yet. */
  readonly kind: string | undefined;
  readonly faults: readonly string[];
  readonly notes: readonly string[];
}

/** One recording in one cutting: a provider and a model of its own in the gateway's configuration. */
interface Case {
  readonly recording: Recording;
  readonly supported: Supported;
  readonly cutting: Cutting;
  /** Where the stub serves it. */
  readonly name: string;
  readonly providerId: string;
  /** As the client asks for it. */
  readonly model: string;
  readonly baseUrl: string;
  /** Present where it can be told whether the stream flows. */
  readonly flow: FirstByte | undefined;
}

const PROVIDER_KEY = "sk-conformance-provider";

export async function replay(recordings: readonly Recording[], options: ReplayOptions): Promise<Result[]> {
  const stub = await startStubUpstream();
  const played = recordings.map((recording) => ({ recording, cases: casesOf(recording, stub, options) }));
  let gateway: Gateway | undefined;
  try {
    const cases = played.flatMap((one) => one.cases);
    if (cases.length > 0 && !options.direct) gateway = await startGateway(configFor(cases));
    return await playAll(played, { ...options, stub, gateway });
  } finally {
    await gateway?.stop();
    await stub.close();
  }
}

function casesOf(recording: Recording, stub: StubUpstream, { seed, rounds, direct }: ReplayOptions): Case[] {
  const supported = supportOf(recording);
  if (!supported || (direct && supported.wire.translated)) return [];
  const { file, response, client } = recording;
  const stream = client?.body.stream === true;
  const cuttings = cuttingsOf(bodyBytes(recording), { seed, rounds, stream, label: file });
  const path = decodeURIComponent(new URL(recording.request.url).pathname);
  const tail = decodeURIComponent(supported.wire.tail(supported.endpoint, recording));
  const basePath = path.slice(0, path.length - tail.length);
  return cuttings.map((cutting) => {
    const name = `${encodeURIComponent(file)}/${cutting.name}`;
    const flow = cutting.name === "bytes" && hasSeveralEvents(recording) ? firstByte() : undefined;
    const base = stub.serve(name, { ...response, pieces: cutting.pieces, beforeLast: flow?.awaited });
    const id = `${file.replace(/\.json$/, "").replace(/[^a-zA-Z0-9]+/g, "-")}-${cutting.name}`;
    return { recording, supported, cutting, name, providerId: id, model: id, baseUrl: base + basePath, flow };
  });
}

/** Without its last byte a stream still holds a whole event to pass on; the first one alone may say nothing. */
function hasSeveralEvents(recording: Recording): boolean {
  return readEvents(bodyBytes(recording).toString("utf8")).length > 2;
}

function configFor(cases: readonly Case[]): unknown {
  const providers = cases.map(({ providerId, supported: { wire }, baseUrl, recording }) => [
    providerId,
    { kind: wire.kind, baseUrl, ...(wire.settings?.(PROVIDER_KEY, recording) ?? { apiKey: PROVIDER_KEY }) },
  ]);
  const models = cases.map(({ model, providerId, recording, supported: { wire } }) => [
    model,
    { route: `${providerId}/${wire.model?.(recording) ?? recording.request.body.model}` },
  ]);
  return { providers: Object.fromEntries(providers), models: Object.fromEntries(models) };
}

interface Stage extends ReplayOptions {
  readonly stub: StubUpstream;
  readonly gateway: Gateway | undefined;
}

interface Played {
  readonly recording: Recording;
  readonly cases: readonly Case[];
}

/** Enough to keep two cores busy; more only makes single answers slower. */
const AT_ONCE = 8;

async function playAll(played: readonly Played[], stage: Stage): Promise<Result[]> {
  const results: Result[] = [];
  const queue = played.map((one, index) => ({ ...one, index }));
  let done = 0;
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      results[next.index] = await playRecording(next, stage);
      stage.progress(++done, played.length);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results;
}

async function playRecording({ recording, cases }: Played, stage: Stage): Promise<Result> {
  const faults = new Map<string, string[]>();
  const notes = new Set<string>();
  for (const one of cases) {
    const verdict = await playCase(one, stage);
    for (const note of verdict.notes) notes.add(note);
    for (const fault of verdict.faults) faults.set(fault, [...(faults.get(fault) ?? []), one.cutting.name]);
  }
  // A fault of every cutting has nothing to do with cuts.
  const told = [...faults].map(([fault, where]) =>
    where.length === cases.length ? fault : `${fault} (${where.join(", ")})`,
  );
  const kind = cases[0]?.supported.wire.kind;
  return { file: recording.file, provider: recording.provider, kind, faults: told, notes: [...notes] };
}

async function playCase(one: Case, stage: Stage): Promise<{ faults: readonly string[]; notes: readonly string[] }> {
  const { recording, supported } = one;
  const { stub, gateway, schemas, direct } = stage;
  let answer: HttpAnswer;
  try {
    answer = await ask(one, gateway);
  } catch (error) {
    return { faults: [`no answer: ${(error as Error).message}`], notes: [] };
  }
  const { faults: found, notes } = compareAnswer({ recording, supported, answer, schemas, direct });
  const faults = direct ? found : unargued(found, recording.file, supported.wire);
  const keys = { provider: PROVIDER_KEY, gateway: gateway?.apiKey ?? "" };
  const requestFaults = gateway ? compareRequest(recording, supported.wire, stub.arrivalsAt(one.name), keys) : [];
  return { faults: [...faults, ...requestFaults, ...(one.flow?.faults ?? [])], notes };
}

const ANSWER_LIMIT_MS = 30_000;

function ask({ recording, supported, model, baseUrl, flow }: Case, gateway: Gateway | undefined): Promise<HttpAnswer> {
  const body = recording.client!.body;
  if (!gateway) {
    const url = baseUrl + supported.wire.tail(supported.endpoint, recording);
    return send({ url, headers: {}, body, timeoutMs: ANSWER_LIMIT_MS, onData: flow?.seen });
  }
  return send({
    url: gateway.url + supported.endpoint.path,
    headers: { authorization: `Bearer ${gateway.apiKey}` },
    body: { ...body, model },
    timeoutMs: ANSWER_LIMIT_MS,
    onData: flow?.seen,
  });
}
