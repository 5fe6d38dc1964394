import { strict as assert } from "node:assert";
import fc from "fast-check";
import { describe, it } from "mocha";
import { logIndex, term } from "../../src/base/ids.ts";
import { decodeMessage } from "../../src/consensus/peer-codec.ts";
import { decodeApplied, encodeApplied } from "../../src/storage/applied-row.ts";
import {
  commandFormat,
  decodeEnvelope,
  encodeEnvelope,
  UnknownCommandError,
} from "../../src/storage/command-codec.ts";
import { CorruptionError } from "../../src/storage/corruption.ts";
import { decodeProgress, encodeProgress } from "../../src/storage/derived-progress.ts";
import { decodeEvents, encodeEvents } from "../../src/storage/event-codec.ts";
import { decodeEntry, isChained, rootChain, storeEntry } from "../../src/storage/entry-codec.ts";
import { frame, unframe } from "../../src/storage/frame.ts";
import { decodeHead, encodeHead } from "../../src/storage/head-row.ts";
import { decodeAs, internal, MalformedBytesError } from "../../src/storage/internal-codec.ts";
import {
  decodeAddressBook,
  decodeJoinTokens,
  decodeMember,
  decodeRemovedNode,
  encodeAddressBook,
  encodeJoinTokens,
  encodeMember,
  encodeRemovedNode,
} from "../../src/storage/member-rows.ts";
import {
  decodeCounters,
  decodeKeyring,
  decodeSecret,
  decodeValue,
  encodeCounters,
  encodeKeyring,
  encodeSecret,
  encodeValue,
} from "../../src/storage/row-codec.ts";
import { Chance } from "../simulation/chance.ts";
import {
  anyAddressBook,
  anyApplied,
  anyCounters,
  anyEntry,
  anyEnvelope,
  anyEvents,
  anyHead,
  anyJoinTokens,
  anyKeyring,
  anyMember,
  anyProgress,
  anyRemovedNode,
  anySecret,
  anyValue,
} from "./arbitrary-records.ts";
import { plain } from "./plain.ts";

interface Codec {
  readonly any: fc.Arbitrary<unknown>;
  readonly encode: (record: unknown) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => unknown;
}

function codec<Kind>(
  any: fc.Arbitrary<Kind>,
  encode: (record: Kind) => Uint8Array,
  decode: (bytes: Uint8Array) => Kind,
): Codec {
  return { any, encode: encode as Codec["encode"], decode };
}

const codecs: Readonly<Record<string, Codec>> = {
  "a command": codec(anyEnvelope, encodeEnvelope, decodeEnvelope),
  "an entry": codec(
    anyEntry.map((entry) => storeEntry(rootChain, entry)),
    ({ bytes }) => bytes,
    decodeEntry,
  ),
  "a secret's row": codec(anySecret, encodeSecret, decodeSecret),
  "a value's row": codec(anyValue, encodeValue, decodeValue),
  "the keyring's row": codec(anyKeyring, encodeKeyring, decodeKeyring),
  "the counters' row": codec(anyCounters, encodeCounters, decodeCounters),
  "a member's row": codec(anyMember, encodeMember, decodeMember),
  "a removed node's row": codec(anyRemovedNode, encodeRemovedNode, decodeRemovedNode),
  "the join tokens' row": codec(anyJoinTokens, encodeJoinTokens, decodeJoinTokens),
  "the address book": codec(anyAddressBook, encodeAddressBook, decodeAddressBook),
  "a row of events": codec(anyEvents, encodeEvents, decodeEvents),
  "the progress of derived rows": codec(anyProgress, encodeProgress, decodeProgress),
  "the head row": codec(anyHead, encodeHead, decodeHead),
  "the applied row": codec(anyApplied, encodeApplied, decodeApplied),
};

const seed = Number(process.env["SEED"] ?? 1);

/** Bytes that are nothing, or almost what they should be. */
function spoilt(bytes: Uint8Array, chance: Chance): Uint8Array {
  if (chance.happens(0.1)) {
    return Uint8Array.from({ length: chance.below(60) }, () => chance.below(256));
  }
  let changed = Uint8Array.from(bytes);
  for (let change = 0; change <= chance.below(4); change += 1) {
    const place = chance.below(changed.length + 1);
    const kind = chance.below(4);
    if (kind === 0) changed = changed.slice(0, place);
    else if (kind === 1) changed[place] = chance.below(256);
    else if (kind === 2) changed[place] = (changed[place] ?? 0) ^ (1 << chance.below(8));
    else {
      changed = Uint8Array.of(
        ...changed.slice(0, place),
        chance.below(256),
        ...changed.slice(place),
      );
    }
  }
  return changed;
}

