import { GatewayError } from "../../core/error.ts";
import type { StreamFacts } from "../../core/provider.ts";
import type { Frame } from "../../protocol/frame.ts";
import { isObject, type JsonObject } from "../../protocol/json.ts";
import { LineError } from "../../protocol/ndjson.ts";
import { SseError } from "../../protocol/sse.ts";
import type { Frames } from "./chunks.ts";

/** One thing a provider's stream said, whatever it was framed in. */
export interface StreamedJson {
  readonly data: string;
  /** Undefined when it is no JSON. */
  readonly json: unknown;
}

/**
 * A provider's events as frames, read one by one. Throws what `read` throws, and `upstream_closed` when the events end
 * before `read` has marked the facts as finished; what comes after that is let pass unread, so that the connection can
 * serve again.
 */
export async function* eventFrames(
  events: AsyncIterable<StreamedJson>,
  facts: StreamFacts,
  read: (event: JsonObject) => Frames,
): AsyncGenerator<Frame, void> {
  let unreadable = false;
  try {
    for await (const { data, json } of events) {
      if (facts.finished) continue;
      if (unreadable) throw notJson();
      // The last one may have been cut off: that is for the end of the stream to tell.
      if (!isObject(json)) unreadable = data !== "[DONE]";
      else for (const frame of read(json)) yield frame;
    }
  } catch (error) {
    if (facts.finished) return;
    if (error instanceof SseError || error instanceof LineError) {
      throw new GatewayError("upstream_invalid_response", error.message);
    }
    throw error;
  }
  if (!facts.finished) throw streamEndedEarly();
}

export function streamEndedEarly(): GatewayError {
  return new GatewayError("upstream_closed", "The provider's stream ended before the answer did.");
}

export function notJson(): GatewayError {
  return new GatewayError("upstream_invalid_response", "The provider sent an event that is not JSON.");
}
