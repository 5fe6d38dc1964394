// Raft messages as PeerFrames and back. Entries travel as the bytes they have in the leader's log.
import { logIndex, term, type LogIndex, type Term } from "../base/ids.ts";
import type { AppendResponse, Message } from "../raft/input.ts";
import type { LogPosition } from "../raft/log-terms.ts";
import { decodeEntry, type StoredEntry } from "../storage/entry-codec.ts";
import {
  counterOf,
  internal,
  MalformedBytesError,
  present,
  type Fields,
} from "../storage/internal-codec.ts";

type RaftFields = Fields<"RaftMessage">;
type Decoded = ReturnType<typeof internal.RaftMessage.decode>;

export function encodeMessage(message: Message): Fields<"PeerFrame"> {
  return { message: { term: message.term, ...bodyOf(message) } };
}

/** Throws `MalformedBytesError` for anything but a message of this protocol. */
export function decodeMessage(fields: RaftFields): Message {
  const message = fields as Decoded;
  const inTerm = term(counterOf(message.term, "a message's term"));
  const kind = present(message.message, "a message's kind");
  return decoders[kind](message, inTerm);
}

function bodyOf(message: Message): RaftFields {
  const encode = encoders[message.kind] as (message: Message) => RaftFields;
  return encode(message);
}

type MessageOf<Kind extends Message["kind"]> = Extract<Message, { kind: Kind }>;

const encoders: {
  readonly [Kind in Message["kind"]]: (message: MessageOf<Kind>) => RaftFields;
} = {
  pre_vote_request: ({ lastLog }) => ({ preVoteRequest: { lastLog } }),
  pre_vote_response: ({ vote, committed }) => ({
    preVoteResponse: { granted: vote === "granted", committed },
  }),
  vote_request: ({ lastLog, reason }) => ({
    voteRequest: { lastLog, transfer: reason === "transfer" },
  }),
  vote_response: ({ vote }) => ({ voteResponse: { granted: vote === "granted" } }),
  append_request: ({ prev, entries, commitIndex, readRound }) => {
    // Whatever a driver sends is from its log, where entries have their bytes.
    const bytes = (entries as readonly StoredEntry[]).map((entry) => entry.bytes);
    return { appendRequest: { prev, entries: bytes, commitIndex, readRound } };
  },
  append_response: ({ readRound, answer }) => ({
    appendResponse: { readRound, ...answerTo(answer) },
  }),
  heartbeat: ({ commitIndex, readRound }) => ({ heartbeat: { commitIndex, readRound } }),
  heartbeat_response: ({ readRound }) => ({ heartbeatResponse: { readRound } }),
  read_index_request: ({ readId }) => ({ readIndexRequest: { readId } }),
  timeout_now: () => ({ timeoutNow: {} }),
  read_index_response: ({ readId, answer }) => ({
    readIndexResponse: { readId, index: answer.kind === "at" ? answer.index : undefined },
  }),
};

type Kind = NonNullable<Decoded["message"]>;

const decoders: Readonly<Record<Kind, (message: Decoded, inTerm: Term) => Message>> = {
  preVoteRequest: ({ preVoteRequest }, inTerm) => ({
    kind: "pre_vote_request",
    term: inTerm,
    lastLog: positionFrom(preVoteRequest?.lastLog),
  }),
  preVoteResponse: ({ preVoteResponse }, inTerm) => ({
    kind: "pre_vote_response",
    term: inTerm,
    vote: preVoteResponse?.granted === true ? "granted" : "refused",
    committed: positionFrom(preVoteResponse?.committed),
  }),
  voteRequest: ({ voteRequest }, inTerm) => ({
    kind: "vote_request",
    term: inTerm,
    lastLog: positionFrom(voteRequest?.lastLog),
    reason: voteRequest?.transfer === true ? "transfer" : "timeout",
  }),
  voteResponse: ({ voteResponse }, inTerm) => ({
    kind: "vote_response",
    term: inTerm,
    vote: voteResponse?.granted === true ? "granted" : "refused",
  }),
  appendRequest: ({ appendRequest }, inTerm) => {
    const prev = positionFrom(appendRequest?.prev);
    return {
      kind: "append_request",
      term: inTerm,
      prev,
      entries: entriesFrom(appendRequest?.entries ?? [], prev, inTerm),
      commitIndex: indexFrom(appendRequest?.commitIndex),
      readRound: counterOf(appendRequest?.readRound, "a read round"),
    };
  },
  appendResponse: ({ appendResponse }, inTerm) => ({
    kind: "append_response",
    term: inTerm,
    readRound: counterOf(appendResponse?.readRound, "a read round"),
    answer: answerFrom(present(appendResponse, "an append response")),
  }),
  heartbeat: ({ heartbeat }, inTerm) => ({
    kind: "heartbeat",
    term: inTerm,
    commitIndex: indexFrom(heartbeat?.commitIndex),
    readRound: counterOf(heartbeat?.readRound, "a read round"),
  }),
  heartbeatResponse: ({ heartbeatResponse }, inTerm) => ({
    kind: "heartbeat_response",
    term: inTerm,
    readRound: counterOf(heartbeatResponse?.readRound, "a read round"),
  }),
  timeoutNow: (_, inTerm) => ({ kind: "timeout_now", term: inTerm }),
  readIndexRequest: ({ readIndexRequest }, inTerm) => ({
    kind: "read_index_request",
    term: inTerm,
    readId: counterOf(readIndexRequest?.readId, "a read's id"),
  }),
  readIndexResponse: ({ readIndexResponse }, inTerm) => {
    const index = readIndexResponse?.index ?? undefined;
    return {
      kind: "read_index_response",
      term: inTerm,
      readId: counterOf(readIndexResponse?.readId, "a read's id"),
      answer: index === undefined ? { kind: "refused" } : { kind: "at", index: indexFrom(index) },
    };
  },
};

/** What contradicts itself is its sender's fault, not a broken invariant of this node. */
function entriesFrom(
  encoded: readonly Uint8Array[],
  prev: LogPosition,
  inTerm: Term,
): readonly StoredEntry[] {
  let last = prev;
  return encoded.map((bytes) => {
    const entry = decodeEntry(bytes);
    if (entry.index !== last.index + 1 || entry.term < last.term || entry.term > inTerm) {
      throw new MalformedBytesError("Cannot read an append: its entries do not follow each other");
    }
    last = entry;
    return entry;
  });
}

function answerTo(answer: AppendResponse["answer"]): Fields<"AppendResponse"> {
  if (answer.kind === "matched") return { matchedIndex: answer.index };
  return { mismatch: { prevIndex: answer.prevIndex, hint: answer.hint } };
}

function answerFrom(fields: Fields<"AppendResponse">): AppendResponse["answer"] {
  if (fields.mismatch) {
    return {
      kind: "mismatched",
      prevIndex: indexFrom(fields.mismatch.prevIndex),
      hint: positionFrom(fields.mismatch.hint),
    };
  }
  return { kind: "matched", index: indexFrom(present(fields.matchedIndex, "an answer")) };
}

function positionFrom(fields: Fields<"Position"> | null | undefined): LogPosition {
  return {
    index: indexFrom(fields?.index),
    term: term(counterOf(fields?.term, "a position's term")),
  };
}

function indexFrom(field: number | null | undefined): LogIndex {
  return logIndex(counterOf(field, "a log index"));
}
