import { strict as assert } from "node:assert";
import { describe, it } from "mocha";
import { logIndex, nodeId, type NodeId } from "../../src/base/ids.ts";
import {
  checkpointEvery,
  Checkpoints,
  describeDivergence,
  type Checkpoint,
} from "../../src/consensus/checkpoints.ts";

const self = nodeId("n1");
const graceMs = 1_000;

function at(index: number, digest: number): Checkpoint {
  return { index: logIndex(index), digest: BigInt(digest) };
}

function voters(count: number): ReadonlySet<NodeId> {
  return new Set(Array.from({ length: count }, (_, place) => nodeId(`n${place + 1}`)));
}

interface Case {
  readonly what: string;
  readonly voters: number;
  /** What the others tell of entry 1,000, where this node has 7. Zero: nothing. */
  readonly told: readonly number[];
  readonly atOnce: "outvoted" | "undecided" | undefined;
  readonly later: "outvoted" | "undecided" | undefined;
  readonly others?: readonly string[];
}

const cases: readonly Case[] = [
  { what: "nobody says anything", voters: 3, told: [0, 0], atOnce: undefined, later: undefined },
  { what: "everybody agrees", voters: 3, told: [7, 7], atOnce: undefined, later: undefined },
  {
    what: "one differs and one agrees",
    voters: 3,
    told: [7, 8],
    atOnce: undefined,
    later: undefined,
  },
  {
    what: "both others agree on something else",
    voters: 3,
    told: [8, 8],
    atOnce: "outvoted",
    later: "outvoted",
    others: ["n2", "n3"],
  },
  {
    what: "one differs and one is silent",
    voters: 3,
    told: [8, 0],
    atOnce: undefined,
    later: "undecided",
    others: ["n2"],
  },
  {
    what: "all three differ",
    voters: 3,
    told: [8, 9],
    atOnce: "undecided",
    later: "undecided",
    others: ["n2", "n3"],
  },
  {
    what: "the only other one differs",
    voters: 2,
    told: [8],
    atOnce: "undecided",
    later: "undecided",
    others: ["n2"],
  },
  { what: "it is alone", voters: 1, told: [], atOnce: undefined, later: undefined },
  {
    what: "three of five agree on something else, and one is silent",
    voters: 5,
    told: [8, 8, 8, 0],
    atOnce: "outvoted",
    later: "outvoted",
    others: ["n2", "n3", "n4"],
  },
  {
    what: "two of five agree on something else, and two with it",
    voters: 5,
    told: [8, 8, 7, 7],
    atOnce: undefined,
    later: undefined,
  },
  {
    what: "two of five agree on something else, and one is silent",
    voters: 5,
    told: [8, 8, 7, 0],
    atOnce: undefined,
    later: "undecided",
    others: ["n2", "n3"],
  },
  {
    what: "four are split in halves",
    voters: 4,
    told: [7, 8, 8],
    atOnce: "undecided",
    later: "undecided",
    others: ["n3", "n4"],
  },
];

function takeAll(checkpoints: Checkpoints, told: readonly number[]): void {
  told.forEach((digest, place) => {
    if (digest === 0) return;
    checkpoints.take(nodeId(`n${place + 2}`), [at(checkpointEvery, digest)]);
  });
}

