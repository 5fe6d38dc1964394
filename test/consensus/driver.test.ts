import { strict as assert } from "node:assert";
import { afterEach, beforeEach, describe, it } from "mocha";
import { utf8 } from "../../src/base/bytes.ts";
import { epochMs, logIndex, term } from "../../src/base/ids.ts";
import type { Message } from "../../src/raft/input.ts";
import { encodeEnvelope, UnknownCommandError } from "../../src/storage/command-codec.ts";
import { CorruptionError } from "../../src/storage/corruption.ts";
import { rootChain, storeEntry, type StoredEntry } from "../../src/storage/entry-codec.ts";
import { StorageWriteError } from "../../src/storage/node-store.ts";
import { Chance } from "../simulation/chance.ts";
import { commandAt, entryOf, openStore } from "../storage/example-data.ts";
import { folderInMemory, type TemporaryFolder } from "../support/temporary-folder.ts";
import { appendOf, DrivenNode, n1, n2, n3, preVoteGrant, type Sent } from "./driven-node.ts";

function chained(places: readonly number[], inTerm = 1, before?: StoredEntry): StoredEntry[] {
  const entries: StoredEntry[] = [];
  for (const place of places) {
    const chain = (entries.at(-1) ?? before)?.chain ?? rootChain;
    entries.push(storeEntry(chain, entryOf(place, inTerm)));
  }
  return entries;
}

const kinds = (sent: readonly Sent[]): string[] => sent.map(({ message }) => message.kind);

const voteRequest: Message = {
  kind: "vote_request",
  term: term(1),
  lastLog: { index: logIndex(0), term: term(0) },
  reason: "timeout",
};

