import { describe, expect, it } from "vitest";
import { mayReach, networkOf } from "../../src/routing/addresses.ts";

/** As a URL spells it once parsed: decimal, octal, hex and short forms all end up dotted. */
const host = (text: string) => new URL(`http://${text}/`).hostname.replace(/^\[|\]$/g, "");

const PRIVATE = [
  "127.0.0.1",
  "127.1",
  "2130706433",
  "0x7f.1",
  "017700000001",
  "10.0.0.1",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.1.1",
  "100.64.0.1",
  "100.127.255.255",
  "[::1]",
  "[fc00::1]",
  "[fdff::1]",
  "[::ffff:10.0.0.1]",
  "[::ffff:7f00:1]",
  "[64:ff9b::10.0.0.1]",
  "[2002:7f00:1::]",
  "[::127.0.0.1]",
];
const NEVER = [
  "0.0.0.0",
  "0",
  "169.254.169.254",
  "0xa9fea9fe",
  "192.0.0.1",
  "192.0.2.1",
  "192.88.99.1",
  "198.18.0.1",
  "198.19.255.255",
  "198.51.100.1",
  "203.0.113.1",
  "224.0.0.1",
  "239.255.255.255",
  "240.0.0.1",
  "255.255.255.255",
  "[::]",
  "[fe80::1]",
  "[fec0::1]",
  "[ff02::1]",
  "[100::1]",
  "[2001::1]",
  "[2001:db8::1]",
  "[3fff::1]",
  "[5f00::1]",
  "[::ffff:169.254.169.254]",
  "[64:ff9b::a9fe:a9fe]",
  "[2002:a9fe:a9fe::]",
];
const PUBLIC = [
  "8.8.8.8",
  "1.1.1.1",
  "172.32.0.1",
  "100.128.0.1",
  "[2606:4700:4700::1111]",
  "[::ffff:8.8.8.8]",
  "[64:ff9b::808:808]",
];

describe("which addresses a provider may reach", () => {
  it.each(PRIVATE)("%s only when it is one's own server", (text) => {
    expect(mayReach(host(text), "public")).toBe(false);
    expect(mayReach(host(text), "private")).toBe(true);
  });

  it.each(NEVER)("%s never", (text) => {
    expect(mayReach(host(text), "public")).toBe(false);
    expect(mayReach(host(text), "private")).toBe(false);
  });

  it.each(PUBLIC)("%s always", (text) => {
    expect(mayReach(host(text), "public")).toBe(true);
  });

  it("refuses zone ids and what is no address", () => {
    expect(mayReach("fe80::1%eth0", "private")).toBe(false);
    expect(mayReach("2606:4700::1%1", "public")).toBe(false);
    expect(mayReach("example.com", "private")).toBe(false);
  });
});

describe("the network of a configured host", () => {
  it.each([
    ["localhost", "private"],
    ["ollama", "private"],
    ["vllm.models.svc", "private"],
    ["gpu.internal", "private"],
    ["192.168.1.5", "private"],
    ["[::1]", "private"],
    ["api.openai.com", "public"],
    ["8.8.8.8", "public"],
    ["localhost.example.com", "public"],
  ])("%s is %s", (name, network) => {
    expect(networkOf(name)).toBe(network);
  });
});