describe("Checkpoints", () => {
  for (const { what, voters: count, told, atOnce, later, others } of cases) {
    it(`come to ${atOnce ?? "nothing"} at once, and to ${later ?? "nothing"} in time, when ${what}`, () => {
      const checkpoints = new Checkpoints(self, graceMs);
      checkpoints.note(at(checkpointEvery, 7));
      takeAll(checkpoints, told);

      const first = checkpoints.verdict(voters(count), 100);
      const early = checkpoints.verdict(voters(count), 100 + graceMs - 1);
      const last = checkpoints.verdict(voters(count), 100 + graceMs);

      assert.equal(first?.kind, atOnce);
      assert.equal(early?.kind, atOnce);
      assert.equal(last?.kind, later);
      if (others !== undefined) assert.deepEqual(last?.others, others);
      if (last !== undefined) assert.equal(last.index, checkpointEvery);
    });
  }

  it("wait again when a difference was explained meanwhile", () => {
    const checkpoints = new Checkpoints(self, graceMs);
    checkpoints.note(at(1_000, 7));
    takeAll(checkpoints, [8, 0]);
    assert.equal(checkpoints.verdict(voters(3), 0), undefined);

    takeAll(checkpoints, [0, 7]);
    assert.equal(checkpoints.verdict(voters(3), graceMs), undefined);

    // Now the one that agreed is no voter any more.
    assert.equal(checkpoints.verdict(voters(2), 2 * graceMs)?.kind, "undecided");
  });

  it("compare at indexes that both know, whoever is ahead", () => {
    const checkpoints = new Checkpoints(self, graceMs);
    for (let index = 1_000; index <= 60_000; index += 1_000) checkpoints.note(at(index, index));
    for (const peer of ["n2", "n3"]) {
      checkpoints.take(nodeId(peer), [at(1_000, 1_000), at(2_000, 1)]);
    }

    assert.deepEqual(checkpoints.verdict(voters(3), 0), {
      index: 2_000,
      kind: "outvoted",
      others: ["n2", "n3"],
    });
  });

  it("judge a learner by what the voters agree on", () => {
    const checkpoints = new Checkpoints(nodeId("n9"), graceMs);
    checkpoints.note(at(1_000, 7));
    checkpoints.take(nodeId("n1"), [at(1_000, 7)]);
    assert.equal(checkpoints.verdict(voters(3), 0), undefined);

    checkpoints.take(nodeId("n2"), [at(1_000, 8)]);
    checkpoints.take(nodeId("n3"), [at(1_000, 8)]);

    assert.deepEqual(checkpoints.verdict(voters(3), 0)?.others, ["n2", "n3"]);
  });

  it("count nobody who is no voter", () => {
    const checkpoints = new Checkpoints(self, graceMs);
    checkpoints.note(at(1_000, 7));
    checkpoints.take(nodeId("n2"), [at(1_000, 7)]);
    for (const stranger of ["x1", "x2", "x3"]) {
      checkpoints.take(nodeId(stranger), [at(1_000, 8)]);
    }

    assert.equal(checkpoints.verdict(voters(3), 10 * graceMs), undefined);
  });

  it("note every thousandth index, and nothing before the first entry", () => {
    const checkpoints = new Checkpoints(self, graceMs);
    for (const index of [0, 1, 999, 1_000, 1_001, 2_000, 2_500]) checkpoints.note(at(index, 1));

    assert.deepEqual(checkpoints.latest(), [at(1_000, 1), at(2_000, 1)]);
  });

  it("tell the latest few", () => {
    const checkpoints = new Checkpoints(self, graceMs);
    for (let index = 1_000; index <= 9_000; index += 1_000) checkpoints.note(at(index, index));

    assert.deepEqual(
      checkpoints.latest().map(({ index }) => index),
      [6_000, 7_000, 8_000, 9_000],
    );
  });

  it("forget the oldest of their own and of each peer, and not what was said first", () => {
    const checkpoints = new Checkpoints(self, graceMs);
    for (let index = 1_000; index <= 200_000; index += 1_000) checkpoints.note(at(index, 7));
    for (const peer of ["n2", "n3"]) {
      for (let index = 1_000; index <= 20_000; index += 1_000) {
        checkpoints.take(nodeId(peer), [at(index, 8)]);
      }
    }
    // Its own go back to 73,000, theirs only up to 20,000.
    assert.equal(checkpoints.verdict(voters(3), 0), undefined);

    for (const peer of ["n2", "n3"]) {
      checkpoints.take(nodeId(peer), [at(200_000, 8)]);
      checkpoints.take(nodeId(peer), [at(200_000, 7)]);
    }
    assert.equal(checkpoints.verdict(voters(3), 0)?.index, 200_000);
  });

  it("count nothing of a node that was forgotten", () => {
    const checkpoints = new Checkpoints(self, graceMs);
    checkpoints.note(at(1_000, 7));
    takeAll(checkpoints, [8, 8]);

    checkpoints.forget(nodeId("n3"));

    assert.equal(checkpoints.verdict(voters(3), 0), undefined);
  });
});

describe("describeDivergence", () => {
  for (const [kind, sentence] of [
    [
      "outvoted",
      'after entry 3000 this node\'s state differs from the one that "n2", "n3" agree on',
    ],
    [
      "undecided",
      'after entry 3000 this node\'s state differs from that of "n2", "n3", and no majority agrees',
    ],
  ] as const) {
    it(`says at which entry, and who holds what: ${kind}`, () => {
      const others = [nodeId("n2"), nodeId("n3")];

      assert.equal(describeDivergence({ index: logIndex(3_000), kind, others }), sentence);
    });
  }
});
