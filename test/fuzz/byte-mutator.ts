// Changes to bytes that know nothing of what the bytes mean.
import type { Chance } from "./chance.ts";

/** No input grows beyond this: the endpoint's limit on bodies, and a little more. */
const longestInput = 520 * 1024;

export type Bytes = Uint8Array;

type Change = (bytes: Bytes, chance: Chance, others: Others) => Bytes;

interface Others {
  /** Another input to take a piece of. */
  readonly donor: Bytes;
  /** What means something where these bytes are read. */
  readonly words: readonly Bytes[];
}

const oddBytes = [
  0x00, 0x01, 0x0a, 0x0d, 0x20, 0x22, 0x2c, 0x5c, 0x7b, 0x7f, 0x80, 0xc0, 0xed, 0xff,
];

const changes: readonly Change[] = [
  (bytes, chance) => withByte(bytes, chance, (byte) => byte ^ (1 << chance.below(8))),
  (bytes, chance) => withByte(bytes, chance, () => chance.pick(oddBytes)),
  (bytes, chance) => withByte(bytes, chance, () => chance.below(256)),
  (bytes, chance) => withByte(bytes, chance, (byte) => byte + (chance.once(2) ? 1 : 255)),
  (bytes, chance) => bytes.subarray(0, chance.below(bytes.length + 1)),
  (bytes, chance) => bytes.subarray(chance.below(bytes.length + 1)),
  (bytes, chance) => {
    const [from, to] = span(bytes, chance);
    return join(bytes.subarray(0, from), bytes.subarray(to));
  },
  (bytes, chance) => {
    const [from, to] = span(bytes, chance);
    return join(bytes.subarray(0, to), bytes.subarray(from));
  },
  (bytes, chance) => insert(bytes, chance, Uint8Array.of(chance.pick(oddBytes))),
  (bytes, chance, { words }) => insert(bytes, chance, chance.pick(words)),
  (bytes, chance, { words }) => {
    const [from, to] = span(bytes, chance);
    return join(bytes.subarray(0, from), chance.pick(words), bytes.subarray(to));
  },
  (bytes, chance, { donor }) => {
    const [from, to] = span(donor, chance);
    return insert(bytes, chance, donor.subarray(from, to));
  },
  (bytes, chance, { donor }) =>
    join(
      bytes.subarray(0, chance.below(bytes.length + 1)),
      donor.subarray(chance.below(donor.length + 1)),
    ),
  (bytes, chance) => {
    const [from, to] = span(bytes, chance);
    const piece = bytes.subarray(from, Math.min(to, from + 64));
    return insert(bytes, chance, join(...Array<Bytes>(1 + chance.below(200)).fill(piece)));
  },
];

/** One change, or a few one after the other. */
export function mutateBytes(bytes: Bytes, chance: Chance, others: Others): Bytes {
  let changed = bytes;
  do {
    changed = chance.pick(changes)(changed, chance, others);
  } while (chance.once(3));
  return Uint8Array.from(changed.subarray(0, longestInput));
}

export function join(...pieces: readonly Bytes[]): Bytes {
  return Uint8Array.from(Buffer.concat(pieces));
}

function withByte(bytes: Bytes, chance: Chance, change: (byte: number) => number): Bytes {
  if (bytes.length === 0) return bytes;
  const changed = Uint8Array.from(bytes);
  const at = chance.below(bytes.length);
  changed[at] = change(changed[at] ?? 0);
  return changed;
}

function insert(bytes: Bytes, chance: Chance, piece: Bytes): Bytes {
  const at = chance.below(bytes.length + 1);
  return join(bytes.subarray(0, at), piece, bytes.subarray(at));
}

function span(bytes: Bytes, chance: Chance): readonly [from: number, to: number] {
  const from = chance.below(bytes.length + 1);
  return [from, from + chance.below(bytes.length - from + 1)];
}
