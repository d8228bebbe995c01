import { mistral } from "../conformance/wires/mistral.ts";
import { chat, embeddings } from "./mistral-door.ts";
import { testRecordings } from "./wire-recordings.ts";

testRecordings({ provider: "mistral", wire: mistral, chat, embeddings });
