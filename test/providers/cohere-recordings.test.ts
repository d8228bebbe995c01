import { cohere } from "../conformance/wires/cohere.ts";
import { chat, embeddings } from "./cohere-door.ts";
import { testRecordings } from "./wire-recordings.ts";

testRecordings({ provider: "cohere", wire: cohere, chat, embeddings });