describe("storage codecs", () => {
  for (const [name, { any, encode, decode }] of Object.entries(codecs)) {
    it(`read ${name} as it was written`, () => {
      fc.assert(
        fc.property(any, (record) => {
          assert.deepEqual(plain(decode(encode(record))), plain(record));
        }),
        { seed, numRuns: 300 },
      );
    });

    it(`read ${name} from 20,000 spoilt bytes, or say that it is malformed`, () => {
      const chance = new Chance(seed).split(name);
      const records = fc.sample(any, { seed, numRuns: 200 }).map(encode);
      let refused = 0;

      for (let run = 0; run < 20_000; run += 1) {
        const bytes = spoilt(chance.pick(records), chance);
        try {
          decode(bytes);
        } catch (error) {
          const isForeseen =
            error instanceof MalformedBytesError || error instanceof UnknownCommandError;
          if (!isForeseen) assert.fail(`${Buffer.from(bytes).toString("hex")}: ${String(error)}`);
          refused += 1;
        }
      }

      assert.ok(refused > 1_000, `${refused} of 20000 were refused`);
    });
  }

  it("read a message of a peer from 20,000 spoilt bytes, or say that it is malformed", () => {
    const chance = new Chance(seed).split("message");
    const payload = Uint8Array.of(1, 2, 3);
    const entry = storeEntry(rootChain, {
      index: logIndex(8),
      term: term(2),
      kind: "command",
      payload,
    });
    const lastLog = { index: 7, term: 2 };
    const records = [
      { term: 3, voteRequest: { lastLog } },
      { term: 3, voteResponse: { granted: true } },
      { term: 3, appendRequest: { prev: lastLog, entries: [entry.bytes], commitIndex: 7 } },
      { term: 3, appendResponse: { readRound: 5, mismatch: { prevIndex: 9, hint: lastLog } } },
      { term: 3, appendResponse: { readRound: 5, matchedIndex: 9 } },
      { term: 3, heartbeat: { commitIndex: 7, readRound: 300 } },
      { term: 3, readIndexResponse: { readId: 2 ** 40, index: 7 } },
    ].map((message) => internal.RaftMessage.encode(message).finish());

    for (let run = 0; run < 20_000; run += 1) {
      const bytes = spoilt(chance.pick(records), chance);
      try {
        decodeMessage(decodeAs(internal.RaftMessage, bytes, "a message"));
      } catch (error) {
        if (!(error instanceof MalformedBytesError)) {
          assert.fail(`${Buffer.from(bytes).toString("hex")}: ${String(error)}`);
        }
      }
    }
  });

  it("write equal bytes for equal records", () => {
    fc.assert(
      fc.property(anySecret, (secret) => {
        assert.deepEqual(encodeSecret(decodeSecret(encodeSecret(secret))), encodeSecret(secret));
      }),
      { seed, numRuns: 200 },
    );
  });
});

describe("decodeEnvelope", () => {
  const [envelope] = fc.sample(anyEnvelope, { seed, numRuns: 1 });
  assert.ok(envelope !== undefined);
  const bytes = encodeEnvelope(envelope);

  it("stops at a format that it does not know", () => {
    const newer = Uint8Array.from(bytes);
    newer[0] = commandFormat + 1;

    assert.throws(() => decodeEnvelope(newer), UnknownCommandError);
    assert.throws(() => decodeEnvelope(new Uint8Array()), UnknownCommandError);
  });

  it("stops at a kind of command that it does not know", () => {
    // Field 99 of the envelope, holding an empty message: a command of a later release.
    const newer = Uint8Array.of(commandFormat, 0x08, 0x01, 0x9a, 0x06, 0x00);

    assert.throws(() => decodeEnvelope(newer), UnknownCommandError);
  });
});

describe("isChained", () => {
  it("denies an entry of which anything was changed", () => {
    fc.assert(
      fc.property(anyEntry, anyEntry, (entry, other) => {
        const stored = storeEntry(rootChain, entry);
        const isSame = JSON.stringify(plain(entry)) === JSON.stringify(plain(other));

        assert.ok(isChained(rootChain, stored));
        assert.equal(isChained(rootChain, { ...stored, ...other }), isSame);
        assert.ok(!isChained(stored.chain, stored));
      }),
      { seed, numRuns: 300 },
    );
  });
});

describe("frame", () => {
  const key = Uint8Array.of(1, 2, 3);
  const payload = Uint8Array.of(9, 8, 7, 6);

  it("gives back what it was put around", () => {
    assert.deepEqual(unframe(key, frame(key, payload), "a row"), payload);
  });

  it("denies every single flipped bit, and says which row", () => {
    const framed = frame(key, payload);

    for (let bit = 0; bit < framed.length * 8; bit += 1) {
      const flipped = Uint8Array.from(framed);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.throws(
        () => unframe(key, flipped, "a row"),
        (error) => error instanceof CorruptionError && error.message.includes("a row, key 010203"),
      );
    }
  });

  it("denies a row under another key, and one that is cut short", () => {
    const framed = frame(key, payload);

    assert.throws(() => unframe(Uint8Array.of(1, 2, 4), framed, "a row"), CorruptionError);
    for (let length = 0; length < framed.length; length += 1) {
      assert.throws(() => unframe(key, framed.subarray(0, length), "a row"), CorruptionError);
    }
  });
});
