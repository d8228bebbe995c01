/** From an HTTP request to a call on the road, and back. */
import { randomUUIDv7 } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Call, emptyNotes } from "../core/call.ts";
import { type Deadline, liftDeadline, setDeadline } from "../core/deadlines.ts";
import type { Endpoint, EndpointName } from "../core/endpoint.ts";
import { asGatewayError, GatewayError } from "../core/error.ts";
import type { ModelPolicy } from "../core/policy.ts";
import { Roster } from "../core/roster.ts";
import { CallSignal } from "../core/signal.ts";
import type { Next } from "../core/stage.ts";
import type { JsonLimits } from "../protocol/json.ts";
import { arrivalOf } from "./arrival.ts";
import { type Authenticate, type Authenticated, authenticated, mayUse } from "./authenticate.ts";
import { readJson } from "./body.ts";
import { type ReplyOptions, sendAnswer, sendError } from "./reply.ts";

export interface CallsOptions extends ReplyOptions {
  readonly authenticate: Authenticate;
  /** What serves calls at this moment; a reload swaps it whole, so a call never sees two configurations. */
  readonly serving: () => Serving;
  readonly limits: JsonLimits & { readonly maxBytes: number };
  /** Bound on bodies that are passed on without being held. */
  readonly maxUploadBytes: number;
  /** Told about requests that never became calls. */
  readonly refused: (error: GatewayError, path: string) => void;
}

export interface Serving {
  readonly resolve: (model: string) => ModelPolicy | undefined;
  /** Stands for the model of calls that name none, under the endpoint's own name. */
  readonly withoutModel: (endpoint: EndpointName) => ModelPolicy;
  readonly road: Next;
}

/** The calls under way. Stopping waits for them, and in the end cuts them off. */
export class Calls {
  readonly #options: CallsOptions;
  readonly #underWay = new Roster<CallSignal>();
  #onIdle: (() => void) | undefined;

  constructor(options: CallsOptions) {
    this.#options = options;
  }

  async serve(endpoint: Endpoint, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const arrivedAt = performance.now();
    const id = randomUUIDv7();
    const signal = new CallSignal();
    this.#underWay.add(signal);
    let limit: Deadline | undefined;
    const notes = emptyNotes();
    let onTheRoad = false;
    outgoing.on("close", () => {
      if (!outgoing.writableFinished) signal.abort(clientLeft());
    });
    try {
      const { authenticate, limits, maxUploadBytes, serving } = this.#options;
      const key = authenticated(incoming.headers, authenticate);
      const request = endpoint.receive
        ? await endpoint.receive(arrivalOf(incoming, { signal, limits, path: endpoint.path, maxUploadBytes }))
        : endpoint.read(await readJson(incoming, { signal, limits }), incoming.headers);
      const { resolve, road, withoutModel } = serving();
      const name = endpoint.modelOf(request);
      const model = name === undefined ? allowed(withoutModel(endpoint.name), key) : allowedModel(name, resolve, key);
      limit = setDeadline(model.timeouts.totalMs, () => signal.abort(totalTimeout(model)));
      const call: Call = { id, arrivedAt, caller: key.caller, endpoint, model, request, signal, notes };
      onTheRoad = true;
      const sending = sendAnswer(outgoing, call, await road(call), this.#options);
      if (sending) await sending;
    } catch (thrown) {
      const error = asGatewayError(thrown);
      if (!onTheRoad) this.#options.refused(error, endpoint.path);
      const overheadMs = performance.now() - arrivedAt - notes.upstreamMs;
      sendError(outgoing, error, { id, overheadMs, endpoint, told: notes.told });
    } finally {
      liftDeadline(limit);
      this.#underWay.delete(signal);
      if (this.#underWay.size === 0) this.#onIdle?.();
    }
  }

  /** Waits for the calls under way; after `limitMs` the rest is cut off with `shutting_down`. */
  async drain(limitMs: number): Promise<void> {
    if (this.#underWay.size === 0) return;
    let timer: NodeJS.Timeout | undefined;
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, limitMs);
    });
    await Promise.race([idle, limit]);
    clearTimeout(timer);
    const error = new GatewayError("shutting_down", "The gateway is stopping and could not wait any longer.");
    for (const signal of this.#underWay.snapshot()) signal.abort(error);
  }
}

function allowedModel(name: string, resolve: Serving["resolve"], key: Authenticated): ModelPolicy {
  const model = resolve(name);
  if (!model) {
    const message = `The model '${name}' does not exist here. GET /v1/models lists those that do.`;
    throw new GatewayError("model_not_found", message, { param: "model" });
  }
  return allowed(model, key);
}

/** An endpoint without models is asked for by its own name: a key that is held to some models needs that among them. */
function allowed(model: ModelPolicy, key: Authenticated): ModelPolicy {
  if (mayUse(key, model)) return model;
  throw new GatewayError("model_not_allowed", `This API key may not use '${model.name}'.`, { param: "model" });
}

function clientLeft(): GatewayError {
  return new GatewayError("client_left", "The client closed the connection.");
}

function totalTimeout({ timeouts }: ModelPolicy): GatewayError {
  return new GatewayError("total_timeout", `The call took longer than ${timeouts.totalMs} ms.`);
}
