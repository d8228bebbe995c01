import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Multipart, MultipartError } from "../../src/protocol/multipart.ts";

/** A form as node's own client writes it. */
async function written(form: FormData): Promise<{ bytes: Buffer; contentType: string }> {
  const response = new Response(form);
  const contentType = response.headers.get("content-type")!;
  return { bytes: Buffer.from(await response.arrayBuffer()), contentType };
}

/** A form as node's own server reads it; files as their bytes. */
async function read(bytes: Uint8Array, contentType: string): Promise<[string, unknown][]> {
  const form = await new Response(bytes as Uint8Array<ArrayBuffer>, {
    headers: { "content-type": contentType },
  }).formData();
  const entries = [...form].map(async ([name, value]) => {
    const content = typeof value === "string" ? value : Buffer.from(await value.arrayBuffer()).toString("hex");
    return [name, content] as [string, unknown];
  });
  return Promise.all(entries);
}

const name = fc
  .stringMatching(/^[a-z_]{1,10}(\[\])?$/)
  .filter((one) => !["model", "stream", "response_format"].includes(one));
const text = fc.oneof(fc.string(), fc.constantFrom("\r\n", "--", "\r\n--", "--\r\n\r\n"));
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.constantFrom(Buffer.from("\r\n--"), Buffer.from("\r\n\r\n")),
);

describe("a form", () => {
  it("is read as another server reads it, and changes in one field alone", async () => {
    const fields = fc.array(fc.tuple(name, fc.oneof(text, bytes)), { maxLength: 6 });
    const model = fc.stringMatching(/^[\w/.:-]{1,30}$/);
    await fc.assert(
      fc.asyncProperty(fields, fc.option(model), model, fc.nat(), async (others, asked, wanted, at) => {
        const form = new FormData();
        const all: [string, string | Uint8Array][] = [...others];
        if (asked !== null) all.splice(at % (all.length + 1), 0, ["model", asked]);
        for (const [field, value] of all) {
          if (typeof value === "string") form.append(field, value);
          else form.append(field, new Blob([value as Uint8Array<ArrayBuffer>]), 'a "file"; name=model.bin');
        }
        const sent = await written(form);
        const parsed = Multipart.parse(sent.bytes, sent.contentType);
        expect(parsed.fields.value.model ?? null).toBe(asked);
        const before = await read(sent.bytes, sent.contentType);
        const after = await read(Buffer.concat(parsed.withField("model", wanted)), sent.contentType);
        const changed = before.map(([field, value]) => [field, field === "model" ? wanted : value]);
        expect(after).toEqual(asked === null ? [["model", wanted], ...before] : changed);
      }),
      { numRuns: 300 },
    );
  });

  it("is never taken for what it is not: damage ends in a plain refusal", () => {
    const form =
      '--B\r\ncontent-disposition: form-data; name="model"\r\n\r\nm\r\n--B\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\nx\r\n--B--\r\n';
    const damage = fc.record({ at: fc.nat(form.length - 1), length: fc.nat(20), put: fc.string({ maxLength: 5 }) });
    fc.assert(
      fc.property(damage, ({ at, length, put }) => {
        const damaged = Buffer.from(form.slice(0, at) + put + form.slice(at + length));
        try {
          const { model } = Multipart.parse(damaged, "multipart/form-data; boundary=B").fields.value;
          expect(["string", "undefined"]).toContain(typeof model);
        } catch (error) {
          expect(error).toBeInstanceOf(MultipartError);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    "multipart/form-data",
    "multipart/form-data; boundary=",
    `multipart/form-data; boundary=${"x".repeat(71)}`,
    'multipart/form-data; boundary="a\r\nb"',
  ])("needs a boundary: %j", (contentType) => {
    expect(() => Multipart.parse(Buffer.from("--"), contentType)).toThrow(MultipartError);
  });

  it("is not read further than it needs to be", () => {
    const part = '\r\ncontent-disposition: form-data; name="a"\r\n\r\nx\r\n--B';
    expect(() => Multipart.parse(Buffer.from(`--B${part.repeat(300)}--`), "a; boundary=B")).toThrow(
      /more than 200 parts/,
    );
    const long = `--B\r\nx: ${"y".repeat(10_000)}\r\ncontent-disposition: form-data; name="a"\r\n\r\nx\r\n--B--`;
    expect(() => Multipart.parse(Buffer.from(long), "a; boundary=B")).toThrow(MultipartError);
  });
});
