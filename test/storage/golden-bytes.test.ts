// Bytes that this release has written must be read by every later one. fixtures/golden-v1.txt says
// what they are; a line of it is never changed, only added: `REWRITE=1` adds what is missing.
import { strict as assert } from "node:assert";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "mocha";
import { concat, hex, utf8 } from "../../src/base/bytes.ts";
import { epochMs, logIndex, nodeId, term } from "../../src/base/ids.ts";
import { packageFolder } from "../../src/base/package-folder.ts";
import { decodeApplied, encodeApplied } from "../../src/storage/applied-row.ts";
import { decodeEnvelope, encodeEnvelope } from "../../src/storage/command-codec.ts";
import { eventRowKey, indexRowKey } from "../../src/storage/derived-keys.ts";
import { decodeProgress, encodeProgress } from "../../src/storage/derived-progress.ts";
import { decodeEvents, encodeEvents } from "../../src/storage/event-codec.ts";
import { decodeEntry, isChained, rootChain, storeEntry } from "../../src/storage/entry-codec.ts";
import { FloorFile } from "../../src/storage/floor-file.ts";
import { frame, unframe } from "../../src/storage/frame.ts";
import { decodeHead, encodeHead } from "../../src/storage/head-row.ts";
import { decodeAs, internal } from "../../src/storage/internal-codec.ts";
import {
  addressBookKey,
  appliedKey,
  countersRowKey,
  derivedPrefix,
  entryKey,
  generationKey,
  headKey,
  identityKey,
  joinTokensRowKey,
  keyringRowKey,
  memberRowKey,
  orderRowKey,
  policyRowKey,
  progressKey,
  removedRowKey,
  secretRowKey,
  stagingKey,
  stateKey,
  valueRowKey,
} from "../../src/storage/keys.ts";
import {
  decodeCounters,
  decodeKeyring,
  decodePolicy,
  decodeSecret,
  decodeValue,
  encodeCounters,
  encodeKeyring,
  encodePolicy,
  encodeSecret,
  encodeValue,
} from "../../src/storage/row-codec.ts";
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
import { packRows, unpackRows, type SnapshotRow } from "../../src/storage/snapshot-rows.ts";
import {
  decodeGeneration,
  decodeStaging,
  encodeGeneration,
  encodeStaging,
  type Staging,
} from "../../src/storage/staging-row.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import {
  addressBook,
  applied,
  bareSecret,
  binaryValue,
  commands,
  commandTime,
  completeProgress,
  counters,
  emptySecret,
  events,
  founder,
  fullSecret,
  head,
  headWithoutVote,
  joinTokens,
  keyring,
  levelledMember,
  member,
  progress,
  readSecret,
  removedNode,
  resourcePolicy,
  textValue,
  untaggedSecret,
} from "./example-records.ts";
import { plain } from "./plain.ts";

const fixture = join(packageFolder(), "test/storage/fixtures/golden-v1.txt");

