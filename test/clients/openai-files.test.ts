/** The official client on the endpoints that pass through, as its own documentation uses it. */
import OpenAI, { toFile } from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KEY, OTHER_KEY, startTestPlane, type TestPlane } from "../support/data-plane.ts";
import { objectServer } from "../support/object-server.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";

const server = objectServer();
let upstream: Upstream;
let plane: TestPlane;
let client: OpenAI;
let stranger: OpenAI;

beforeAll(async () => {
  upstream = await startUpstream(server.answer);
  plane = await startTestPlane(`
providers: { p: { kind: openai, baseUrl: "${upstream.url}/v1", apiKey: "sk-provider" } }
models: { painter: { route: p/gpt-image-1 }, speaker: { route: p/tts-1 }, listener: { route: p/gpt-4o-transcribe } }
`);
  const options = { baseURL: `${plane.url}/v1`, maxRetries: 0 };
  client = new OpenAI({ ...options, apiKey: KEY });
  stranger = new OpenAI({ ...options, apiKey: OTHER_KEY });
});
afterAll(async () => {
  await plane.stop();
  await upstream.close();
});

const lines = (text: string) => toFile(Buffer.from(text), "input.jsonl");
const upload = async (text = '{"custom_id":"1"}\n') =>
  client.files.create({ file: await lines(text), purpose: "batch" });

describe("the official openai client", () => {
  it("makes pictures, whole and as they come", async () => {
    const whole = await client.images.generate({ model: "painter", prompt: "a cat" });
    expect(Buffer.from(whole.data![0]!.b64_json!, "base64").toString()).toBe("a picture");
    expect(whole.usage?.total_tokens).toBe(104);
    const stream = await client.images.generate({ model: "painter", prompt: "a cat", stream: true });
    const types: string[] = [];
    for await (const one of stream) types.push(one.type);
    expect(types).toEqual(["image_generation.partial_image", "image_generation.completed"]);
  });

  it("edits and varies pictures", async () => {
    const image = await toFile(Buffer.from([0, 13, 10, 45, 45]), "cat.png", { type: "image/png" });
    const edited = await client.images.edit({ model: "painter", image: [image, image], prompt: "a dog" });
    const varied = await client.images.createVariation({ model: "painter", image });
    expect([edited.data?.length, varied.data?.length]).toEqual([1, 1]);
    expect(upstream.received.at(-1)!.bytes.includes(Buffer.from('name="model"\r\n\r\ngpt-image-1\r\n'))).toBe(true);
  });

  it("speaks", async () => {
    const sound = await client.audio.speech.create({ model: "speaker", voice: "alloy", input: "hello" });
    expect(Buffer.from(await sound.arrayBuffer()).toString()).toBe("a sound");
    expect(sound.headers.get("content-type")).toBe("audio/mpeg");
  });

  it("listens: JSON, subtitles, events", async () => {
    const file = () => toFile(Buffer.from("a sound"), "a.mp3");
    const ask = { model: "listener" } as const;
    expect((await client.audio.transcriptions.create({ ...ask, file: await file() })).text).toBe("hello");
    expect((await client.audio.translations.create({ ...ask, file: await file() })).text).toBe("hello");
    const vtt = await client.audio.transcriptions.create({ ...ask, file: await file(), response_format: "vtt" });
    expect(vtt).toContain("WEBVTT");
    const stream = await client.audio.transcriptions.create({ ...ask, file: await file(), stream: true });
    let text = "";
    for await (const one of stream) if (one.type === "transcript.text.delta") text += one.delta;
    expect(text).toBe("hello");
  });

  it("keeps, shows, lists, reads and deletes files", async () => {
    const text = `${"x".repeat(200_000)}\r\n--not a boundary\r\n`;
    const file = await upload(text);
    expect(file).toMatchObject({ object: "file", bytes: text.length, filename: "input.jsonl", purpose: "batch" });
    expect(await client.files.retrieve(file.id)).toEqual(file);
    const content = await client.files.content(file.id);
    expect(await content.text()).toBe(text);
    expect(content.headers.get("content-disposition")).toBe('attachment; filename="input.jsonl"');
    const listed = [];
    for await (const one of client.files.list()) listed.push(one.id);
    expect(listed).toContain(file.id);
    expect(await client.files.delete(file.id)).toEqual({ id: file.id, object: "file", deleted: true });
    await expect(client.files.retrieve(file.id)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    expect(server.files.has(file.id)).toBe(false);
  });

  it("runs batches and reads their results", async () => {
    const file = await upload();
    const ask = { input_file_id: file.id, endpoint: "/v1/chat/completions", completion_window: "24h" } as const;
    const batch = await client.batches.create(ask);
    expect(batch).toMatchObject({ object: "batch", status: "validating", input_file_id: file.id });
    server.finish();
    const done = await client.batches.retrieve(batch.id);
    expect(await (await client.files.content(done.output_file_id!)).text()).toBe('{"custom_id":"1"}\n');
    expect((await client.batches.cancel(batch.id)).status).toBe("cancelling");
    const ids = [];
    for await (const one of client.batches.list()) ids.push(one.id);
    expect(ids).toEqual([batch.id]);
  });

  it("fine-tunes", async () => {
    const file = await upload();
    const job = await client.fineTuning.jobs.create({ model: "gpt-4.1-mini", training_file: file.id });
    const { id } = job;
    expect((await client.fineTuning.jobs.pause(id)).status).toBe("paused");
    expect((await client.fineTuning.jobs.resume(id)).status).toBe("running");
    expect((await client.fineTuning.jobs.listEvents(id)).data[0]?.message).toBe("queued");
    expect((await client.fineTuning.jobs.checkpoints.list(id)).data[0]?.id).toBe("ftckpt-1");
    server.finish();
    const done = await client.fineTuning.jobs.retrieve(id);
    expect(await (await client.files.content(done.result_files[0]!)).text()).toContain("step,loss");
    expect((await client.fineTuning.jobs.list()).data.map((one) => one.id)).toEqual([id]);
    expect((await client.fineTuning.jobs.cancel(id)).status).toBe("cancelled");
  });

  it("meets another tenant's objects as ones that do not exist", async () => {
    const file = await upload();
    const told = (error: unknown) => [
      (error as { status: number }).status,
      (error as Error).message.replaceAll(file.id, "file-none"),
    ];
    const foreign = await stranger.files.retrieve(file.id).catch(told);
    expect(foreign).toEqual(await stranger.files.retrieve("file-none").catch(told));
    expect(foreign).toEqual([404, expect.stringContaining("No such File object: file-none")]);
    const theirs = [];
    for await (const one of stranger.files.list()) theirs.push(one);
    expect(theirs).toEqual([]);
  });
});
