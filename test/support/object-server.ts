/** A provider's account as OpenAI documents it: files, batches and fine-tuning jobs in memory; images and audio made up. */
import type { ServerResponse } from "node:http";
import { type Behaviour, event, eventStream, json, type Received } from "./upstream.ts";

export interface ObjectServer {
  readonly answer: Behaviour;
  /** Files by id: what was uploaded or made. */
  readonly files: Map<string, { about: Record<string, unknown>; content: Buffer }>;
  /** Gives every batch and job its results. */
  finish(): void;
}

/** No two servers give the same id. */
let made = 0;

/** `prefix` tells the ids of two servers apart. */
export function objectServer(prefix = "a"): ObjectServer {
  const files: ObjectServer["files"] = new Map();
  const batches = new Map<string, Record<string, unknown>>();
  const jobs = new Map<string, Record<string, unknown>>();
  const newId = (kind: string) => `${kind}-${prefix}${++made}`;

  const addFile = (filename: string, purpose: string, content: Buffer) => {
    const id = newId("file");
    const about = {
      id,
      object: "file",
      bytes: content.length,
      created_at: made,
      filename,
      purpose,
      status: "processed",
    };
    files.set(id, { about, content });
    return about;
  };
  const missing = (response: ServerResponse, id: string | undefined) =>
    json(
      response,
      { error: { message: `No such object: ${id}`, type: "invalid_request_error", param: "id", code: null } },
      404,
    );

  const onFiles: Route = ({ method, id, below, query, request, response }) => {
    if (method === "POST") return json(response, addFile(...uploadIn(request)));
    if (id === undefined) {
      const all = [...files.values()].map(({ about }) => about).reverse();
      return json(response, listOf(all, query, 10_000));
    }
    const file = files.get(id);
    if (!file) return missing(response, id);
    if (method === "DELETE") {
      files.delete(id);
      return json(response, { id, object: "file", deleted: true });
    }
    if (below !== "content") return json(response, file.about);
    const disposition = `attachment; filename="${file.about.filename}"`;
    response.writeHead(200, { "content-type": "application/octet-stream", "content-disposition": disposition });
    response.end(file.content);
  };

  const onBatches: Route = ({ method, id, below, query, request, response }) => {
    if (id === undefined && method === "GET") return json(response, listOf([...batches.values()].reverse(), query));
    if (id === undefined) {
      const asked = JSON.parse(request.body);
      if (!files.has(asked.input_file_id)) return missing(response, asked.input_file_id);
      const batch = {
        id: newId("batch"),
        object: "batch",
        ...asked,
        status: "validating",
        created_at: made,
        output_file_id: null,
        error_file_id: null,
      };
      batches.set(batch.id, batch);
      return json(response, batch);
    }
    const batch = batches.get(id);
    if (!batch) return missing(response, id);
    if (below === "cancel") batch.status = "cancelling";
    json(response, batch);
  };

  const onJobs: Route = ({ method, id, below, query, request, response }) => {
    if (id === undefined && method === "GET") return json(response, listOf([...jobs.values()].reverse(), query));
    if (id === undefined) {
      const asked = JSON.parse(request.body);
      const job = {
        id: newId("ftjob"),
        object: "fine_tuning.job",
        ...asked,
        status: "queued",
        created_at: made,
        result_files: [],
      };
      jobs.set(job.id, job);
      return json(response, job);
    }
    const job = jobs.get(id);
    if (!job) return missing(response, id);
    if (below === "events")
      return json(
        response,
        listOf(
          [
            {
              id: "ftevent-1",
              object: "fine_tuning.job.event",
              level: "info",
              message: "queued",
              created_at: 1,
              type: "message",
            },
          ],
          query,
        ),
      );
    if (below === "checkpoints")
      return json(
        response,
        listOf([{ id: "ftckpt-1", object: "fine_tuning.job.checkpoint", created_at: 1, step_number: 1 }], query),
      );
    if (below) job.status = { cancel: "cancelled", pause: "paused", resume: "running" }[below];
    json(response, job);
  };

  return {
    files,
    finish() {
      for (const batch of batches.values()) {
        batch.status = "completed";
        batch.output_file_id ??= addFile("output.jsonl", "batch_output", Buffer.from('{"custom_id":"1"}\n')).id;
      }
      for (const job of jobs.values()) {
        job.status = "succeeded";
        job.result_files = [addFile("results.csv", "fine-tune-results", Buffer.from("step,loss\n")).id];
      }
    },
    answer(request, response) {
      const { pathname, searchParams: query } = new URL(request.path, "http://stub");
      const [, , area, ...rest] = pathname.split("/");
      const about = { method: request.method, query, request, response };
      if (area === "files") return onFiles({ ...about, id: rest[0], below: rest[1] });
      if (area === "batches") return onBatches({ ...about, id: rest[0], below: rest[1] });
      if (area === "fine_tuning") return onJobs({ ...about, id: rest[1], below: rest[2] });
      if (area === "images") return images(request, response);
      if (area === "audio") return audio(request, response, rest[0] ?? "");
      json(response, { error: { message: `There is no ${pathname}.` } }, 404);
    },
  };
}