/** `name: bytes as hex`, one a line. */
const golden = new Map(
  readFileSync(fixture, "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(": ") as [string, string]),
);

interface Sample {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly record: unknown;
  readonly decode: (bytes: Uint8Array) => unknown;
}

function sample<Kind>(
  name: string,
  record: Kind,
  codec: {
    readonly encode: (record: Kind) => Uint8Array;
    readonly decode: (bytes: Uint8Array) => Kind;
  },
): Sample {
  return { name, record, bytes: codec.encode(record), decode: codec.decode };
}

const secretCodec = { encode: encodeSecret, decode: decodeSecret };
const valueCodec = { encode: encodeValue, decode: decodeValue };
const memberCodec = { encode: encodeMember, decode: decodeMember };
const progressCodec = { encode: encodeProgress, decode: decodeProgress };
const headCodec = { encode: encodeHead, decode: decodeHead };
const identity = {
  clusterId: "c0ffee",
  region: "us-east-1",
  nodeId: "n1",
  createdAtMs: Number(commandTime),
};

const first = storeEntry(rootChain, {
  index: logIndex(1),
  term: term(1),
  kind: "empty",
  payload: new Uint8Array(),
});
const second = storeEntry(first.chain, {
  index: logIndex(2),
  term: term(3),
  kind: "command",
  payload: utf8("a command"),
});
const third = storeEntry(second.chain, {
  index: logIndex(3),
  term: term(3),
  kind: "membership",
  payload: utf8("a change of the membership"),
});
const fourth = storeEntry(third.chain, {
  index: logIndex(4),
  term: term(3),
  kind: "leave_joint",
  payload: new Uint8Array(),
});

const staging: Staging = {
  snapshotId: "11111111-1111-4111-8111-111111111111",
  generation: 8,
  nextChunk: 3,
  digest: 2n ** 255n + 77n,
  rowCount: 2 ** 33,
};
const chunkRows: readonly SnapshotRow[] = [
  { key: secretRowKey("prod/db"), payload: utf8("a row") },
  { key: countersRowKey, payload: new Uint8Array() },
];

const samples: readonly Sample[] = [
  ...Object.values(commands).flatMap((ofOneKind) =>
    ofOneKind.map((command, place) =>
      sample(
        `command ${command.kind} ${place}`,
        { at: epochMs(commandTime), command },
        { encode: encodeEnvelope, decode: decodeEnvelope },
      ),
    ),
  ),
  { name: "entry empty", bytes: first.bytes, record: first, decode: decodeEntry },
  { name: "entry command", bytes: second.bytes, record: second, decode: decodeEntry },
  { name: "entry membership", bytes: third.bytes, record: third, decode: decodeEntry },
  { name: "entry leave joint", bytes: fourth.bytes, record: fourth, decode: decodeEntry },
  {
    name: "row identity",
    bytes: internal.IdentityRow.encode(identity).finish(),
    record: identity,
    decode: (bytes) => {
      const { clusterId, region, nodeId, createdAtMs } = decodeAs(
        internal.IdentityRow,
        bytes,
        "it",
      );
      return { clusterId, region, nodeId, createdAtMs };
    },
  },
  sample("row head", head, headCodec),
  sample("row head without a vote", headWithoutVote, headCodec),
  sample("row applied", applied, { encode: encodeApplied, decode: decodeApplied }),
  sample("row secret full", fullSecret, secretCodec),
  sample("row secret bare", bareSecret, secretCodec),
  sample("row secret empty", emptySecret, secretCodec),
  sample("row secret untagged", untaggedSecret, secretCodec),
  sample("row secret read", readSecret, secretCodec),
  sample("row resource policy", resourcePolicy, { encode: encodePolicy, decode: decodePolicy }),
  sample("row events", events, { encode: encodeEvents, decode: decodeEvents }),
  sample("row derived progress", progress, progressCodec),
  sample("row derived progress complete", completeProgress, progressCodec),
  sample("row value of text", textValue, valueCodec),
  sample("row value of bytes", binaryValue, valueCodec),
  sample("row keyring", keyring, { encode: encodeKeyring, decode: decodeKeyring }),
  sample("row counters", counters, { encode: encodeCounters, decode: decodeCounters }),
  sample("row member", member, memberCodec),
  sample("row member founder", founder, memberCodec),
  sample("row member levelled", levelledMember, memberCodec),
  sample("row removed node", removedNode, {
    encode: encodeRemovedNode,
    decode: decodeRemovedNode,
  }),
  sample("row join tokens", joinTokens, { encode: encodeJoinTokens, decode: decodeJoinTokens }),
  sample("row address book", addressBook, {
    encode: encodeAddressBook,
    decode: decodeAddressBook,
  }),
  sample("row generation", 7, { encode: encodeGeneration, decode: decodeGeneration }),
  sample("row staging", staging, { encode: encodeStaging, decode: decodeStaging }),
  sample("chunk of a snapshot", chunkRows, {
    encode: (rows) => packRows(rows),
    decode: (bytes) => unpackRows(bytes),
  }),
];

const keys: Readonly<Record<string, Uint8Array>> = {
  identity: identityKey,
  head: headKey,
  entry: entryKey(logIndex(2 ** 33 + 1)),
  applied: appliedKey(1),
  secret: stateKey(1, secretRowKey("prod/db")),
  value: stateKey(1, valueRowKey("prod/db", "11111111-1111-4111-8111-111111111111")),
  order: stateKey(1, orderRowKey(2 ** 33)),
  keyring: stateKey(1, keyringRowKey),
  counters: stateKey(1, countersRowKey),
  member: stateKey(1, memberRowKey(nodeId("n4"))),
  "removed node": stateKey(1, removedRowKey(nodeId("n9"))),
  "join tokens": stateKey(1, joinTokensRowKey),
  "address book": addressBookKey,
  generation: generationKey,
  staging: stagingKey,
  policy: stateKey(1, policyRowKey("prod/db")),
  "index entry": concat([
    derivedPrefix({ generation: 1, make: 2 }),
    indexRowKey("name", { term: "prod/db", order: 2 ** 33 }),
  ]),
  ...Object.fromEntries(
    (
      ["changed", "accessed", "deletion", "description", "word", "tag-key", "tag-value"] as const
    ).map((index) => [`index ${index}`, indexRowKey(index, { term: "", order: 1 })]),
  ),
  event: concat([derivedPrefix({ generation: 1, make: 2 }), eventRowKey(logIndex(2 ** 33 + 1))]),
  progress: progressKey(1),
};

const framedKey = entryKey(logIndex(2));

function bytesOf(name: string): Uint8Array {
  const text = golden.get(name);
  assert.ok(text !== undefined, `fixtures/golden-v1.txt has no line "${name}"`);
  return new Uint8Array(Buffer.from(text, "hex"));
}

async function floorBytes(): Promise<Uint8Array> {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "floor");
  FloorFile.create(path);
  FloorFile.open(path, 2 ** 34)[Symbol.dispose]();
  return new Uint8Array(readFileSync(path));
}

