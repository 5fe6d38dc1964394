import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { LeaderSearch } from "../../src/client/leader-search.ts";
import type { StatusResponse } from "../../src/generated/public-contract.ts";
import { SetClock } from "../support/set-clock.ts";

type Said = Readonly<Record<string, StatusResponse | undefined>>;

function says(nodeId: string, leader: string | undefined, term = 7): StatusResponse {
  return { nodeId, ...(leader === undefined ? {} : { leader }), term, members: [] };
}

function searchAmong(said: Said) {
  const clock = new SetClock();
  const asked: string[] = [];
  const learnt: (string | undefined)[] = [];
  const search = new LeaderSearch<string>({
    nodes: Object.keys(said),
    clock,
    ask: (node) => {
      asked.push(node);
      return Promise.resolve(said[node]);
    },
    onLearnt: (leader) => {
      learnt.push(leader);
    },
  });
  /** So many milliseconds later somebody writes, and what that begins comes to its end. */
  const write = async (afterMs: number): Promise<void> => {
    clock.advance(afterMs);
    search.noteWrite(learnt.at(-1));
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { asked, learnt, write };
}

describe("LeaderSearch", () => {
  const cases: [what: string, said: Said, leader: string | undefined][] = [
    [
      "the endpoint behind which the leader is",
      { x: says("n1", "n2"), y: says("n2", "n2"), z: says("n3", "n2") },
      "y",
    ],
    [
      "the leader of the newest term",
      { x: says("n1", "n1", 7), y: says("n2", "n3", 8), z: says("n3", "n3", 8) },
      "z",
    ],
    [
      "a leader that others know of",
      { x: undefined, y: says("n2", undefined), z: says("n3", "n3") },
      "z",
    ],
    [
      "nobody when none of the endpoints leads",
      { x: says("n1", "n9"), y: says("n2", "n9") },
      undefined,
    ],
    ["nobody when no node answers", { x: undefined, y: undefined }, undefined],
    [
      "nobody during an election",
      { x: says("n1", undefined), y: says("n2", undefined) },
      undefined,
    ],
  ];
  for (const [what, said, leader] of cases) {
    it(`finds ${what}`, async () => {
      const { learnt, write } = searchAmong(said);

      await write(0);
      await write(0);

      assert.deepEqual(learnt, [leader]);
    });
  }

  it("does not begin for the first write, nor for a single node", async () => {
    const first = searchAmong({ x: says("n1", "n1"), y: says("n2", "n1") });
    const single = searchAmong({ x: says("n1", "n1") });

    await first.write(0);
    for (const ms of [0, 100_000, 100_000]) await single.write(ms);

    assert.deepEqual([...first.asked, ...single.asked], []);
  });

  it("begins again a minute after it found one", async () => {
    const { learnt, write } = searchAmong({ x: says("n1", "n1"), y: says("n2", "n1") });

    for (const ms of [0, 0, 59_999]) await write(ms);
    const before = learnt.length;
    await write(1);

    assert.deepEqual([before, learnt.length], [1, 2]);
  });

  it("begins again soon when it found nobody, and then less and less often", async () => {
    const { learnt, write } = searchAmong({ x: undefined, y: undefined });
    await write(0);
    await write(0);

    const counts: number[] = [];
    for (const ms of [1_999, 1, 3_999, 1]) {
      await write(ms);
      counts.push(learnt.length);
    }

    assert.deepEqual(counts, [1, 2, 2, 3]);
  });
});
