import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JsonBody, type JsonObject } from "../../src/protocol/json.ts";
import { LARGE_BYTES, parseLarge } from "../../src/protocol/large-body.ts";

const limits = { maxDepth: 100, maxValues: 100_000 };
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** So many characters of base64 of a picture. */
const picture = (length: number) =>
  Buffer.concat([PNG, randomBytes(length)])
    .toString("base64")
    .slice(0, length - (length % 4));

const dataUrl = (length: number) => `data:image/png;base64,${picture(length)}`;

const parse = (value: unknown) => parseLarge(Buffer.from(JSON.stringify(value)), limits);

/** What is sent, as one text. */
function sent(body: JsonBody, encode: () => unknown): string {
  const made = body.large!.encoded(() => ({ body: encode() }));
  return [made.body]
    .flat()
    .map((piece) => (typeof piece === "string" ? piece : Buffer.from(piece as Uint8Array).toString()))
    .join("");
}

describe("a large body", () => {
  const url = dataUrl(LARGE_BYTES * 2);
  const request = {
    model: "m",
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: "ü 🔑" },
          { type: "image_url", image_url: { url } },
        ],
      },
    ],
    input_audio: { data: picture(LARGE_BYTES + 4000) },
  };

  it("reads like any other", () => {
    const body = parse(request);
    expect(body.value).toEqual(request);
    expect(JSON.stringify(body.value)).toBe(JSON.stringify(request));
    expect(body.text).toBe(JSON.stringify(request));
    expect(JSON.parse(body.edit({ model: "other", extra: 1 }))).toEqual({ ...request, model: "other", extra: 1 });
  });

  it("is encoded from its own bytes: what is made of it holds no copy of a picture", () => {
    const body = parse(request);
    let longest = 0;
    const made = body.large!.encoded(() => {
      const [message] = body.value.messages as [{ content: [JsonObject, { image_url: { url: string } }] }];
      const { url: told } = message.content[1].image_url;
      longest = told.length;
      const text = JSON.stringify({ source: { type: "base64", data: told.slice(told.indexOf(",") + 1) }, ö: "ö" });
      return { body: text as string | readonly Uint8Array[] };
    });
    expect(longest).toBeLessThan(2000);
    const pieces = made.body as readonly Buffer[];
    expect(JSON.parse(Buffer.concat(pieces).toString())).toEqual({
      source: { type: "base64", data: url.slice(url.indexOf(",") + 1) },
      ö: "ö",
    });
    expect(pieces.some(({ buffer }) => buffer === (body.source as Buffer).buffer)).toBe(true);
  });

  it("keeps the beginning of data in sight, by which its kind is known", () => {
    const body = parse(request);
    const seen = body.large!.encoded(() => ({ body: null, audio: body.value.input_audio as { data: string } }));
    const { data } = seen.audio;
    expect(data).toBe(request.input_audio.data); // outside it is whole again
    body.large!.encoded(() => {
      const inside = (body.value.input_audio as { data: string }).data;
      expect(inside.slice(0, 1024)).toBe(data.slice(0, 1024));
      expect(inside.length % 4).toBe(0);
      return { body: null };
    });
  });

  it("does not hide text, whatever it looks like", () => {
    const text = Buffer.from("lines of text\n".repeat(LARGE_BYTES / 10)).toString("base64");
    for (const value of [
      text,
      `data:text/plain;base64,${text}`,
      `data:application/json;base64,${text}`,
      "A".repeat(100),
    ]) {
      const body = parse({ file_data: value, pad: "é".repeat(LARGE_BYTES) });
      body.large!.encoded(() => {
        expect(body.value.file_data).toBe(value);
        return { body: null };
      });
    }
  });

  it("survives data in odd places", () => {
    const data = picture(LARGE_BYTES + 100);
    const odd = [
      { [data]: 1 },
      { a: [data, [data]], b: { c: data } },
      { a: `\\"${data}` },
      { a: `"${data}"` },
      { a: `${data}\n` },
      { a: JSON.stringify({ url: dataUrl(LARGE_BYTES * 2) }) },
      { a: "A".repeat(LARGE_BYTES * 2) },
      { data: data.repeat(3) },
    ];
    for (const value of odd) {
      const body = parse(value);
      expect(body.value).toEqual(value);
      if (body.large) expect(JSON.parse(sent(body, () => JSON.stringify(body.value)))).toEqual(value);
    }
  });

  it("is edited as a small one is: byte for byte", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 30 }),
      fc.constantFrom("ü".repeat(20_000), "x".repeat(20_000)),
    );
    const long = fc.constantFrom(url, picture(LARGE_BYTES + 8), "y\n".repeat(LARGE_BYTES), "é".repeat(LARGE_BYTES));
    const value = fc.dictionary(
      text.filter((name) => name !== "__proto__"),
      fc.oneof(text, fc.jsonValue(), long),
      { maxKeys: 6 },
    );
    const spacing = fc.constantFrom(undefined, 1, "\t");
    const changes = fc.record(
      { model: text, stream: fc.boolean(), gone: fc.constant(undefined) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(value, long, spacing, changes, (fields, more, space, edits) => {
        const source = JSON.stringify({ ...fields, model: "m", more, gone: 1, last: [more] }, null, space);
        const small = JsonBody.parse(source, { maxDepth: 1000, maxValues: 1e9 });
        const large = parseLarge(Buffer.from(source), { maxDepth: 1000, maxValues: 1e9 });
        expect(large.value).toEqual(small.value);
        if (!large.large) return;
        const wanted = small.edit(edits);
        expect(large.edit(edits) === wanted).toBe(true);
        expect(sent(large, () => large.edit(edits)) === wanted).toBe(true);
        expect(sent(large, () => JSON.stringify(large.value)) === JSON.stringify(small.value)).toBe(true);
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  it("is refused as a small one is", () => {
    const pad = "é".repeat(LARGE_BYTES);
    for (const text of [
      `{"a":"${url}","a":"${pad}"}`,
      `["${url}"]`,
      `{"a":"${url}"`,
      `{"a":"${url}",}`,
      `{"a":"${url}"}}`,
    ]) {
      expect(() => parseLarge(Buffer.from(text), limits)).toThrow(/^The request body/);
    }
    expect(() => parseLarge(Buffer.from(`{"a":"${url}","b":${"[".repeat(200)}${"]".repeat(200)}}`), limits)).toThrow(
      /deeper/,
    );
  });
});
