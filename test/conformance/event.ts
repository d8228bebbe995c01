/** Server-sent events of a finished stream, read by the letter of the standard and not by the gateway's own reader. */
export interface StreamEvent {
  readonly event: string;
  readonly data: string;
}

/** The last event may lack its blank line: providers forget it and clients forgive it. */
export function readEvents(text: string): StreamEvent[] {
  const events: StreamEvent[] = [];
  let event = "";
  let data: string[] = [];
  for (const line of [...text.replace(/^\uFEFF/, "").split(/\r\n|\r|\n/), ""]) {
    if (line === "") {
      if (data.length > 0) events.push({ event, data: data.join("\n") });
      event = "";
      data = [];
      continue;
    }
    const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === "data") data.push(value);
    else if (field === "event") event = value;
  }
  return events;
}
