/**
 * What all-MiniLM-L6-v2 computes, in WebAssembly SIMD: int8 weights, 16-bit activations, f32 elsewhere. `npm run kernels`
 * makes kernels.wasm of it. No relaxed SIMD and no threads, and every row of a batch takes the same steps wherever it
 * stands: the same text has the same vector on every machine and in every batch.
 *
 * The host lays out the memory; pointers are byte offsets, 16-byte aligned. A matrix of activations has HIDDEN or INNER
 * f32 a row, and room for its rows rounded up to four: the rows beyond are computed with the last ones and never read.
 */

const HIDDEN: usize = 384;
const HEADS: usize = 12;
const HEAD: usize = 32;
const ROW_BYTES: usize = HIDDEN << 2;
const HEAD_BYTES: usize = HEAD << 2;

/**
 * Rearranges int8 weights [outputs x inputs] in place, so that `linear` reads one stream: eight of a row, eight of the
 * next one, and so on. `scratch` has room for two rows.
 */
export function interleave(weights: usize, scratch: usize, inputs: usize, outputs: usize): void {
  for (let n: usize = 0; n < outputs; n += 2) {
    const pair = weights + n * inputs;
    memory.copy(scratch, pair, inputs << 1);
    for (let k: usize = 0; k < inputs; k += 8) {
      store<i64>(pair + (k << 1), load<i64>(scratch + k));
      store<i64>(pair + (k << 1), load<i64>(scratch + inputs + k), 8);
    }
  }
}

/** Each of `rows` ids (i32) becomes a row of x: its word's int8 vector times that word's scale. */
export function lookUp(ids: usize, words: usize, scales: usize, x: usize, rows: usize): void {
  for (let t: usize = 0; t < rows; t++) {
    const id = <usize>load<i32>(ids + (t << 2));
    const word = words + id * HIDDEN;
    const scale = v128.load32_splat(scales + (id << 2));
    const row = x + t * ROW_BYTES;
    for (let d: usize = 0; d < HIDDEN; d += 8) {
      const eight = v128.load_ext<i8>(word + d);
      const low = f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(eight));
      const high = f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(eight));
      v128.store(row + (d << 2), f32x4.mul(low, scale));
      v128.store(row + (d << 2), f32x4.mul(high, scale), 16);
    }
  }
}

/** x = layer norm of (x + added), row by row. */
export function addNorm(x: usize, added: usize, weights: usize, biases: usize, rows: usize): void {
  for (let t: usize = 0; t < rows; t++) {
    const row = x + t * ROW_BYTES;
    const other = added + t * ROW_BYTES;
    let total = f32x4.splat(0);
    for (let d: usize = 0; d < ROW_BYTES; d += 16) {
      const value = f32x4.add(v128.load(row + d), v128.load(other + d));
      v128.store(row + d, value);
      total = f32x4.add(total, value);
    }
    const mean = f32x4.splat(sum(total) / <f32>HIDDEN);
    let squares = f32x4.splat(0);
    for (let d: usize = 0; d < ROW_BYTES; d += 16) {
      const value = f32x4.sub(v128.load(row + d), mean);
      squares = f32x4.add(squares, f32x4.mul(value, value));
    }
    const inverse = f32x4.splat(1 / Mathf.sqrt(sum(squares) / <f32>HIDDEN + 1e-12));
    for (let d: usize = 0; d < ROW_BYTES; d += 16) {
      const value = f32x4.mul(f32x4.sub(v128.load(row + d), mean), inverse);
      v128.store(row + d, f32x4.add(f32x4.mul(value, v128.load(weights + d)), v128.load(biases + d)));
    }
  }
}

/**
 * Each f32 row of x becomes i16 in [-32767, 32767] with a scale of its own, four rows side by side for `linear`: eight
 * numbers of the first, eight of the second, the third and the fourth, then the next eight of the first.
 */
