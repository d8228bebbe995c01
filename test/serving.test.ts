import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestPlane, type TestPlane } from "./support/data-plane.ts";
import { chunk, completion, DONE, eventStream, json, startUpstream, type Upstream } from "./support/upstream.ts";

let first: Upstream;
let second: Upstream;
let plane: TestPlane;
let folder: string;
let file: string;

const config = (upstream: Upstream, extra = "") =>
  `providers: { p: { kind: openai-compatible, baseUrl: "${upstream.url}/v1" } }\nmodels: { m: { route: p/x } }\n${extra}`;

beforeAll(async () => {
  first = await startUpstream((_, response) => json(response, completion("first")));
  second = await startUpstream((_, response) => json(response, completion("second")));
  folder = await mkdtemp(join(tmpdir(), "gatehouse-"));
  file = join(folder, "gatehouse.yaml");
  await writeFile(file, config(first));
  plane = await startTestPlane(config(first), { configFile: file });
});
afterAll(async () => {
  await plane.stop();
  await first.close();
  await second.close();
  await rm(folder, { recursive: true });
});

async function whoAnswers(): Promise<string> {
  const response = await plane.chat();
  return ((await response.json()) as { choices: [{ message: { content: string } }] }).choices[0].message.content;
}

async function eventually(check: () => Promise<boolean> | boolean): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (await check()) return;
    await sleep(50);
  }
  throw new Error("it did not happen within 5 s");
}

describe("a configuration file that changes", () => {
  it("is taken up by itself, while a stream of the old one goes on", async () => {
    const end = Promise.withResolvers<void>();
    first.answer(async (_, response) => {
      eventStream(response);
      response.write(chunk("begun "));
      await end.promise;
      response.end(chunk("and ended") + chunk("", "stop") + DONE);
    });
    const stream = await plane.chat({ stream: true });
    // As editors and volume mounts do it: a new file takes the old one's name.
    await writeFile(`${file}.new`, config(second));
    await rename(`${file}.new`, file);
    await eventually(() => plane.serving.status().generation === 2);
    expect(await whoAnswers()).toBe("second");
    end.resolve();
    expect(await stream.text()).toContain("and ended");
  });

  it("changes nothing when it has a mistake, says so, and is taken up once mended", async () => {
    await writeFile(file, config(first, "listne: {}"));
    await eventually(() => plane.serving.status().configProblem !== null);
    expect(plane.serving.status()).toMatchObject({
      generation: 2,
      configProblem: expect.stringContaining("listne: is not a known setting; did you mean 'listen'?"),
    });
    expect(await whoAnswers()).toBe("second");
    expect(await plane.metric("gatehouse_config_generation")).toBe(2);
    await expect(plane.serving.reload()).rejects.toThrow(/listne/);

    first.answer((_, response) => json(response, completion("first again")));
    await writeFile(file, config(first));
    await eventually(() => plane.serving.status().generation === 3);
    expect(plane.serving.status().configProblem).toBeNull();
    expect(await whoAnswers()).toBe("first again");
  });

  it("survives being half written and being gone for a moment", async () => {
    await writeFile(file, config(first).slice(0, 40));
    await eventually(() => plane.serving.status().configProblem !== null);
    await rm(file);
    await sleep(1200);
    expect(await whoAnswers()).toBe("first again");
  });
});
