import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { nodeId, type NodeId } from "../../src/base/ids.ts";
import { isVoter, members, votersOnly, type Configuration } from "../../src/raft/configuration.ts";
import { countVotes, quorumSize, reachedByQuorum } from "../../src/raft/quorum.ts";

const named = (names: string): ReadonlySet<NodeId> => new Set(Array.from(names).map(nodeId));

/** Each letter is a node: `joint("abc", "abd")`. */
const joint = (voters: string, outgoing: string, learners = ""): Configuration => ({
  voters: named(voters),
  outgoingVoters: named(outgoing),
  learners: named(learners),
});

describe("quorumSize", () => {
  for (const [voters, size] of [
    ["a", 1],
    ["ab", 2],
    ["abc", 2],
    ["abcd", 3],
    ["abcde", 3],
    ["abcdefg", 4],
  ] as const) {
    it(`of ${String(voters.length)} is ${String(size)}`, () => {
      assert.equal(quorumSize(named(voters)), size);
    });
  }

  it("makes any two quorums share a node, and half of the nodes none", () => {
    for (let count = 1; count < 30; count += 1) {
      const size = quorumSize(
        new Set(Array.from({ length: count }, (_, at) => nodeId(String(at)))),
      );
      assert.ok(2 * size > count);
      assert.ok(2 * (size - 1) <= count);
    }
  });
});

describe("countVotes", () => {
  const rows = [
    { of: joint("a", ""), granted: "a", refused: "", count: "won" },
    { of: joint("abc", ""), granted: "a", refused: "", count: "pending" },
    { of: joint("abc", ""), granted: "a", refused: "b", count: "pending" },
    { of: joint("abc", ""), granted: "ab", refused: "", count: "won" },
    { of: joint("abc", ""), granted: "a", refused: "bc", count: "lost" },
    { of: joint("abc", ""), granted: "axyz", refused: "", count: "pending" },
    { of: joint("abcd", ""), granted: "ab", refused: "", count: "pending" },
    { of: joint("abcd", ""), granted: "ab", refused: "cd", count: "lost" },
    { of: joint("abcd", ""), granted: "abc", refused: "", count: "won" },
    { of: joint("abcde", ""), granted: "ab", refused: "cd", count: "pending" },
    { of: joint("abc", "ade"), granted: "ab", refused: "", count: "pending" },
    { of: joint("abc", "ade"), granted: "abd", refused: "", count: "won" },
    { of: joint("abc", "ade"), granted: "abc", refused: "de", count: "lost" },
    { of: joint("abc", "ade"), granted: "ade", refused: "bc", count: "lost" },
    { of: joint("abc", "ade"), granted: "bcde", refused: "a", count: "won" },
    { of: joint("abc", "", "xyz"), granted: "axyz", refused: "", count: "pending" },
  ] as const;
  for (const { of, granted, refused, count } of rows) {
    const outgoing = [...of.outgoingVoters].join("");
    const whom =
      outgoing === "" ? [...of.voters].join("") : `${[...of.voters].join("")}+${outgoing}`;
    it(`among ${whom}: for ${granted}, against ${refused || "none"}: ${count}`, () => {
      const votes = new Map([
        ...Array.from(granted).map((node) => [nodeId(node), "granted"] as const),
        ...Array.from(refused).map((node) => [nodeId(node), "refused"] as const),
      ]);

      assert.equal(countVotes(of, votes), count);
    });
  }

  it("holds an election without voters to be a contradiction", () => {
    assert.throws(() => countVotes(joint("", ""), new Map()), /somebody votes/);
  });
});

describe("reachedByQuorum", () => {
  const rows = [
    { of: joint("a", ""), reached: { a: 7 }, answer: 7 },
    { of: joint("ab", ""), reached: { a: 7, b: 3 }, answer: 3 },
    { of: joint("abc", ""), reached: { a: 7, b: 3, c: 5 }, answer: 5 },
    { of: joint("abc", ""), reached: { a: 7 }, answer: 0 },
    { of: joint("abcd", ""), reached: { a: 7, b: 6, c: 5, d: 4 }, answer: 5 },
    { of: joint("abcde", ""), reached: { a: 9, b: 9, c: 2, d: 1 }, answer: 2 },
    { of: joint("abc", "ade"), reached: { a: 9, b: 9, c: 9, d: 4, e: 1 }, answer: 4 },
    { of: joint("abc", "ade"), reached: { a: 9, b: 9, c: 9 }, answer: 0 },
    { of: joint("abc", "", "x"), reached: { a: 9, x: 9 }, answer: 0 },
    { of: joint("ab", ""), reached: { a: 10, b: 9 }, answer: 9 },
    { of: joint("abc", ""), reached: { a: 100, b: 20, c: 3 }, answer: 20 },
  ] as const;
  for (const { of, reached, answer } of rows) {
    it(`of ${JSON.stringify(reached)} among ${[...members(of)].join("")} is ${String(answer)}`, () => {
      const known: Readonly<Record<string, number>> = reached;

      assert.equal(
        reachedByQuorum(of, (node) => known[node] ?? 0),
        answer,
      );
    });
  }

  it("is the largest number that a majority has reached", () => {
    const numbers = fc.array(fc.nat(20), { minLength: 1, maxLength: 7 });
    const check = (reached: readonly number[]): void => {
      const ids = reached.map((_, at) => nodeId(String(at)));

      const answer = reachedByQuorum(votersOnly(ids), (node) => reached[Number(node)] ?? 0);

      const having = (least: number): number => reached.filter((each) => each >= least).length;
      assert.ok(having(answer) * 2 > reached.length);
      assert.ok(having(answer + 1) * 2 <= reached.length);
    };

    fc.assert(fc.property(numbers, check), { seed: 1, numRuns: 500 });
  });
});

describe("members", () => {
  it("are voters, outgoing voters and learners, each once", () => {
    assert.deepEqual([...members(joint("ab", "bc", "cd"))], Array.from("abcd"));
  });

  it("vote in either half, and learners in none", () => {
    const configuration = joint("ab", "bc", "d");

    assert.deepEqual(
      Array.from("abcd").map((node) => isVoter(configuration, nodeId(node))),
      [true, true, true, false],
    );
  });
});
