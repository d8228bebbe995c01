/** The few figures the bench makes from samples. Nothing measured is `undefined`, never 0. */

/** The sample below which `share` (0 to 1) of the samples lie, by the nearest rank. Does not change `samples`. */
export function percentile(samples: readonly number[], share: number): number | undefined {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/** The middle sample, or the mean of the two in the middle. */
export function median(samples: readonly number[]): number | undefined {
  const sorted = [...samples].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  return upper === undefined || lower === undefined ? undefined : (upper + lower) / 2;
}

/**
 * The median over rounds of `combine(a, b)`. Pairing within a round takes out what changes on the machine between
 * rounds; a round that lacks one of the two is left out.
 */
export function paired(
  a: readonly (number | undefined)[],
  b: readonly (number | undefined)[],
  combine: (a: number, b: number) => number,
): number | undefined {
  const combined: number[] = [];
  for (const [round, left] of a.entries()) {
    const right = b[round];
    if (left !== undefined && right !== undefined) combined.push(combine(left, right));
  }
  return median(combined);
}

/** Waits between arrivals that come independently of each other, in ms; the same seed gives the same waits. */
export function arrivals(perSecond: number, seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const chance = ((state >>> 0) + 1) / 4_294_967_297;
    return (-Math.log(chance) * 1000) / perSecond;
  };
}
