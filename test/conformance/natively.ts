/** Recordings of Anthropic's API, played a second time: by a client that speaks it as well. */
import type { JsonObject } from "../../src/protocol/json.ts";
import type { Recording } from "./recording.ts";

/** Follows the file's name where a recording is played by such a client. */
export const NATIVELY = " as messages";

/** The recordings, and after each of Anthropic's API its second playing: request and answer pass as they are. */
export function withNative(recordings: readonly Recording[]): Recording[] {
  return recordings.flatMap((recording) => (isNative(recording) ? [recording, natively(recording)] : [recording]));
}

/** Its own servers, Vertex, and Bedrock where it is asked for whole answers: streams are wrapped there. */
function isNative({ meta, request }: Recording): boolean {
  if (meta.endpoint === "anthropic.messages") return true;
  const version = String(request.body.anthropic_version);
  return version.startsWith("vertex-") || (version.startsWith("bedrock-") && meta.endpoint === "bedrock.invoke");
}

function natively(recording: Recording): Recording {
  // Which model and which of Anthropic's servers stands in the body of one and in the path of the other.
  const { anthropic_version: _, ...body } = recording.request.body as JsonObject;
  const client = { api: "messages", derived: "identity", lossy: [], body };
  return { ...recording, file: recording.file + NATIVELY, client, expect: undefined };
}