export function quantize(x: usize, quantized: usize, scales: usize, rows: usize, columns: usize): void {
  for (let t: usize = 0; t < rows; t++) {
    const row = x + ((t * columns) << 2);
    let most = f32x4.splat(0);
    for (let k: usize = 0; k < columns << 2; k += 16) most = f32x4.max(most, f32x4.abs(v128.load(row + k)));
    const max = Mathf.max(
      Mathf.max(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1)),
      Mathf.max(f32x4.extract_lane(most, 2), f32x4.extract_lane(most, 3)),
    );
    store<f32>(scales + (t << 2), max / 32767);
    const factor = f32x4.splat(max > 0 ? 32767 / max : 0);
    let to = quantized + (((t & ~3) * columns) << 1) + ((t & 3) << 4);
    for (let k: usize = 0; k < columns << 2; k += 32) {
      const low = f32x4.nearest(f32x4.mul(v128.load(row + k), factor));
      const high = f32x4.nearest(f32x4.mul(v128.load(row + k, 16), factor));
      v128.store(to, i16x8.narrow_i32x4_s(i32x4.trunc_sat_f32x4_s(low), i32x4.trunc_sat_f32x4_s(high)));
      to += 64;
    }
  }
}

/**
 * out[t][n] = x[t] · w[n] * xScales[t] * wScales[n] + biases[n], for x from `quantize` and w from `interleave`. It is where
 * the time goes: four rows by two outputs at once keep eight sums in registers, and both streams are read in order.
 * inputs % 16 == 0, inputs <= 1536, outputs % 2 == 0.
 */
export function linear(
  x: usize,
  xScales: usize,
  w: usize,
  wScales: usize,
  biases: usize,
  out: usize,
  rows: usize,
  inputs: usize,
  outputs: usize,
): void {
  const outRow = outputs << 2;
  for (let n: usize = 0; n < outputs; n += 2) {
    const pair = w + n * inputs;
    const end = pair + (inputs << 1);
    const scaleA = v128.load32_splat(wScales + (n << 2));
    const scaleB = v128.load32_splat(wScales + (n << 2), 4);
    const biasA = v128.load32_splat(biases + (n << 2));
    const biasB = v128.load32_splat(biases + (n << 2), 4);
    let from = x;
    let to = out + (n << 2);
    let t: usize = 0;
    for (; t + 2 < rows; t += 4) {
      let a0 = i32x4.splat(0);
      let a1 = a0;
      let a2 = a0;
      let a3 = a0;
      let b0 = a0;
      let b1 = a0;
      let b2 = a0;
      let b3 = a0;
      for (let p = pair; p < end; p += 32) {
        let u = v128.load_ext<i8>(p);
        let v = v128.load_ext<i8>(p, 8);
        let y = v128.load(from);
        a0 = i32x4.add(a0, i32x4.dot_i16x8_s(u, y));
        b0 = i32x4.add(b0, i32x4.dot_i16x8_s(v, y));
        y = v128.load(from, 16);
        a1 = i32x4.add(a1, i32x4.dot_i16x8_s(u, y));
        b1 = i32x4.add(b1, i32x4.dot_i16x8_s(v, y));
        y = v128.load(from, 32);
        a2 = i32x4.add(a2, i32x4.dot_i16x8_s(u, y));
        b2 = i32x4.add(b2, i32x4.dot_i16x8_s(v, y));
        y = v128.load(from, 48);
        a3 = i32x4.add(a3, i32x4.dot_i16x8_s(u, y));
        b3 = i32x4.add(b3, i32x4.dot_i16x8_s(v, y));
        u = v128.load_ext<i8>(p, 16);
        v = v128.load_ext<i8>(p, 24);
        y = v128.load(from, 64);
        a0 = i32x4.add(a0, i32x4.dot_i16x8_s(u, y));
        b0 = i32x4.add(b0, i32x4.dot_i16x8_s(v, y));
        y = v128.load(from, 80);
        a1 = i32x4.add(a1, i32x4.dot_i16x8_s(u, y));
        b1 = i32x4.add(b1, i32x4.dot_i16x8_s(v, y));
        y = v128.load(from, 96);
        a2 = i32x4.add(a2, i32x4.dot_i16x8_s(u, y));
        b2 = i32x4.add(b2, i32x4.dot_i16x8_s(v, y));
        y = v128.load(from, 112);
        a3 = i32x4.add(a3, i32x4.dot_i16x8_s(u, y));
        b3 = i32x4.add(b3, i32x4.dot_i16x8_s(v, y));
        from += 128;
      }
      const scales = v128.load(xScales + (t << 2));
      const a = f32x4.add(f32x4.mul(f32x4.mul(fourSums(a0, a1, a2, a3), scales), scaleA), biasA);
      const b = f32x4.add(f32x4.mul(f32x4.mul(fourSums(b0, b1, b2, b3), scales), scaleB), biasB);
      const first = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
      const last = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
      v128.store_lane<i64>(to, first, 0);
      v128.store_lane<i64>(to + outRow, first, 1);
      to += outRow << 1;
      v128.store_lane<i64>(to, last, 0);
      v128.store_lane<i64>(to + outRow, last, 1);
      to += outRow << 1;
    }
    // One or two rows by themselves are quicker than four of which the rest is thrown away.
    for (; t < rows; t++) {
      const dots = linearRow(x + ((t & ~3) * inputs << 1) + ((t & 3) << 4), pair, end);
      const scaled = f32x4.mul(f32x4.mul(dots, v128.load32_splat(xScales + (t << 2))), v128.load64_zero(wScales + (n << 2)));
      v128.store_lane<i64>(to, f32x4.add(scaled, v128.load64_zero(biases + (n << 2))), 0);
      to += outRow;
    }
  }
}