describe("golden bytes", () => {
  before(async () => {
    if (process.env["REWRITE"] !== "1") return;
    const written: [string, Uint8Array][] = [
      ...samples.map(({ name, bytes }): [string, Uint8Array] => [name, bytes]),
      ...Object.entries(keys).map(([name, key]): [string, Uint8Array] => [`key ${name}`, key]),
      ["frame", frame(framedKey, second.bytes)],
      ["floor", await floorBytes()],
    ];
    for (const [name, bytes] of written) if (!golden.has(name)) golden.set(name, hex(bytes));
    const lines = [...golden].map(([name, text]) => `${name}: ${text}\n`);
    writeFileSync(
      fixture,
      `# What format 1 looks like on a disk. Lines are added, never changed.\n${lines.join("")}`,
    );
  });

  for (const { name, bytes, record, decode } of samples) {
    it(`are written for: ${name}`, () => {
      assert.equal(hex(bytes), hex(bytesOf(name)));
    });

    it(`are read for: ${name}`, () => {
      assert.deepEqual(plain(decode(bytesOf(name))), plain(record));
    });
  }

  for (const [name, key] of Object.entries(keys)) {
    it(`are the key of: ${name}`, () => {
      assert.equal(hex(key), hex(bytesOf(`key ${name}`)));
    });
  }

  it("are written and read for the frame around a row", () => {
    const payload = unframe(framedKey, bytesOf("frame"), "an entry");

    assert.equal(hex(frame(framedKey, second.bytes)), hex(bytesOf("frame")));
    assert.equal(hex(payload), hex(second.bytes));
  });

  it("are written and read for the floor file", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "floor");
    writeFileSync(path, bytesOf("floor"));

    assert.equal(FloorFile.read(path), 2 ** 34);
    assert.equal(hex(await floorBytes()), hex(bytesOf("floor")));
  });

  it("keep two entries chained", () => {
    const [before, after] = [bytesOf("entry empty"), bytesOf("entry command")].map(decodeEntry);

    assert.ok(before !== undefined && after !== undefined);
    assert.ok(isChained(rootChain, before));
    assert.ok(isChained(before.chain, after));
  });
});