type Route = (asked: {
  readonly method: string;
  readonly id: string | undefined;
  readonly below: string | undefined;
  readonly query: URLSearchParams;
  readonly request: Received;
  readonly response: ServerResponse;
}) => void;

function listOf(all: readonly Record<string, unknown>[], query: URLSearchParams, usual = 20): Record<string, unknown> {
  const limit = Number(query.get("limit") ?? usual);
  const after = query.get("after");
  const from = after === null ? 0 : all.findIndex(({ id }) => id === after) + 1;
  const data = all.slice(from, from + limit);
  const ends = { first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
  return { object: "list", data, ...ends, has_more: from + limit < all.length };
}

/** Name, purpose and content of the file in a form. */
function uploadIn({ bytes, headers }: Received): [string, string, Buffer] {
  const boundary = /boundary=(.+)$/.exec(headers["content-type"] ?? "")?.[1] ?? "";
  const parts = bytes.toString("latin1").split(`--${boundary}`);
  const content = (part: string) => part.slice(part.indexOf("\r\n\r\n") + 4, -2);
  const file = parts.find((part) => part.includes("filename=")) ?? "";
  const purpose = parts.find((part) => part.includes('name="purpose"')) ?? "";
  const filename = /filename="([^"]*)"/.exec(file)?.[1] ?? "";
  return [filename, content(purpose), Buffer.from(content(file), "latin1")];
}

const PICTURE = Buffer.from("a picture").toString("base64");

function images({ path, body }: Received, response: ServerResponse): void {
  const usage = {
    input_tokens: 4,
    output_tokens: 100,
    total_tokens: 104,
    input_tokens_details: { text_tokens: 4, image_tokens: 0 },
  };
  const wantsStream = path.endsWith("/generations") && JSON.parse(body).stream === true;
  if (!wantsStream) return json(response, { created: 1, data: [{ b64_json: PICTURE }], usage });
  eventStream(response);
  response.write(event({ type: "image_generation.partial_image", b64_json: PICTURE, partial_image_index: 0 }));
  response.end(event({ type: "image_generation.completed", b64_json: PICTURE, usage }));
}

function audio({ bytes }: Received, response: ServerResponse, what: string): void {
  if (what === "speech") {
    response.writeHead(200, { "content-type": "audio/mpeg" });
    return void response.end(Buffer.from("a sound"));
  }
  const form = bytes.toString("latin1");
  if (/name="response_format"\r\n\r\nvtt/.test(form)) {
    response.writeHead(200, { "content-type": "text/vtt; charset=utf-8" });
    return void response.end("WEBVTT\n\n00:00.000 --> 00:01.000\nhello\n");
  }
  const usage = { type: "tokens", input_tokens: 12, output_tokens: 3, total_tokens: 15 };
  if (!/name="stream"\r\n\r\ntrue/.test(form)) return json(response, { text: "hello", usage });
  eventStream(response);
  response.write(event({ type: "transcript.text.delta", delta: "hel" }));
  response.write(event({ type: "transcript.text.delta", delta: "lo" }));
  response.end(event({ type: "transcript.text.done", text: "hello", usage }));
}
