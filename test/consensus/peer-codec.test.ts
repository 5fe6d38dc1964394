import { strict as assert } from "node:assert";
import fc from "fast-check";
import { describe, it } from "mocha";
import { utf8 } from "../../src/base/bytes.ts";
import { logIndex, term } from "../../src/base/ids.ts";
import { decodeMessage, encodeMessage } from "../../src/consensus/peer-codec.ts";
import type { Message } from "../../src/raft/input.ts";
import { rootChain, storeEntry, type StoredEntry } from "../../src/storage/entry-codec.ts";
import { decodeAs, internal, MalformedBytesError } from "../../src/storage/internal-codec.ts";
import { anyIndex, anyTerm } from "../storage/arbitrary-records.ts";
import { plain } from "../storage/plain.ts";

const position = fc.record({ index: anyIndex, term: anyTerm });
const number = fc.maxSafeNat();
const vote = fc.constantFrom("granted" as const, "refused" as const);

/** Entries as a leader's log holds them, following on `prev`. */
function entriesAfter(index: number, terms: readonly number[]): readonly StoredEntry[] {
  const entries: StoredEntry[] = [];
  terms.forEach((inTerm, offset) => {
    const entry = {
      index: logIndex(index + 1 + offset),
      term: term(inTerm),
      kind: offset % 2 === 0 ? ("command" as const) : ("empty" as const),
      payload: offset % 2 === 0 ? utf8(`entry ${offset}`) : new Uint8Array(),
    };
    entries.push(storeEntry(entries.at(-1)?.chain ?? rootChain, entry));
  });
  return entries;
}

const append = fc
  .record({
    index: fc.nat(2 ** 40),
    terms: fc.array(fc.nat(2 ** 40), { maxLength: 5 }).map((terms) => terms.sort((a, b) => a - b)),
    commitIndex: anyIndex,
    readRound: number,
  })
  .map(({ index, terms, ...rest }): Message => ({
    kind: "append_request",
    term: term((terms.at(-1) ?? 3) + 1),
    prev: { index: logIndex(index), term: term(terms[0] ?? 3) },
    entries: entriesAfter(index, terms),
    ...rest,
  }));

/** One arbitrary for each kind: a new kind does not compile until it has one. */
const messages: Readonly<Record<Message["kind"], fc.Arbitrary<Message>>> = {
  pre_vote_request: fc.record({
    kind: fc.constant("pre_vote_request" as const),
    term: anyTerm,
    lastLog: position,
  }),
  pre_vote_response: fc.record({
    kind: fc.constant("pre_vote_response" as const),
    term: anyTerm,
    vote,
    committed: position,
  }),
  vote_request: fc.record({
    kind: fc.constant("vote_request" as const),
    term: anyTerm,
    lastLog: position,
    reason: fc.constantFrom("timeout" as const, "transfer" as const),
  }),
  timeout_now: fc.record({ kind: fc.constant("timeout_now" as const), term: anyTerm }),
  vote_response: fc.record({ kind: fc.constant("vote_response" as const), term: anyTerm, vote }),
  append_request: append,
  append_response: fc.record({
    kind: fc.constant("append_response" as const),
    term: anyTerm,
    readRound: number,
    answer: fc.oneof(
      fc.record({ kind: fc.constant("matched" as const), index: anyIndex }),
      fc.record({ kind: fc.constant("mismatched" as const), prevIndex: anyIndex, hint: position }),
    ),
  }),
  heartbeat: fc.record({
    kind: fc.constant("heartbeat" as const),
    term: anyTerm,
    commitIndex: anyIndex,
    readRound: number,
  }),
  heartbeat_response: fc.record({
    kind: fc.constant("heartbeat_response" as const),
    term: anyTerm,
    readRound: number,
  }),
  read_index_request: fc.record({
    kind: fc.constant("read_index_request" as const),
    term: anyTerm,
    readId: number,
  }),
  read_index_response: fc.record({
    kind: fc.constant("read_index_response" as const),
    term: anyTerm,
    readId: number,
    answer: fc.oneof(
      fc.constant({ kind: "refused" as const }),
      fc.record({ kind: fc.constant("at" as const), index: anyIndex }),
    ),
  }),
};

function overTheWire(message: Message): Message {
  const bytes = internal.PeerFrame.encode(encodeMessage(message)).finish();
  const frame = decodeAs(internal.PeerFrame, bytes, "a frame");
  assert.ok(frame.message);
  return decodeMessage(frame.message);
}

describe("peer codec", () => {
  for (const [kind, any] of Object.entries(messages)) {
    it(`carries every ${kind} as it was sent`, () => {
      fc.assert(
        fc.property(any, (message) => {
          assert.deepEqual(plain(overTheWire(message)), plain(message));
        }),
        { seed: Number(process.env["SEED"] ?? 1), numRuns: 200 },
      );
    });
  }

  const [one, two, three] = entriesAfter(4, [2, 2, 3]);
  assert.ok(one !== undefined && two !== undefined && three !== undefined);
  const sound = {
    kind: "append_request",
    term: term(3),
    prev: { index: logIndex(4), term: term(2) },
    entries: [one, two, three],
    commitIndex: logIndex(4),
    readRound: 0,
  } as const;

  for (const [what, message] of Object.entries({
    "have a gap": { ...sound, entries: [one, three] },
    "do not begin after the position before them": { ...sound, entries: [two, three] },
    "come twice": { ...sound, entries: [one, one] },
    "are of a term that the sender has not reached": { ...sound, term: term(2) },
    "are of an older term than the one before them": {
      ...sound,
      prev: { index: logIndex(4), term: term(3) },
    },
  })) {
    it(`refuses an append whose entries ${what}`, () => {
      assert.throws(() => overTheWire(message), MalformedBytesError);
    });
  }

  it("refuses a message without a kind, and an answer without an answer", () => {
    assert.throws(() => decodeMessage({ term: 3 }), MalformedBytesError);
    assert.throws(() => decodeMessage({ term: 3, appendResponse: {} }), MalformedBytesError);
  });
});
