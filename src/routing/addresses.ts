import { isIP, isIPv4 } from "node:net";

/**
 * `public`: only global unicast addresses, whatever a name resolves to.
 * `private`: loopback and private networks as well, for model servers of one's own.
 * Link-local addresses (cloud metadata lives there), multicast and reserved ranges pass in neither.
 */
export type Network = "public" | "private";

/** Judges an IP literal as `new URL().hostname` or a resolver spells it, brackets and zone removed. */
export function mayReach(address: string, network: Network): boolean {
  if (address.includes("%")) return false;
  if (isIPv4(address)) return mayReachV4(toNumber(address), network);
  if (isIP(address) !== 6) return false;
  return mayReachV6(toGroups(address), network);
}

/** The network a configured host evidently belongs to; everything with a public-looking name is `public`. */
export function networkOf(hostname: string): Network {
  const host = hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  if (isIP(host) !== 0) return mayReach(host, "public") ? "public" : "private";
  const singleLabel = !host.includes(".");
  return singleLabel || /\.(localhost|local|internal|lan|home\.arpa|svc)$/i.test(host) ? "private" : "public";
}

type Range = readonly [base: number, bits: number];

const range = (cidr: string): Range => {
  const [base, bits] = cidr.split("/") as [string, string];
  return [toNumber(base), Number(bits)];
};

const PRIVATE_V4 = ["10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].map(range);
// IANA's special-purpose registry, less the private ranges above.
const NEVER_V4 = [
  "0.0.0.0/8",
  "169.254.0.0/16",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
].map(range);

function mayReachV4(address: number, network: Network): boolean {
  if (NEVER_V4.some((r) => contains(r, address))) return false;
  return network === "private" || !PRIVATE_V4.some((r) => contains(r, address));
}

function contains([base, bits]: Range, address: number): boolean {
  const shift = 32 - bits;
  return address >>> shift === base >>> shift;
}

function toNumber(dotted: string): number {
  return dotted.split(".").reduce((sum, part) => sum * 256 + Number(part), 0) >>> 0;
}

function mayReachV6(groups: readonly number[], network: Network): boolean {
  const embedded = embeddedV4(groups);
  if (embedded !== undefined) return mayReachV4(embedded, network);
  const [g0, g1] = groups as [number, number];
  const loopback = groups.slice(0, 7).every((g) => g === 0) && groups[7] === 1;
  const uniqueLocal = (g0 & 0xfe00) === 0xfc00;
  if (loopback || uniqueLocal) return network === "private";
  if ((g0 & 0xe000) !== 0x2000) return false; // outside 2000::/3 nothing is global unicast
  if (g0 === 0x2001 && g1 < 0x200) return false; // Teredo, ORCHID, benchmarking
  if (g0 === 0x2001 && g1 === 0xdb8) return false; // documentation
  return !(g0 === 0x3fff && g1 < 0x1000); // documentation
}

/** The IPv4 address inside a mapped, NAT64 or 6to4 address: a packet sent there ends at that address. */
function embeddedV4(groups: readonly number[]): number | undefined {
  const [g0, g1, g2] = groups as [number, number, number];
  const low = ((groups[6]! << 16) | groups[7]!) >>> 0;
  const firstFiveZero = groups.slice(0, 5).every((g) => g === 0);
  if (firstFiveZero && groups[5] === 0xffff) return low;
  if (firstFiveZero && groups[5] === 0 && low > 0xffff) return low;
  if (g0 === 0x64 && g1 === 0xff9b) return low;
  if (g0 === 0x2002) return ((g1 << 16) | g2) >>> 0;
  return undefined;
}

function toGroups(address: string): number[] {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  const text = dotted ? dotted[1] + hexPair(toNumber(dotted[2]!)) : address;
  const [head = "", tail] = text.split("::") as [string, string | undefined];
  const parse = (part: string) => (part === "" ? [] : part.split(":").map((g) => Number.parseInt(g, 16)));
  const left = parse(head);
  if (tail === undefined) return left;
  const right = parse(tail);
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
}

function hexPair(address: number): string {
  return `${(address >>> 16).toString(16)}:${(address & 0xffff).toString(16)}`;
}