/** One row by two outputs: the dot products in the first two lanes. */
// @ts-ignore: decorator
@inline
function linearRow(x: usize, pair: usize, end: usize): v128 {
  let a = i32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let from = x;
  for (let p = pair; p < end; p += 32) {
    let y = v128.load(from);
    a = i32x4.add(a, i32x4.dot_i16x8_s(v128.load_ext<i8>(p), y));
    b = i32x4.add(b, i32x4.dot_i16x8_s(v128.load_ext<i8>(p, 8), y));
    y = v128.load(from, 64);
    c = i32x4.add(c, i32x4.dot_i16x8_s(v128.load_ext<i8>(p, 16), y));
    d = i32x4.add(d, i32x4.dot_i16x8_s(v128.load_ext<i8>(p, 24), y));
    from += 128;
  }
  a = i32x4.add(a, c);
  b = i32x4.add(b, d);
  return fourSums(a, b, a, b);
}

/** Lane i is the sum of the lanes of the i-th argument. A lane holds at most 384 * 127 * 32767 < 2^31; four of them may not. */
// @ts-ignore: decorator
@inline
function fourSums(a: v128, b: v128, c: v128, d: v128): v128 {
  const f = f32x4.convert_i32x4_s(a);
  const g = f32x4.convert_i32x4_s(b);
  const h = f32x4.convert_i32x4_s(c);
  const i = f32x4.convert_i32x4_s(d);
  const fg = f32x4.add(v128.shuffle<i32>(f, g, 0, 4, 1, 5), v128.shuffle<i32>(f, g, 2, 6, 3, 7));
  const hi = f32x4.add(v128.shuffle<i32>(h, i, 0, 4, 1, 5), v128.shuffle<i32>(h, i, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<i64>(fg, hi, 0, 2), v128.shuffle<i64>(fg, hi, 1, 3));
}

/**
 * Attention of the rows of one text to each other. `keys` is room for HEAD rows of `rows` f32, and `scores` for one, both
 * rounded up to eight.
 */
export function attention(q: usize, k: usize, v: usize, out: usize, keys: usize, scores: usize, rows: usize): void {
  const padded = (rows + 7) & ~7;
  for (let head: usize = 0; head < HEADS; head++) {
    const at = head * HEAD_BYTES;
    transposeKeys(k + at, keys, rows, padded);
    for (let t: usize = 0; t < rows; t++) {
      score(q + at + t * ROW_BYTES, keys, scores, padded);
      softmax(scores, rows, padded);
      mix(v + at, scores, out + at + t * ROW_BYTES, rows);
    }
  }
}

/** keys[d][j] = k[j][d] / sqrt(HEAD); what lies beyond the rows is 0. */
function transposeKeys(k: usize, keys: usize, rows: usize, padded: usize): void {
  for (let d: usize = 0; d < HEAD; d++) {
    const to = keys + ((d * padded) << 2);
    for (let j: usize = 0; j < rows; j++) {
      store<f32>(to + (j << 2), load<f32>(k + j * ROW_BYTES + (d << 2)) * <f32>0.17677669529);
    }
    for (let j = rows; j < padded; j++) store<f32>(to + (j << 2), 0);
  }
}

/** scores[j] = q · keys[..][j], eight at a time. */
// @ts-ignore: decorator
@inline
function score(q: usize, keys: usize, scores: usize, padded: usize): void {
  const row = padded << 2;
  for (let j: usize = 0; j < row; j += 32) {
    let a = f32x4.splat(0);
    let b = a;
    let c = a;
    let e = a;
    let key = keys + j;
    for (let d: usize = 0; d < HEAD_BYTES; d += 8) {
      let x = v128.load32_splat(q + d);
      a = f32x4.add(a, f32x4.mul(x, v128.load(key)));
      b = f32x4.add(b, f32x4.mul(x, v128.load(key, 16)));
      key += row;
      x = v128.load32_splat(q + d, 4);
      c = f32x4.add(c, f32x4.mul(x, v128.load(key)));
      e = f32x4.add(e, f32x4.mul(x, v128.load(key, 16)));
      key += row;
    }
    v128.store(scores + j, f32x4.add(a, c));
    v128.store(scores + j, f32x4.add(b, e), 16);
  }
}

/** What lies beyond the rows becomes 0. */
// @ts-ignore: decorator
@inline
function softmax(scores: usize, rows: usize, padded: usize): void {
  for (let j = rows; j < padded; j++) store<f32>(scores + (j << 2), -1e30);
  const end = padded << 2;
  let most = f32x4.splat(-1e30);
  for (let j: usize = 0; j < end; j += 16) most = f32x4.max(most, v128.load(scores + j));
  const max = f32x4.splat(
    Mathf.max(
      Mathf.max(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1)),
      Mathf.max(f32x4.extract_lane(most, 2), f32x4.extract_lane(most, 3)),
    ),
  );
  let total = f32x4.splat(0);
  for (let j: usize = 0; j < end; j += 16) {
    const power = exp(f32x4.sub(v128.load(scores + j), max));
    v128.store(scores + j, power);
    total = f32x4.add(total, power);
  }
  const inverse = f32x4.splat(1 / sum(total));
  for (let j: usize = 0; j < end; j += 16) v128.store(scores + j, f32x4.mul(v128.load(scores + j), inverse));
}

