// What derived rows are called within their make: keys.ts draws where they stand.
import { concat, textOf, utf8 } from "../base/bytes.ts";
import { logIndex, type LogIndex } from "../base/ids.ts";
import type { IndexPlace, IndexRange } from "../machine/state-view.ts";
import { termIn, type IndexName } from "../secrets/queries/index-entries.ts";
import { CorruptionError } from "./corruption.ts";
import type { KeyRange } from "./database.ts";

const indexTag = 0x69;
const eventTag = 0x65;

const indexes: Readonly<Record<IndexName, number>> = {
  name: 0x6e,
  changed: 0x63,
  accessed: 0x61,
  deletion: 0x64,
  description: 0x74,
  word: 0x77,
  "tag-key": 0x6b,
  "tag-value": 0x76,
};

/** The tag and the index before a term; the zero byte and the order after it. */
const headLength = 2;
const tailLength = 9;

/**
 * By the bytes of the term, then by order. No term holds a zero byte (`termIn`), so none can be
 * taken for the beginning of another one with its order.
 */
export function indexRowKey(index: IndexName, { term, order }: IndexPlace): Uint8Array {
  return concat([termsFrom(index, term), Uint8Array.of(0), u64(order)]);
}

/** Throws `CorruptionError` for a key that `indexRowKey` does not make. */
export function placeOfIndexRow(key: Uint8Array): IndexPlace {
  const end = key.length - tailLength;
  const term = end < headLength ? undefined : textOf(key.subarray(headLength, end));
  if (term === undefined || key[end] !== 0) {
    throw new CorruptionError("the search index", "a row's key is malformed");
  }
  return { term, order: numberAt(key, end + 1) };
}

/** The keys that a page of an index may be read from. */
export function indexRowsOf({ index, prefix, direction, after }: IndexRange): KeyRange {
  const gte = termsFrom(index, termIn(index, prefix));
  const lt = successorOf(gte);
  if (after === undefined) return { gte, lt };
  const { term, order } = after;
  // Whoever goes on from a place that the prefix does not reach is given no more for it.
  if (direction === "descending") {
    return { gte, lt: earlier(lt, indexRowKey(index, { term, order })) };
  }
  return { gte: later(gte, indexRowKey(index, { term, order: order + 1 })), lt };
}

export function eventRowKey(index: LogIndex): Uint8Array {
  return concat([Uint8Array.of(eventTag), u64(index)]);
}

export function indexOfEventRow(key: Uint8Array): LogIndex {
  return logIndex(numberAt(key, 1));
}

export function eventRowsAfter(after: LogIndex): KeyRange {
  return { gte: eventRowKey(logIndex(after + 1)), lt: Uint8Array.of(eventTag + 1) };
}

function termsFrom(index: IndexName, prefix: string): Uint8Array {
  return concat([Uint8Array.of(indexTag, indexes[index]), utf8(prefix)]);
}

/** The first key behind all that begin with these bytes: no byte of ours or of UTF-8 is 0xff. */
function successorOf(prefix: Uint8Array): Uint8Array {
  const next = Uint8Array.from(prefix);
  next[next.length - 1] = (next.at(-1) ?? 0) + 1;
  return next;
}

function earlier(one: Uint8Array, other: Uint8Array): Uint8Array {
  return Buffer.compare(one, other) < 0 ? one : other;
}

function later(one: Uint8Array, other: Uint8Array): Uint8Array {
  return Buffer.compare(one, other) > 0 ? one : other;
}

function u64(number: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(number));
  return bytes;
}

function numberAt(key: Uint8Array, offset: number): number {
  return Number(new DataView(key.buffer, key.byteOffset).getBigUint64(offset));
}
