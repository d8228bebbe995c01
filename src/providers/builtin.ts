/** The embedding model inside: `all-minilm-l6-v2`, on threads of this process, for English. Needs no network and no account. */
import { z } from "zod";
import type { Completion } from "../core/answer.ts";
import type { Adapter, Outbound, Transport } from "../core/provider.ts";
import { defineProvider, type OpenProvider } from "../core/provider-kind.ts";
import type { Form } from "../embedder/batch.ts";
import { EmbedderPool } from "../embedder/pool.ts";
import { type Answered, answerOf } from "./builtin/answer.ts";
import { readEmbeddings } from "./builtin/request.ts";
import { wholeExchange } from "./inside.ts";
import { decodeOpenAIError } from "./openai-errors.ts";

const settings = z.strictObject({
  threads: z
    .number()
    .int()
    .min(1)
    .max(256)
    .optional()
    .describe("Threads that embed; one less than there are cores when left out."),
  maxWaiting: z.number().int().min(1).default(4096).describe("Texts that may wait; calls beyond are refused with 503."),
  idleMs: z.number().int().min(0).max(86_400_000).default(60_000).describe("Unused threads end after so long."),
});

export default defineProvider({ settings, open });

/** What goes to the threads instead of a body. */
interface Order extends Outbound {
  readonly texts: readonly string[];
  readonly form: Form;
}

function open(options: z.output<typeof settings>): OpenProvider {
  const pool = poolFor(options);
  // What an answer tells besides its bytes, from the transport to whoever decodes them.
  const told = new WeakMap<Buffer, Answered>();
  const transport: Transport = async (outbound, { signal, timeouts }) => {
    const { texts, form } = outbound as Order;
    const answered = answerOf(await pool.embed({ texts, form, signal, timeouts }));
    told.set(answered.body, answered);
    return wholeExchange(answered.body);
  };
  const embeddings: Adapter = {
    encode({ body }, target): Order {
      return { method: "POST", path: "/embeddings", headers: {}, body: null, ...readEmbeddings(body.value, target) };
    },
    decode: (body): Completion => told.get(body)!,
    decodeError: decodeOpenAIError,
  };
  return { adapters: { embeddings }, transport };
}

/**
 * One for all providers with the same settings, in every generation of the configuration: a reload must not start threads
 * beside those at work, nor load the model a second time. They are as many as there were settings, and idle ones are empty.
 */
function poolFor(options: z.output<typeof settings>): EmbedderPool {
  const key = JSON.stringify(options);
  let pool = pools.get(key);
  if (!pool) {
    pool = new EmbedderPool(options);
    pools.set(key, pool);
  }
  return pool;
}

const pools = new Map<string, EmbedderPool>();