/** out = the rows of v, weighed by their scores. */
// @ts-ignore: decorator
@inline
function mix(v: usize, scores: usize, out: usize, rows: usize): void {
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let e = a;
  let f = a;
  let g = a;
  let h = a;
  for (let j: usize = 0; j < rows; j++) {
    const share = v128.load32_splat(scores + (j << 2));
    a = f32x4.add(a, f32x4.mul(share, v128.load(v)));
    b = f32x4.add(b, f32x4.mul(share, v128.load(v, 16)));
    c = f32x4.add(c, f32x4.mul(share, v128.load(v, 32)));
    d = f32x4.add(d, f32x4.mul(share, v128.load(v, 48)));
    e = f32x4.add(e, f32x4.mul(share, v128.load(v, 64)));
    f = f32x4.add(f, f32x4.mul(share, v128.load(v, 80)));
    g = f32x4.add(g, f32x4.mul(share, v128.load(v, 96)));
    h = f32x4.add(h, f32x4.mul(share, v128.load(v, 112)));
    v += ROW_BYTES;
  }
  v128.store(out, a);
  v128.store(out, b, 16);
  v128.store(out, c, 32);
  v128.store(out, d, 48);
  v128.store(out, e, 64);
  v128.store(out, f, 80);
  v128.store(out, g, 96);
  v128.store(out, h, 112);
}

