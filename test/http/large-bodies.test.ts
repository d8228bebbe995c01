/** What large requests and files cost in memory, on a gateway of its own: the peak of its resident memory over idle. */
import { randomBytes } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../stores/databases.ts";
import { type GatewayProcess, startGateway } from "../support/process.ts";
import { completion, json } from "../support/upstream.ts";

const MB = 1024 * 1024;
/** What is on its way in pieces, read or to be written, and what the heap grows by meanwhile. */
const SLACK_MB = 10;
const FILE_MB = 200;

const provider = { url: "", received: Buffer.alloc(0), bytes: 0, close: () => {} };
let folder: string;
let config: string;

beforeAll(async () => {
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    provider.bytes = 0;
    const isFile = incoming.url === "/v1/files";
    incoming.on("data", (chunk: Buffer) => {
      provider.bytes += chunk.length;
      if (!isFile) chunks.push(chunk);
    });
    incoming.on("end", () => {
      provider.received = Buffer.concat(chunks);
      if (isFile) return json(response, { id: "file-1", object: "file" });
      if (incoming.url?.endsWith("/content")) return sendFile(response);
      json(response, incoming.url?.endsWith("/messages") ? message : completion("seen"));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  provider.url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  provider.close = () => server.close();
  folder = await temporaryFolder();
  config = join(folder, "gatehouse.yaml");
  await writeFile(
    config,
    `
providers:
  plain: { kind: openai, baseUrl: "${provider.url}/v1", apiKey: sk }
  claude: { kind: anthropic, baseUrl: "${provider.url}", apiKey: sk-ant }
models: { same: { route: plain/same }, renamed: { route: plain/x }, translated: { route: claude/claude-x } }
`,
  );
});
afterAll(async () => {
  provider.close();
  await rm(folder, { recursive: true, force: true });
});

/** An answer of Anthropic's. */
const message = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "claude-x",
  content: [{ type: "text", text: "seen" }],
  stop_reason: "end_turn",
  usage: { input_tokens: 1, output_tokens: 1 },
};

function sendFile(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "application/octet-stream", "content-length": FILE_MB * MB });
  Readable.from(megabytes()).pipe(response);
}

function* megabytes(): Generator<Buffer> {
  for (let n = 0; n < FILE_MB; n++) yield Buffer.alloc(MB, "line\n");
}

/** MB that a gateway which has answered small calls needed at most beyond what it had before. */
async function peakOf(work: (gateway: GatewayProcess) => Promise<void>, model = "same"): Promise<number> {
  const gateway = await startGateway({ args: ["--config", config] });
  try {
    const small = Buffer.from(JSON.stringify({ model, messages: [{ role: "user", content: "hello" }] }));
    for (let n = 0; n < 30; n++) await chat(gateway, small);
    await sleep(300);
    const { pid } = gateway.child;
    const before = await gateway.memoryMb();
    await writeFile(`/proc/${pid}/clear_refs`, "5"); // begins its high-water mark anew
    await work(gateway);
    const status = await readFile(`/proc/${pid}/status`, "utf8");
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024 - before;
  } finally {
    await gateway.stop();
  }
}

async function chat(gateway: GatewayProcess, body: Buffer<ArrayBuffer>): Promise<void> {
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${gateway.key}`, "content-type": "application/json" },
    body,
  });
  expect([response.status, await response.text()]).toEqual([200, expect.stringContaining("seen")]);
}

const request = (model: string, content: unknown) =>
  Buffer.from(JSON.stringify({ model, messages: [{ role: "user", content }] }));

function picture(): string {
  return randomBytes(15 * MB)
    .fill(Buffer.from([0x89, 0x50, 0x4e, 0x47]), 0, 4)
    .toString("base64");
}

describe.skipIf(process.platform !== "linux")("memory", () => {
  it.each(["same", "renamed", "translated"])(
    "holds a picture of 20 MB at most twice: %s",
    async (model) => {
      const data = picture();
      const image = { type: "image_url", image_url: { url: `data:image/png;base64,${data}` } };
      const body = request(model, [{ type: "text", text: "What is on it? ü" }, image]);
      const peak = await peakOf((gateway) => chat(gateway, body), model);
      expect(provider.received.includes(data)).toBe(true);
      console.log(`a picture of 20 MB, ${model}: ${peak.toFixed(1)} MB over idle`);
      expect(peak).toBeLessThan((2 * body.length) / MB + SLACK_MB);
    },
    60_000,
  );

  it.each(["renamed", "translated"])(
    "holds a prompt of 100,000 tokens at most twice: %s",
    async (model) => {
      // English has some 4.5 characters to the token.
      const body = request(model, "The quick brown fox jumps over the lazy dog.\n".repeat(10_000));
      const peak = await peakOf((gateway) => chat(gateway, body), model);
      expect(provider.received.length).toBeGreaterThan(450_000);
      console.log(`a prompt of 450 kB, ${model}: ${peak.toFixed(1)} MB over idle`);
      expect(peak).toBeLessThan((2 * body.length) / MB + 3);
    },
    60_000,
  );

  it("holds little of a file on its way up or down", async () => {
    const head = '--BB\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\n';
    const form = function* () {
      yield Buffer.from(head);
      yield* megabytes();
      yield Buffer.from("\r\n--BB--\r\n");
    };
    let down = 0;
    const peak = await peakOf(async (gateway) => {
      const headers = { authorization: `Bearer ${gateway.key}` };
      const upload = await fetch(`${gateway.url}/v1/files`, {
        method: "POST",
        headers: { ...headers, "content-type": "multipart/form-data; boundary=BB" },
        body: Readable.toWeb(Readable.from(form())),
        duplex: "half",
      } as RequestInit);
      expect([upload.status, await upload.json()]).toMatchObject([200, { id: "file-1" }]);
      const content = await fetch(`${gateway.url}/v1/files/file-1/content`, { headers });
      for await (const chunk of content.body!) down += chunk.length;
    });
    expect(provider.bytes).toBe(0); // of the last request, which had no body
    expect(down).toBe(FILE_MB * MB);
    console.log(`a file of ${FILE_MB} MB, up and down: ${peak.toFixed(1)} MB over idle`);
    // V8 collects pieces that have been read when there are 64 MB of them, however many pass.
    expect(peak).toBeLessThan(64 + 50);
  }, 120_000);
});
