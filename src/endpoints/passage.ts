import type { Arrival } from "../core/arrival.ts";
import type { PassRequest } from "../core/passage.ts";
import { JsonBody } from "../protocol/json.ts";
import { readRequest, refuse } from "./openai-request.ts";

export interface PassageOptions {
  readonly path: string;
  /** For requests that name none. */
  readonly model?: string;
}

/** A request with a model, from its JSON or from the text fields of a form, where everything is text. */
export function readPassage(body: JsonBody, { path, model }: PassageOptions): PassRequest {
  const { model: named = model, stream } = body.value;
  const meant = { model: named ?? model, stream: asBoolean(stream) };
  return { ...readRequest(JsonBody.of(meant)), body, method: "POST", path };
}

function asBoolean(value: unknown): unknown {
  if (value === "true" || value === "1") return true;
  return value === "false" || value === "0" || value === "" ? false : (value ?? false);
}

export interface FormOptions {
  readonly read: (fields: JsonBody) => PassRequest;
  /** Names of the files without which there is no such request. */
  readonly files: readonly string[];
}

export async function formOf(arrival: Arrival, { read, files }: FormOptions): Promise<PassRequest> {
  const form = await arrival.multipart();
  for (const name of files) if (!form.hasFile(name)) throw refuse(name, "must be sent as a file");
  return { ...read(form.fields), form };
}

export async function jsonOrForm(arrival: Arrival, options: FormOptions): Promise<PassRequest> {
  const isJson = /^application\/json\b/i.test(arrival.header("content-type") ?? "");
  return isJson ? options.read(await arrival.json()) : formOf(arrival, options);
}