/** x * Phi(x) for `bytes` bytes of f32; erf by Abramowitz and Stegun 7.1.26 (error 1.5e-7). */
export function gelu(x: usize, bytes: usize): void {
  const one = f32x4.splat(1);
  for (let i: usize = 0; i < bytes; i += 16) {
    const value = v128.load(x + i);
    const z = f32x4.mul(value, f32x4.splat(0.70710678));
    const size = f32x4.abs(z);
    const t = f32x4.div(one, f32x4.add(one, f32x4.mul(f32x4.splat(0.3275911), size)));
    let p = f32x4.splat(1.061405429);
    p = f32x4.add(f32x4.mul(p, t), f32x4.splat(-1.453152027));
    p = f32x4.add(f32x4.mul(p, t), f32x4.splat(1.421413741));
    p = f32x4.add(f32x4.mul(p, t), f32x4.splat(-0.284496736));
    p = f32x4.add(f32x4.mul(p, t), f32x4.splat(0.254829592));
    const positive = f32x4.sub(one, f32x4.mul(f32x4.mul(p, t), exp(f32x4.neg(f32x4.mul(size, size)))));
    const erf = v128.or(positive, v128.and(z, f32x4.splat(-0.0)));
    v128.store(x + i, f32x4.mul(f32x4.mul(value, f32x4.splat(0.5)), f32x4.add(one, erf)));
  }
}

/** out = the mean of the rows, brought to length 1. */
export function pool(x: usize, out: usize, rows: usize): void {
  let squares = f32x4.splat(0);
  for (let d: usize = 0; d < ROW_BYTES; d += 16) {
    let total = f32x4.splat(0);
    for (let t: usize = 0; t < rows; t++) total = f32x4.add(total, v128.load(x + t * ROW_BYTES + d));
    v128.store(out + d, total);
    squares = f32x4.add(squares, f32x4.mul(total, total));
  }
  const length = Mathf.sqrt(sum(squares));
  const inverse = f32x4.splat(length > 0 ? 1 / length : 0);
  for (let d: usize = 0; d < ROW_BYTES; d += 16) v128.store(out + d, f32x4.mul(v128.load(out + d), inverse));
}

// @ts-ignore: decorator
@inline
function sum(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  );
}

/** e^x as 2^n times a polynomial; relative error below 3e-7 on [-87, 87], and the value at its ends beyond. */
// @ts-ignore: decorator
@inline
function exp(any: v128): v128 {
  const x = f32x4.max(f32x4.min(any, f32x4.splat(87)), f32x4.splat(-87));
  const n = f32x4.nearest(f32x4.mul(x, f32x4.splat(1.44269504)));
  const high = f32x4.mul(n, f32x4.splat(0.693359375));
  const low = f32x4.mul(n, f32x4.splat(-2.1219444e-4));
  const r = f32x4.sub(f32x4.sub(x, high), low);
  let p = f32x4.splat(1.987569150e-4);
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.3981999507e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(8.3334519073e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(4.1665795894e-2));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.6666665459e-1));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(5.0000001201e-1));
  p = f32x4.add(f32x4.add(f32x4.mul(f32x4.mul(p, r), r), r), f32x4.splat(1));
  return f32x4.mul(p, i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23));
}
