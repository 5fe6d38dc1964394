// Reads that are safe without the log, from any node of a region (thesis 6.4).
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { nodeId, term } from "../../../src/base/ids.ts";
import { step } from "../../../src/raft/step.ts";
import {
  from,
  heartbeatResponse,
  leading,
  n1,
  n2,
  n3,
  n4,
  n5,
  only,
  propose,
  settings,
  settledLeader,
  stepThrough,
} from "../one-node.ts";
import { Region } from "./region.ts";

const three = [n1, n2, n3] as const;

function led(): Region {
  const region = new Region(three);
  region.elect(n1);
  region.pass(2);
  return region;
}

describe("scenario: reads of a region", () => {
  it("see from every node what was committed when they were asked", () => {
    const region = led();
    const asked: number[] = [];

    for (const [round, reader] of [...three, ...three].entries()) {
      region.propose(n1, 10);
      region.settle();
      const readId = region.read(reader);
      region.settle();
      asked.push(Number(region.reads.get(readId)) - 10 * (round + 1));
    }

    assert.deepEqual(asked, [1, 1, 1, 1, 1, 1]);
  });

  it("take a learner's as well, and do not count its answer", () => {
    const configuration = {
      voters: new Set([n1, n2]),
      outgoingVoters: new Set<never>(),
      learners: new Set([n3]),
    };
    const region = new Region(three, { configuration });
    region.elect(n1);
    region.pass(2);
    region.isolate(n2);

    const readId = region.read(n3);
    region.settle();
    const before = region.reads.get(readId);
    region.heal();
    region.pass(settings.heartbeatTicks);

    assert.equal(before, undefined);
    assert.equal(region.reads.get(readId), 1);
  });

  it("are answered in the order of their rounds, several by one answer", () => {
    const region = led();
    region.lose(({ to }) => to === n1);
    const first = region.read(n1);
    const second = region.read(n1);
    region.settle();
    assert.deepEqual([...region.reads], []);

    region.heal();
    const third = region.read(n1);
    region.settle();

    assert.deepEqual([...region.reads.keys()], [first, second, third]);
  });

  it("are proven by three of five, and not by two", () => {
    const region = new Region([n1, n2, n3, n4, n5]);
    region.elect(n1);
    region.pass(2);
    for (const name of [n3, n4, n5]) region.isolate(name);

    const readId = region.read(n1);
    region.settle();
    const before = region.reads.get(readId);
    region.heal();
    region.pass(settings.heartbeatTicks);

    assert.equal(before, undefined);
    assert.equal(region.reads.get(readId), 1);
  });

  it("of a leader that is no longer one fail, and are never answered with what it last knew", () => {
    const region = led();
    region.isolate(n1);
    const readId = region.read(n1);
    region.elect(n2);
    region.propose(n2, 3);
    region.settle();

    region.heal();
    region.pass(4);

    assert.equal(region.reads.get(readId), "failed");
  });

  it("asked of a node that has just stopped leading are refused, and the reader may ask again", () => {
    const region = led();
    const readId = region.read(n3);
    region.forgetLeader(n2);
    region.cut(n1, n2);
    region.give(n1, from(n2, { kind: "heartbeat_response", term: term(5), readRound: 0 }));
    region.settle();

    assert.equal(region.view(n1), "follows nobody in 5");
    assert.notEqual(typeof region.reads.get(readId), "number");
  });

  it("wait for a new leader's own first entry, and then see what it found", () => {
    const region = led();
    region.propose(n1, 2);
    region.settle();
    region.lose(({ message }) => message.kind === "append_request");
    region.elect(n2);
    const readId = region.read(n2);
    region.settle();
    const before = region.reads.get(readId);

    region.heal();
    region.pass(2 * settings.heartbeatTicks);

    assert.equal(before, undefined);
    assert.equal(region.reads.get(readId), 4);
  });
});

describe("scenario: what a leader keeps of reads", () => {
  it("is nothing once they are answered", () => {
    const asked = stepThrough(settledLeader({ log: [1], term: 1 }), {
      kind: "read",
      readId: 1,
    }).state;

    const answered = step(asked, from(n2, heartbeatResponse(2, 1))).state;

    assert.equal(leading(asked).reads.proving.length, 1);
    assert.deepEqual(leading(answered).reads, { round: 1, proving: [], waiting: [] });
  });

  it("is what was committed when they were asked, though the log has gone on", () => {
    const asked = stepThrough(settledLeader({ log: [1], term: 1 }), propose(), {
      kind: "read",
      readId: 1,
    }).state;

    const { effects } = step(asked, from(n2, heartbeatResponse(2, 1)));

    assert.equal(asked.log.lastIndex, 3);
    assert.deepEqual(only(effects, "read_ready"), [{ kind: "read_ready", readId: 1, index: 2 }]);
  });

  it("is not touched by an answer of a stranger", () => {
    const asked = stepThrough(settledLeader({ log: [1], term: 1 }), {
      kind: "read",
      readId: 1,
    }).state;

    const { state } = step(asked, from(nodeId("n9"), heartbeatResponse(2, 1)));

    assert.deepEqual(leading(state).reads, leading(asked).reads);
  });
});
