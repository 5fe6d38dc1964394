// The layout of the node's one database. LevelDB sorts keys as bytes, so numbers are fixed-width
// and big-endian: byte order is then number order.
//
//   0x01                          identity: whose database this is
//   0x02                          head: term, vote, ends of the log, count of batches
//   0x04                          address book: where other nodes were last; no more than a hint
//   0x05                          which generation of state rows is live
//   0x10 <index u64>              log entry
//   0x20 <generation u32> …       state rows:
//          's' <name>               secret
//          'v' <name> 0x00 <id>     value of one version
//          'p' <name>               resource policy
//          'o' <order u64>          name of a secret, by order of creation
//          'k'                      keyring
//          'c'                      counters
//          'm' <node>               member: where it is reached, when it joined
//          'x' <node>               removed node: its id is burned
//          'j'                      tokens to join with
//          'l'                      lineage: the clusters the state was part of before
//   0x21 <generation u32>         applied: index, digest, configuration
//   0x22 <generation u32> <make u32> …   what this node derives of the state, for queries; each
//                                        make begins anew:
//          'i' <index> <term> 0x00 <order u64>   name of a secret that an index has under a term
//          'e' <log index u64>                   what an entry did to secrets
//   0x23 <generation u32>         how far it has come with that
//   0x30                          a snapshot that is being received: which, and how far
//
// Snapshots are received into the next generation and become live by one write.
import { utf8 } from "../base/bytes.ts";
import type { LogIndex, NodeId } from "../base/ids.ts";
import { setU32, setU64 } from "./big-endian.ts";
import type { KeyRange } from "./database.ts";

export const identityKey: Uint8Array = Uint8Array.of(0x01);
export const headKey: Uint8Array = Uint8Array.of(0x02);
export const addressBookKey: Uint8Array = Uint8Array.of(0x04);
export const generationKey: Uint8Array = Uint8Array.of(0x05);
export const stagingKey: Uint8Array = Uint8Array.of(0x30);

const entryTag = 0x10;
const stateTag = 0x20;
const appliedTag = 0x21;
const derivedTag = 0x22;
const progressTag = 0x23;

const tags = {
  secret: 0x73,
  value: 0x76,
  policy: 0x70,
  order: 0x6f,
  keyring: 0x6b,
  counters: 0x63,
  member: 0x6d,
  removed: 0x78,
  joinTokens: 0x6a,
  lineage: 0x6c,
} as const;
export type RowKind = keyof typeof tags;

/** The first generation of state rows a node has. */
export const firstGeneration = 1;

export function entryKey(index: LogIndex): Uint8Array {
  const key = new Uint8Array(9);
  key[0] = entryTag;
  setU64(key, 1, index);
  return key;
}

/**
 * Every log entry from `first` on. The log is never sought from its beginning: LevelDB would walk
 * over the remains of all that was ever dropped.
 */
export function entriesFrom(first: LogIndex): KeyRange {
  return { gte: entryKey(first), lt: Uint8Array.of(entryTag + 1) };
}

export function appliedKey(generation: number): Uint8Array {
  return withGeneration(appliedTag, generation, 0);
}

/** What kind of row a row key is that of; nothing for a kind of a later release. */
export function rowKindOf(key: Uint8Array): RowKind | undefined {
  const kinds = Object.keys(tags) as RowKind[];
  return kinds.find((kind) => tags[kind] === key[0]);
}

/** What a state row is called within its generation: the same on every node. */
function rowKey(kind: RowKind, name: Uint8Array): Uint8Array {
  const key = new Uint8Array(1 + name.length);
  key[0] = tags[kind];
  key.set(name, 1);
  return key;
}

export function secretRowKey(name: string): Uint8Array {
  return rowKey("secret", utf8(name));
}

export function memberRowKey(node: NodeId): Uint8Array {
  return rowKey("member", utf8(node));
}

export function removedRowKey(node: NodeId): Uint8Array {
  return rowKey("removed", utf8(node));
}

export function policyRowKey(name: string): Uint8Array {
  return rowKey("policy", utf8(name));
}

/** No name holds a zero byte, so no name and version can be taken for another pair. */
export function valueRowKey(name: string, versionId: string): Uint8Array {
  return rowKey("value", utf8(`${name}\0${versionId}`));
}

export function orderRowKey(order: number): Uint8Array {
  const place = new Uint8Array(8);
  setU64(place, 0, order);
  return rowKey("order", place);
}

export function orderOfRowKey(key: Uint8Array): number {
  return Number(new DataView(key.buffer, key.byteOffset).getBigUint64(1));
}

export const keyringRowKey: Uint8Array = rowKey("keyring", new Uint8Array());
export const countersRowKey: Uint8Array = rowKey("counters", new Uint8Array());
export const joinTokensRowKey: Uint8Array = rowKey("joinTokens", new Uint8Array());
export const lineageRowKey: Uint8Array = rowKey("lineage", new Uint8Array());

const generationPrefix = 5;

/** What the keys of all state rows of one generation begin with. */
export function statePrefix(generation: number): Uint8Array {
  return withGeneration(stateTag, generation, 0);
}

/** Where a state row stands in the database. */
export function stateKey(generation: number, row: Uint8Array): Uint8Array {
  const key = withGeneration(stateTag, generation, row.length);
  key.set(row, generationPrefix);
  return key;
}

export function rowOfStateKey(key: Uint8Array): Uint8Array {
  return key.subarray(generationPrefix);
}

/** Every state row of one generation. */
export function allStateRows(generation: number): KeyRange {
  return stateRowsOf({ from: generation, below: generation + 1 });
}

/** Every state row of several generations. */
export function stateRowsOf(range: { readonly from: number; readonly below: number }): KeyRange {
  return {
    gte: withGeneration(stateTag, range.from, 0),
    lt: withGeneration(stateTag, range.below, 0),
  };
}

/** The state rows from one row key up to, and without, another. */
function stateRange(generation: number, from: Uint8Array, below: Uint8Array): KeyRange {
  return { gte: stateKey(generation, from), lt: stateKey(generation, below) };
}

/** The state rows of one kind. */
export function stateRowsOfKind(generation: number, kind: RowKind): KeyRange {
  return stateRange(generation, Uint8Array.of(tags[kind]), Uint8Array.of(tags[kind] + 1));
}

/** What a node derives of one generation of state rows, made once; it may be made anew. */
export interface DerivedMake {
  readonly generation: number;
  readonly make: number;
}

/** What the keys of all rows of one make begin with. */
export function derivedPrefix({ generation, make }: DerivedMake): Uint8Array {
  const key = withGeneration(derivedTag, generation, 4);
  new DataView(key.buffer).setUint32(generationPrefix, make);
  return key;
}

export function derivedRowsOf({ generation, make }: DerivedMake): KeyRange {
  return {
    gte: derivedPrefix({ generation, make }),
    lt: derivedPrefix({ generation, make: make + 1 }),
  };
}

/** Everything that was derived before one make, of whatever generation. */
export function derivedRowsBefore(live: DerivedMake): KeyRange {
  return { gte: derivedPrefix({ generation: 0, make: 0 }), lt: derivedPrefix(live) };
}

export function progressKey(generation: number): Uint8Array {
  return withGeneration(progressTag, generation, 0);
}

export function progressRowsBefore(generation: number): KeyRange {
  return { gte: progressKey(0), lt: progressKey(generation) };
}

function withGeneration(tag: number, generation: number, extra: number): Uint8Array {
  const key = new Uint8Array(generationPrefix + extra);
  key[0] = tag;
  setU32(key, 1, generation);
  return key;
}
