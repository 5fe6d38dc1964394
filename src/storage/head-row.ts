// Where the log and the votes stand: one row, rewritten with every batch. Whatever batch is the
// last that survived a crash, it tells the term, the vote and both ends of the log as of itself.
import { logIndex, nodeId, term, type LogIndex } from "../base/ids.ts";
import type { HardState } from "../raft/effect.ts";
import type { LogPosition } from "../raft/log-terms.ts";
import { counterOf, decodeAs, idOf, internal } from "./internal-codec.ts";

export interface Head {
  /** Counts every batch ever written to the database. */
  readonly batch: number;
  readonly hardState: HardState;
  /** The position before the first entry that is kept. */
  readonly start: LogEnd;
  readonly lastIndex: LogIndex;
  readonly lastChain: Uint8Array;
  /** A hint: it may be behind what is committed. */
  readonly commitIndex: LogIndex;
}

/** A position with the chain of the entry there. */
export interface LogEnd extends LogPosition {
  readonly chain: Uint8Array;
}

export function encodeHead(head: Head): Uint8Array {
  const { batch, hardState, start, lastIndex, lastChain, commitIndex } = head;
  return internal.HeadRow.encode({
    batch,
    term: hardState.term,
    votedFor: hardState.votedFor,
    startIndex: start.index,
    startTerm: start.term,
    startChain: start.chain,
    lastIndex,
    lastChain,
    commitIndex,
  }).finish();
}

export function decodeHead(bytes: Uint8Array): Head {
  const row = decodeAs(internal.HeadRow, bytes, "the head row");
  const votedFor = row.votedFor ?? undefined;
  return {
    batch: counterOf(row.batch, "the count of batches"),
    hardState: {
      term: term(counterOf(row.term, "the term")),
      votedFor: votedFor === undefined ? undefined : nodeId(idOf(votedFor, "the vote")),
    },
    start: {
      index: logIndex(counterOf(row.startIndex, "the start of the log")),
      term: term(counterOf(row.startTerm, "the term at the start of the log")),
      chain: row.startChain,
    },
    lastIndex: logIndex(counterOf(row.lastIndex, "the end of the log")),
    lastChain: row.lastChain,
    commitIndex: logIndex(counterOf(row.commitIndex, "the commit index")),
  };
}
