/** What a key looks like: `gate_<id>_<secret>`, the secret ending in a checksum of all before it. */
import { randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";

export interface Token {
  readonly id: string;
  readonly secret: string;
}

/** A new key: an id of 71 random bits, a secret of 154. */
export function makeToken(): Token & { readonly text: string } {
  const id = randomText(ID_LENGTH);
  const unchecked = `${PREFIX}${id}_${randomText(SECRET_LENGTH - CHECKSUM_LENGTH)}`;
  const text = unchecked + checksum(unchecked);
  return { id, secret: text.slice(-SECRET_LENGTH), text };
}

/** The parts of a well-formed key with a matching checksum; undefined for anything else, typing mistakes among it. */
export function parseToken(text: string): Token | undefined {
  if (text.length !== TOKEN_LENGTH || !SHAPE.test(text)) return undefined;
  if (checksum(text.slice(0, -CHECKSUM_LENGTH)) !== text.slice(-CHECKSUM_LENGTH)) return undefined;
  return { id: text.slice(PREFIX.length, PREFIX.length + ID_LENGTH), secret: text.slice(-SECRET_LENGTH) };
}

const PREFIX = "gate_";
const ID_LENGTH = 12;
const SECRET_LENGTH = 32;
const CHECKSUM_LENGTH = 6;
const TOKEN_LENGTH = PREFIX.length + ID_LENGTH + 1 + SECRET_LENGTH;
const SHAPE = /^gate_[0-9A-Za-z]{12}_[0-9A-Za-z]{32}$/;
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** CRC-32 in base 62, as secret scanners expect it: they can tell a real key from an example without asking us. */
function checksum(text: string): string {
  let rest = crc32(text);
  let digits = "";
  for (let i = 0; i < CHECKSUM_LENGTH; i++) {
    digits = ALPHABET[rest % ALPHABET.length] + digits;
    rest = Math.floor(rest / ALPHABET.length);
  }
  return digits;
}

function randomText(length: number): string {
  let text = "";
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      // 248 is four times 62: a remainder of more would prefer the first letters.
      if (byte < 248 && text.length < length) text += ALPHABET[byte % ALPHABET.length];
    }
  }
  return text;
}
