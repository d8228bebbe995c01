import type { JsonObject } from "../../protocol/json.ts";

/** One event as Anthropic's clients read it. */
export function event(data: JsonObject): string {
  return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** The events that come by the thousand, without an object being built for each. */
export function deltaEvent(index: number, type: DeltaType, text: string): string {
  const delta = `{"type":"${type}","${FIELDS[type]}":${JSON.stringify(text)}}`;
  return `event: content_block_delta\ndata: {"type":"content_block_delta","index":${index},"delta":${delta}}\n\n`;
}

export type DeltaType = keyof typeof FIELDS;

const FIELDS = {
  text_delta: "text",
  thinking_delta: "thinking",
  signature_delta: "signature",
  input_json_delta: "partial_json",
} as const;

export function stopEvent(index: number): string {
  return `event: content_block_stop\ndata: {"type":"content_block_stop","index":${index}}\n\n`;
}

export function startEvent(index: number, block: JsonObject): string {
  return event({ type: "content_block_start", index, content_block: block });
}
