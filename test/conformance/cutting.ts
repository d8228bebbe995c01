/** Where a provider's bytes are cut on their way to the gateway: a correct reader never notices. */

export interface Cutting {
  /** `whole`, `bytes` or `random-N`; part of the URL a case is served under. */
  readonly name: string;
  readonly pieces: readonly Buffer[];
}

export interface CuttingOptions {
  readonly seed: number;
  /** Random cuttings per stream. */
  readonly rounds: number;
  /** Makes one recording's cuts the same whichever others run beside it. */
  readonly label: string;
  readonly stream: boolean;
}

/** One write per byte costs about 20 µs on either side; above this size the random cuttings must do. */
const MAX_BYTES_CUT_SINGLY = 8 * 1024;

/** Keeps the number of writes, and so the time, independent of a body's size. */
const MAX_RANDOM_CUTS = 400;

export function cuttingsOf(body: Buffer, { seed, rounds, label, stream }: CuttingOptions): Cutting[] {
  const random = seededRandom(seed, label);
  const cuttings: Cutting[] = [{ name: "whole", pieces: [body] }];
  if (stream && body.length <= MAX_BYTES_CUT_SINGLY) {
    cuttings.push({ name: "bytes", pieces: cutAt(body, upTo(body.length)) });
  }
  // A whole answer is collected before anything happens: one cutting shows that collecting works.
  const randomRounds = stream ? rounds : Math.min(rounds, 1);
  for (let round = 1; round <= randomRounds; round++) {
    cuttings.push({ name: `random-${round}`, pieces: cutAt(body, randomOffsets(body.length, random)) });
  }
  return cuttings;
}

/** The pieces between the offsets; offsets outside the body and doubles are ignored. */
export function cutAt(body: Buffer, offsets: readonly number[]): Buffer[] {
  const inside = offsets.filter((offset) => offset > 0 && offset < body.length);
  const sorted = [...new Set(inside)].sort((a, b) => a - b);
  const borders = [0, ...sorted, body.length];
  return borders.slice(1).map((end, index) => body.subarray(borders[index], end));
}

/** The pieces' mean size differs from one draw to the next, from 2 bytes to the whole body, small ones as likely as large ones. */
export function randomOffsets(length: number, random: () => number): number[] {
  if (length < 2) return [];
  const meanBytes = 2 * (length / 2) ** random();
  const count = Math.min(MAX_RANDOM_CUTS, Math.max(1, Math.round(length / meanBytes)));
  return Array.from({ length: count }, () => 1 + Math.floor(random() * (length - 1)));
}

/** Numbers from 0 to 1 that depend on nothing but seed and label (mulberry32). */
export function seededRandom(seed: number, label: string): () => number {
  let state = seed >>> 0;
  for (const character of label) state = (Math.imul(state, 31) + character.codePointAt(0)!) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function upTo(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}
