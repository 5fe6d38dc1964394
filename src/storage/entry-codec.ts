// Log entries as bytes and back, and the chain that ties each to the one before.
import { hash } from "node:crypto";
import { hasSameBytes } from "../base/bytes.ts";
import { logIndex, term } from "../base/ids.ts";
import type { Entry } from "../raft/input.ts";
import { setU64 } from "./big-endian.ts";
import { counterOf, decodeAs, internal, MalformedBytesError } from "./internal-codec.ts";
import { bytesOr } from "./message-fields.ts";

/** An entry with the bytes it has on every disk and every wire. */
export interface StoredEntry extends Entry {
  /** First 16 bytes of SHA-256 over the chain before and this entry. */
  readonly chain: Uint8Array;
  /** The encoded LogEntry. */
  readonly bytes: Uint8Array;
}

/** In bytes. */
export const chainLength = 16;

/** Term, index and kind, as the chain covers them. */
const headerLength = 8 + 8 + 1;

/** The chain of the log before its first entry. */
export const rootChain: Uint8Array = new Uint8Array(chainLength);

type KindCode = ReturnType<typeof internal.LogEntry.decode>["kind"];

const kindCodes: Readonly<Record<Entry["kind"], KindCode>> = {
  empty: internal.EntryKind.ENTRY_KIND_EMPTY,
  command: internal.EntryKind.ENTRY_KIND_COMMAND,
  membership: internal.EntryKind.ENTRY_KIND_MEMBERSHIP,
  leave_joint: internal.EntryKind.ENTRY_KIND_LEAVE_JOINT,
};

function chainOf(before: Uint8Array, entry: Entry): Uint8Array {
  const { payload } = entry;
  const chained = new Uint8Array(before.length + headerLength + payload.length);
  chained.set(before);
  setU64(chained, before.length, entry.term);
  setU64(chained, before.length + 8, entry.index);
  chained[before.length + 16] = kindCodes[entry.kind];
  chained.set(payload, before.length + headerLength);
  return new Uint8Array(hash("sha256", chained, "buffer").subarray(0, chainLength));
}

/** Writes an entry down after the one whose chain is `before`. */
export function storeEntry(before: Uint8Array, entry: Entry): StoredEntry {
  const { index, payload, kind } = entry;
  const chain = chainOf(before, entry);
  const bytes = internal.LogEntry.encode({
    term: entry.term,
    index,
    kind: kindCodes[kind],
    payload,
    chain,
  }).finish();
  return { term: entry.term, index, kind, payload, chain, bytes };
}

/** Throws `MalformedBytesError`. Whether the chain fits is for the caller to check. */
export function decodeEntry(bytes: Uint8Array): StoredEntry {
  const message = decodeAs(internal.LogEntry, bytes, "a log entry");
  return {
    term: term(counterOf(message.term, "an entry's term")),
    index: logIndex(counterOf(message.index, "an entry's index")),
    kind: kindOf(message.kind),
    payload: bytesOr(message.payload),
    chain: bytesOr(message.chain),
    bytes,
  };
}

/** Whether the entry follows, unaltered, on the one whose chain is `before`. */
export function isChained(before: Uint8Array, entry: StoredEntry): boolean {
  return hasSameBytes(chainOf(before, entry), entry.chain);
}

function kindOf(code: KindCode): Entry["kind"] {
  const kinds = Object.keys(kindCodes) as Entry["kind"][];
  const kind = kinds.find((known) => kindCodes[known] === code);
  if (kind !== undefined) return kind;
  throw new MalformedBytesError(`Cannot read a log entry: its kind ${code} is not known`);
}
