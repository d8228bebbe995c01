import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JsonBody, JsonError } from "../../src/protocol/json.ts";

const limits = { maxDepth: 20, maxValues: 1000 };
const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }));
/** Text as people and libraries write it: spaces anywhere, escapes where none are needed (no literal holds a z). */
const text = fc
  .tuple(object, fc.constantFrom(undefined, 1, 2, "\t"))
  .map(([value, indent]) => JSON.stringify(value, null, indent).replaceAll("z", "\\u007a"));

describe("editing a JSON body", () => {
  it("changes the named members and leaves every other as it was", () => {
    fc.assert(
      fc.property(text, object, (source, changes) => {
        const body = JsonBody.parse(source, limits);
        expect(JSON.parse(body.edit(changes))).toEqual({ ...body.value, ...JSON.parse(JSON.stringify(changes)) });
      }),
    );
  });

  it("removes members that are set to undefined", () => {
    fc.assert(
      fc.property(text, fc.array(fc.string()), (source, extra) => {
        const body = JsonBody.parse(source, limits);
        const gone = [...Object.keys(body.value).filter((_, index) => index % 2 === 0), ...extra];
        const expected = Object.fromEntries(Object.entries(body.value).filter(([name]) => !gone.includes(name)));
        expect(JSON.parse(body.edit(Object.fromEntries(gone.map((name) => [name, undefined]))))).toEqual(expected);
      }),
    );
  });

  it("keeps numbers, spacing and escapes it was not asked to touch", () => {
    const body = JsonBody.parse('{ "seed": 12345678901234567890, "model" : "a",  "x":1.0e2 }', limits);
    expect(body.edit({ model: "b", stream: true })).toBe(
      '{ "seed": 12345678901234567890, "model" : "b",  "x":1.0e2 ,"stream":true}',
    );
  });
});

describe("refusing a JSON body", () => {
  it.each([
    ["a name that comes twice", '{"model":"a","model":"b"}', /names "model" twice/],
    ["a name that comes twice, once escaped", '{"model":"a","mode\\u006c":"b"}', /twice/],
    ["an array", "[1]", /must be a JSON object/],
    ["nothing", "", /ends too early/],
    ["broken text, without quoting it", '{"secret-prompt', /not valid JSON/],
    ["deep nesting", `{"a":${"[".repeat(30)}${"]".repeat(30)}}`, /nests deeper than 20/],
    ["too many values", JSON.stringify({ a: new Array(1001).fill(0) }), /more than 1000 values/],
  ])("%s", (_, source, message) => {
    expect(() => JsonBody.parse(source, limits)).toThrow(JsonError);
    expect(() => JsonBody.parse(source, limits)).toThrow(message);
    expect(() => JsonBody.parse(source, limits)).not.toThrow(/secret-prompt/);
  });

  it("survives a million brackets", () => {
    const deep = `{"a":${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}}`;
    expect(() => JsonBody.parse(deep, limits)).toThrow(JsonError);
  });

  it("treats __proto__ as a name like any other", () => {
    const body = JsonBody.parse('{"__proto__":{"polluted":true},"model":"a"}', limits);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(body.edit({ model: "b" })).toBe('{"__proto__":{"polluted":true},"model":"b"}');
  });
});
