import { cohere } from "../../src/providers/cohere.ts";
import { doorTo, NOW } from "./wire-door.ts";

export const adapters = cohere({ apiKey: "test-key", now: () => NOW });

/** A model that thinks. */
export const MODEL = "command-a-reasoning-08-2025";

export const chat = doorTo(adapters.chat, { model: MODEL, messages: [{ role: "user", content: "Hello" }] });
export const embeddings = doorTo(adapters.embeddings, { model: "embed-v4.0", input: "Hello" });
export const rerank = doorTo(adapters.rerank, { model: "rerank-v4.0", query: "Who?", documents: ["a", "b"] });
