import { ollama } from "../conformance/wires/ollama.ts";
import { chat, embeddings } from "./ollama-door.ts";
import { testRecordings } from "./wire-recordings.ts";

testRecordings({ provider: "ollama", wire: ollama, chat, embeddings });
