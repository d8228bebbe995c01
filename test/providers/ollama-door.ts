import { ollama } from "../../src/providers/ollama.ts";
import { doorTo, NOW } from "./wire-door.ts";

export const adapters = ollama({ now: () => NOW, newId: () => "made-up" });

export const chat = doorTo(adapters.chat, { model: "llama3.2", messages: [{ role: "user", content: "Hello" }] });
export const embeddings = doorTo(adapters.embeddings, { model: "nomic-embed-text", input: "Hello" });
