// Log entries as bytes and back, and the chain that ties each to the one before.
import { createHash } from "node:crypto";
import { hasSameBytes } from "../base/bytes.ts";
import { logIndex, term } from "../base/ids.ts";
import type { Entry } from "../raft/input.ts";
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
  const header = new Uint8Array(8 + 8 + 1);
  const view = new DataView(header.buffer);
  view.setBigUint64(0, BigInt(entry.term));
  view.setBigUint64(8, BigInt(entry.index));
  header[16] = kindCodes[entry.kind];
  const digest = createHash("sha256").update(before).update(header).update(entry.payload).digest();
  return new Uint8Array(digest.subarray(0, chainLength));
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
