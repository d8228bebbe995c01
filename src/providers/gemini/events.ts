import { GatewayError } from "../../core/error.ts";
import { parseExactly } from "../../protocol/exact-json.ts";
import { isObject, type JsonObject, tryParse } from "../../protocol/json.ts";
import { EventSplitter, eventsOf, SseError } from "../../protocol/sse.ts";
import { embeddedError } from "./error.ts";

/**
 * The answers in a stream, one event each. Throws the error that an event holds or that stands in the stream without being
 * one: Vertex breaks off with bare, pretty-printed JSON. Throws `upstream_closed` for a stream that ends inside an event.
 */
export async function* answersIn(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<JsonObject, void> {
  const reader = new EventReader();
  for await (const chunk of bytes) {
    const whole = reader.push(chunk);
    if (whole) yield* reader.read(whole);
  }
  const rest = reader.flush();
  if (rest) yield* reader.read(rest);
  reader.end();
}

class EventReader {
  readonly #splitter = new EventSplitter();
  #unreadable = false;

  push(chunk: Uint8Array): Uint8Array | undefined {
    try {
      return this.#splitter.push(chunk);
    } catch (error) {
      if (error instanceof SseError) throw new GatewayError("upstream_invalid_response", error.message);
      throw error;
    }
  }

  flush(): Uint8Array | undefined {
    return this.#splitter.flush();
  }

  *read(bytes: Uint8Array): Generator<JsonObject, void> {
    for (const { data, json } of eventsOf(bytes)) {
      if (this.#unreadable) throw notJson();
      // The last one may have been cut off: that is for the end of the stream to tell.
      if (!isObject(json)) this.#unreadable = data !== "[DONE]";
      else yield checked(data.includes('"functionCall"') ? (parseExactly(data) as JsonObject) : json);
    }
    this.#findBareError(bytes);
  }

  end(): void {
    if (this.#unreadable) throw new GatewayError("upstream_closed", "The provider's stream ended inside an event.");
  }

  /** Lines that belong to no event; a server-sent event never begins with a brace. */
  #findBareError(bytes: Uint8Array): void {
    if (!isBrace(bytes[0]) && (bytes as Buffer).indexOf(ERROR) < 0) return;
    const lines = Buffer.from(bytes).toString().split(LINE_END);
    const from = lines.findIndex((line) => /^[[{]/.test(line));
    if (from < 0) return;
    const json = tryParse(lines.slice(from).join("\n"));
    const error = embeddedError(json);
    if (error) throw error;
    this.#unreadable = true;
  }
}

const LINE_END = /\r\n|\n|\r/;
const ERROR = Buffer.from('"error"');

function isBrace(byte: number | undefined): boolean {
  return byte === 123 || byte === 91;
}

function checked(json: JsonObject): JsonObject {
  const error = json.error === undefined ? undefined : embeddedError(json);
  if (error) throw error;
  return json;
}

function notJson(): GatewayError {
  return new GatewayError("upstream_invalid_response", "The provider sent an event that is not JSON.");
}
