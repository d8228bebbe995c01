import { mistral } from "../../src/providers/mistral.ts";
import { doorTo, NOW } from "./wire-door.ts";

export const adapters = mistral({ apiKey: "test-key", now: () => NOW });

export const chat = doorTo(adapters.chat, {
  model: "mistral-small-latest",
  messages: [{ role: "user", content: "Hello" }],
});
export const embeddings = doorTo(adapters.embeddings, { model: "mistral-embed", input: "Hello" });
export const moderations = doorTo(adapters.moderations, { model: "mistral-moderation-latest", input: "Hello" });