describe("RaftDriver", () => {
  let folder: TemporaryFolder;
  let node: DrivenNode;

  beforeEach(async () => {
    folder = await folderInMemory();
    node = await DrivenNode.start(folder.path);
  });

  afterEach(async () => {
    await node[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  it("gives its vote when it is on the disk, and not before", async () => {
    node.receive(n2, voteRequest);
    await node.settle();
    assert.deepEqual(kinds(node.takeSent()), []);

    await node.landAll();

    const [answer, ...others] = node.takeSent();
    assert.deepEqual(answer?.message, { kind: "vote_response", term: 1, vote: "granted" });
    assert.deepEqual(answer.landed, { term: 1, votedFor: n2, lastIndex: 0 });
    assert.deepEqual(others, []);
  });

  it("asks for votes when its own is on the disk, and not before", async () => {
    node.tick(20);
    await node.landAll();
    node.takeSent();
    node.receive(n2, preVoteGrant);
    await node.settle();
    assert.deepEqual(kinds(node.takeSent()), []);

    await node.landAll();

    const asked = node.takeSent();
    assert.deepEqual(kinds(asked), ["vote_request", "vote_request"]);
    assert.ok(asked.every(({ landed }) => landed.term === 1 && landed.votedFor === n1));
  });

  it("acknowledges entries when they are on the disk, and not before", async () => {
    node.receive(n2, appendOf(chained([1, 2, 3]), { inTerm: 1 }));
    await node.settle();
    assert.deepEqual(kinds(node.takeSent()), []);

    await node.landAll();

    const [answer] = node.takeSent();
    assert.equal(answer?.landed.lastIndex, 3);
    assert.deepEqual(answer.message, {
      kind: "append_response",
      term: 1,
      readRound: 0,
      answer: { kind: "matched", index: 3 },
    });
  });

  it("acknowledges with a batch only what was in it", async () => {
    const entries = chained([1, 2, 3]);
    node.receive(n2, appendOf(entries.slice(0, 1), { inTerm: 1 }));
    await node.settle();
    // The first batch is under way.
    node.receive(n2, appendOf(entries.slice(1), { inTerm: 1, prev: entries[0] }));
    await node.settle();

    await node.landOne();
    const first = node.takeSent();
    await node.landAll();
    const second = node.takeSent();

    assert.deepEqual(
      first.map(({ message, landed }) => [matched(message), landed.lastIndex]),
      [[1, 1]],
    );
    assert.deepEqual(
      second.map(({ message, landed }) => [matched(message), landed.lastIndex]),
      [[3, 3]],
    );
  });

  it("writes one batch at a time, whatever comes meanwhile", async () => {
    const entries = chained([1, 2, 3, 4, 5]);
    for (const [place, entry] of entries.entries()) {
      node.receive(n2, appendOf([entry], { inTerm: 1, prev: entries[place - 1] }));
      await node.settle();
      assert.equal(node.writing, 1);
    }

    await node.landOne();
    await node.landOne();

    assert.equal(node.writing, 0);
    assert.equal(node.landed.lastIndex, 5);
  });

  it("sends a leader's entries ahead of their own write, and counts itself only after it", async () => {
    await node.lead();
    await node.landAll();
    node.receive(n2, answer(1));
    node.takeSent();
    const payload = encodeEnvelope({ at: epochMs(1), command: commandAt(1) });
    node.driver.give({ kind: "propose", payloads: [payload] });
    await node.settle();
    const ahead = node.takeSent().find(({ to }) => to === n2);
    node.receive(n2, answer(2));
    await node.settle();
    assert.deepEqual(
      node.applied.map(({ entry }) => entry.index),
      [1],
    );

    await node.landAll();

    assert.equal(ahead?.message.kind, "append_request");
    assert.equal(ahead.landed.lastIndex, 1);
    assert.deepEqual(
      node.applied.map(({ entry }) => entry.index),
      [1, 2],
    );
    assert.equal(node.applied[1]?.outcome?.ok, true);
  });

  it("applies nothing that is committed and not on its own disk", async () => {
    node.receive(n2, appendOf(chained([1, 2]), { inTerm: 1, commit: 2 }));
    await node.settle();
    assert.equal(node.driver.applied, 0);

    await node.landAll();

    assert.equal(node.driver.applied, 2);
  });

  it("writes applied rows alone after a while, and with the next batch if one comes first", async () => {
    node.receive(n2, appendOf(chained([1, 2]), { inTerm: 1, commit: 2 }));
    await node.landAll();
    assert.equal(node.driver.applied, 2);

    await node.passTime();
    assert.equal(node.writing, 1);
    await node.landAll();
    await node.passTime();

    assert.equal(node.writing, 0);
    await node[Symbol.asyncDispose]();
    node = await DrivenNode.start(folder.path);
    assert.equal(node.driver.applied, 2);
  });

  it("ends when a write fails, and sends nothing more, not even what was held for it", async () => {
    node.receive(n2, appendOf(chained([1]), { inTerm: 1 }));
    await node.settle();
    await node.failWrite(new StorageWriteError("the disk is on fire"));

    node.receive(n2, { kind: "heartbeat", term: term(1), commitIndex: logIndex(0), readRound: 1 });
    node.receive(n3, { ...voteRequest, term: term(5) });
    node.tick(50);
    await node.landAll();

    assert.equal(node.fatal.length, 1);
    assert.ok(node.fatal[0] instanceof StorageWriteError);
    assert.deepEqual(kinds(node.takeSent()), []);
    assert.equal(node.writing, 0);
  });

  for (const end of ["lands", "fails"] as const) {
    it(`stops when the batch under way ${end}`, async () => {
      node.receive(n2, appendOf(chained([1]), { inTerm: 1 }));
      await node.settle();
      let hasStopped = false;
      const stopped = node.driver.stop().then(() => {
        hasStopped = true;
      });
      await node.settle();
      assert.ok(!hasStopped);

      if (end === "lands") await node.landOne();
      else await node.failWrite(new StorageWriteError("the disk is on fire"));
      await stopped;

      assert.deepEqual(kinds(node.takeSent()), []);
      assert.equal(node.fatal.length, end === "fails" ? 1 : 0);
    });
  }

  it("ends as corrupt when it has lost what it once acknowledged", async () => {
    node.receive(n2, { kind: "heartbeat", term: term(1), commitIndex: logIndex(9), readRound: 0 });
    await node.settle();

    assert.ok(node.fatal[0] instanceof CorruptionError);
    assert.match(node.fatal[0].message, /acknowledged entries up to 9 and holds them only up to 0/);
    assert.deepEqual(kinds(node.takeSent()), []);
  });

  it("ends as corrupt when the leader's entries do not follow on its own", async () => {
    const [one] = chained([1]);
    node.receive(n2, appendOf(chained([1]), { inTerm: 1 }));
    await node.landAll();
    node.takeSent();
    assert.ok(one !== undefined);
    const elsewhere = storeEntry(rootChain, entryOf(2));

    node.receive(n2, appendOf([elsewhere], { inTerm: 1, prev: one }));
    await node.landAll();

    assert.ok(node.fatal[0] instanceof CorruptionError);
    assert.deepEqual(kinds(node.takeSent()), []);
  });

  it("ends at a command that it does not know, and does not skip it", async () => {
    const payload = Uint8Array.of(9, 9, 9);
    const newer = storeEntry(rootChain, { ...entryOf(1), payload });
    const next = storeEntry(newer.chain, entryOf(2));

    node.receive(n2, appendOf([newer, next], { inTerm: 1, commit: 2 }));
    await node.landAll();

    assert.ok(node.fatal[0] instanceof UnknownCommandError);
    assert.equal(node.driver.applied, 0);
  });

  it("ends when an invariant breaks, and takes no more inputs", async () => {
    node.driver.give({ kind: "propose", payloads: [utf8("only a leader is given these")] });
    node.receive(n2, voteRequest);
    await node.landAll();

    assert.equal(node.fatal.length, 1);
    assert.deepEqual(kinds(node.takeSent()), []);
  });

  it("answers a single reader of a leader when a quorum has", async () => {
    await node.lead();
    await node.landAll();
    node.receive(n2, answer(1));
    await node.landAll();
    node.driver.give({ kind: "read", readId: 77 });
    await node.settle();
    assert.deepEqual(node.reads, []);

    node.receive(n2, { kind: "heartbeat_response", term: term(1), readRound: 1 });

    assert.deepEqual(node.reads, [{ readId: 77, index: 1 }]);
  });

  it("never promises what is not on its disk, whatever comes in whatever order", async function () {
    this.timeout(60_000);
    const first = Number(process.env["SEED"] ?? 1);
    let promises = 0;
    for (let seed = first; seed < first + 60; seed += 1) {
      await using place = await folderInMemory();
      await using one = await DrivenNode.start(place.path);
      await mistreat(one, new Chance(seed));
      assert.deepEqual(one.fatal, [], `seed ${seed}`);
      for (const { message, landed } of one.sent) {
        promises += 1;
        assert.ok(
          isBacked(message, landed),
          `seed ${seed}: ${JSON.stringify({ message, landed })}`,
        );
      }
    }
    assert.ok(promises > 500, `${promises} messages were looked at`);
  });

  it("starts again where its last batch landed", async () => {
    node.receive(n2, appendOf(chained([1, 2, 3]), { inTerm: 4, commit: 2 }));
    await node.landAll();
    await node[Symbol.asyncDispose]();

    await using store = await openStore(folder.path);

    assert.deepEqual(store.recoveredHardState, { term: 4, votedFor: undefined });
    assert.equal(store.log.lastIndex, 3);
    node = await restarted(folder.path, store);
  });
});

async function restarted(
  directory: string,
  store: { [Symbol.asyncDispose](): Promise<void> },
): Promise<DrivenNode> {
  await store[Symbol.asyncDispose]();
  return DrivenNode.start(directory);
}

function answer(index: number): Message {
  return {
    kind: "append_response",
    term: term(1),
    readRound: 0,
    answer: { kind: "matched", index: logIndex(index) },
  };
}

function matched(message: Message): number | undefined {
  if (message.kind !== "append_response" || message.answer.kind !== "matched") return undefined;
  return message.answer.index;
}

/** Elections, appends, replaced entries, ticks and landings, in an order drawn from the seed. */
async function mistreat(node: DrivenNode, chance: Chance): Promise<void> {
  let leaderTerm = 1;
  let log: StoredEntry[] = [];
  for (let step = 0; step < 60; step += 1) {
    const { state } = node.driver;
    const draw = chance.below(10);
    if (draw < 4) {
      leaderTerm = Math.max(leaderTerm, state.term);
      const prev = log.at(-1);
      const next = chained([log.length + 1], leaderTerm, prev);
      node.receive(n2, appendOf(next, { inTerm: leaderTerm, prev }));
      log = [...log, ...next];
    } else if (draw === 4) {
      // A new leader, whose log parts from the one before: nothing was committed.
      leaderTerm = state.term + 1;
      log = log.slice(0, chance.below(log.length + 1));
    } else if (draw === 5) {
      const lastLog = { index: logIndex(log.length), term: log.at(-1)?.term ?? term(0) };
      const inTerm = term(state.term + chance.below(2));
      node.receive(n3, { kind: "vote_request", term: inTerm, lastLog, reason: "timeout" });
    } else if (draw === 6) {
      node.tick(chance.below(25));
    } else if (draw === 7) {
      await node.landOne();
    } else {
      await node.settle();
    }
    if (state.role.kind === "leader") return;
  }
  await node.landAll();
}

/** Whether what the disk held when a message left bears it out. */
function isBacked(message: Message, landed: Sent["landed"]): boolean {
  if (message.kind === "pre_vote_request" || message.kind === "pre_vote_response") return true;
  if (message.term > landed.term) return false;
  // What was promised in an older term may have been replaced since, together with the promise.
  if (message.term < landed.term) return true;
  if (message.kind === "vote_request") return landed.votedFor === n1;
  if (message.kind === "vote_response" && message.vote === "granted") return landed.votedFor === n3;
  return (matched(message) ?? 0) <= landed.lastIndex;
}
