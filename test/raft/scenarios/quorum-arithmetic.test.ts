// Majorities of one set of voters and of two, against an oracle that tries every subset (thesis
// 4.3).
import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { nodeId, type NodeId } from "../../../src/base/ids.ts";
import type { Configuration } from "../../../src/raft/configuration.ts";
import { countVotes, reachedByQuorum, type VoteCount } from "../../../src/raft/quorum.ts";

type Votes = ReadonlyMap<NodeId, "granted" | "refused">;

/** Each letter is a node. */
const letters = (names: string): readonly NodeId[] => Array.from(names).map(nodeId);

const joint = (voters: string, outgoing: string, learners = ""): Configuration => ({
  voters: new Set(letters(voters)),
  outgoingVoters: new Set(letters(outgoing)),
  learners: new Set(letters(learners)),
});

/** By definition: a set of nodes decides if it is more than half of each set of voters there is. */
function decides(nodes: ReadonlySet<NodeId>, { voters, outgoingVoters }: Configuration): boolean {
  return [voters, outgoingVoters]
    .filter((set) => set.size > 0)
    .every((set) => 2 * [...set].filter((node) => nodes.has(node)).length > set.size);
}

function everyone({ voters, outgoingVoters }: Configuration): readonly NodeId[] {
  return [...new Set([...voters, ...outgoingVoters])];
}

function subsetsOf(nodes: readonly NodeId[]): readonly ReadonlySet<NodeId>[] {
  return Array.from(
    { length: 2 ** nodes.length },
    (_, bits) => new Set(nodes.filter((__, which) => (bits >> which) % 2 === 1)),
  );
}

/** Largest number that all nodes of some deciding set have reached: every subset is tried. */
function reachedByOracle(configuration: Configuration, reached: (node: NodeId) => number): number {
  const numbers = subsetsOf(everyone(configuration))
    .filter((nodes) => decides(nodes, configuration))
    .map((nodes) => Math.min(...[...nodes].map(reached)));
  return Math.max(...numbers);
}

/** Won: those who granted decide. Lost: not even with all who are silent would they. */
function countByOracle(configuration: Configuration, votes: Votes): VoteCount {
  const those = (wanted: (vote: "granted" | "refused" | undefined) => boolean) =>
    new Set(everyone(configuration).filter((node) => wanted(votes.get(node))));
  if (
    decides(
      those((vote) => vote === "granted"),
      configuration,
    )
  ) {
    return "won";
  }
  return decides(
    those((vote) => vote !== "refused"),
    configuration,
  )
    ? "pending"
    : "lost";
}

const names = letters("abcdefgh");
const someNames = (least: number, most: number) =>
  fc.subarray([...names], { minLength: least, maxLength: most }).map((chosen) => new Set(chosen));
const configurations = fc.record({
  voters: someNames(1, 5),
  outgoingVoters: someNames(0, 5),
  learners: fc.constant(new Set<NodeId>()),
});
const numbers = fc.array(fc.nat(6), { minLength: names.length, maxLength: names.length });
const answers = fc.array(fc.constantFrom("granted", "refused", undefined), {
  minLength: names.length,
  maxLength: names.length,
});

function votesOf(given: readonly ("granted" | "refused" | undefined)[]): Votes {
  return new Map(
    given.flatMap((vote, which) => {
      const name = names[which];
      return vote === undefined || name === undefined ? [] : [[name, vote] as const];
    }),
  );
}

describe("scenario: majorities, against every subset", () => {
  it("reach what the oracle says, alone and joint", () => {
    const check = (configuration: Configuration, reached: readonly number[]): void => {
      const of = (node: NodeId): number => reached[names.indexOf(node)] ?? 0;

      assert.equal(reachedByQuorum(configuration, of), reachedByOracle(configuration, of));
    };

    fc.assert(fc.property(configurations, numbers, check), { seed: 3, numRuns: 600 });
  });

  it("count votes as the oracle does, alone and joint", () => {
    const check = (
      configuration: Configuration,
      given: readonly ("granted" | "refused" | undefined)[],
    ): void => {
      const votes = votesOf(given);

      assert.equal(countVotes(configuration, votes), countByOracle(configuration, votes));
    };

    fc.assert(fc.property(configurations, answers, check), { seed: 5, numRuns: 1500 });
  });

  it("of the same configuration share a node, alone and joint", () => {
    for (const configuration of [
      joint("a", ""),
      joint("abcd", ""),
      joint("abcde", ""),
      joint("a", "b"),
      joint("ab", "cd"),
      joint("abc", "bcd"),
      joint("abc", "def"),
    ]) {
      const deciding = subsetsOf(everyone(configuration)).filter((nodes) =>
        decides(nodes, configuration),
      );
      for (const one of deciding) {
        for (const other of deciding) assert.ok([...one].some((node) => other.has(node)));
        assert.equal(
          countVotes(configuration, new Map([...one].map((node) => [node, "granted"]))),
          "won",
        );
      }
    }
  });

  it("do not change when a set is joined with itself, nor when learners are many", () => {
    const check = (voters: ReadonlySet<NodeId>, reached: readonly number[]): void => {
      const of = (node: NodeId): number => reached[names.indexOf(node)] ?? 0;
      const alone = { voters, outgoingVoters: new Set<NodeId>(), learners: new Set<NodeId>() };

      const expected = reachedByQuorum(alone, of);

      assert.equal(reachedByQuorum({ ...alone, outgoingVoters: voters }, of), expected);
      assert.equal(reachedByQuorum({ ...alone, learners: new Set(names) }, of), expected);
    };

    fc.assert(fc.property(someNames(1, 7), numbers, check), { seed: 9, numRuns: 300 });
  });

  it("never take back what was reached when a node reaches more", () => {
    const check = (
      configuration: Configuration,
      reached: readonly number[],
      more: readonly number[],
    ): void => {
      const before = (node: NodeId): number => reached[names.indexOf(node)] ?? 0;
      const after = (node: NodeId): number => before(node) + (more[names.indexOf(node)] ?? 0);

      assert.ok(reachedByQuorum(configuration, after) >= reachedByQuorum(configuration, before));
    };

    fc.assert(fc.property(configurations, numbers, numbers, check), { seed: 11, numRuns: 300 });
  });
});

describe("scenario: joint majorities, by hand", () => {
  const reaches = [
    { of: joint("a", "b"), at: { a: 100 }, is: 0 },
    { of: joint("a", "b"), at: { a: 13, b: 100 }, is: 13 },
    { of: joint("ac", "b"), at: { a: 100, c: 50 }, is: 0 },
    { of: joint("ac", "b"), at: { a: 100, b: 45, c: 50 }, is: 45 },
    { of: joint("ab", "b"), at: { a: 50, b: 100 }, is: 50 },
    { of: joint("ab", "cd"), at: { a: 50, b: 48, c: 49 }, is: 0 },
    { of: joint("ab", "cd"), at: { a: 50, b: 48, c: 49, d: 47 }, is: 47 },
    { of: joint("abc", "def"), at: { b: 99, c: 90, d: 97, e: 95 }, is: 90 },
    { of: joint("abc", "def"), at: { a: 92, b: 99, c: 90, d: 97, e: 95, f: 77 }, is: 92 },
    { of: joint("abc", "ade"), at: { a: 1, b: 100, c: 99, d: 99, e: 98 }, is: 98 },
    { of: joint("abc", "bcd"), at: { b: 100, c: 99 }, is: 99 },
    { of: joint("abc", "bcd"), at: { a: 100, d: 101 }, is: 0 },
  ] as const;
  for (const { of, at, is } of reaches) {
    const sets = `${[...of.voters].join("")} and ${[...of.outgoingVoters].join("")}`;
    it(`of ${sets} with ${JSON.stringify(at)} have reached ${String(is)}`, () => {
      const known: Readonly<Record<string, number>> = at;

      assert.equal(
        reachedByQuorum(of, (node) => known[node] ?? 0),
        is,
      );
    });
  }

  const elections = [
    { of: joint("a", "b"), granted: "a", refused: "", count: "pending" },
    { of: joint("a", "b"), granted: "b", refused: "a", count: "lost" },
    { of: joint("ab", "cd"), granted: "ab", refused: "c", count: "lost" },
    { of: joint("ab", "cd"), granted: "abcd", refused: "", count: "won" },
    { of: joint("ab", "bc"), granted: "", refused: "b", count: "lost" },
    { of: joint("abc", "bcd"), granted: "bc", refused: "", count: "won" },
    { of: joint("abc", "bcd"), granted: "ab", refused: "c", count: "pending" },
    { of: joint("abc", "bcd"), granted: "abd", refused: "c", count: "won" },
    { of: joint("abcdefg", ""), granted: "abd", refused: "ce", count: "pending" },
    { of: joint("abcdefg", ""), granted: "abdg", refused: "cef", count: "won" },
    { of: joint("abcdefg", ""), granted: "abd", refused: "cefg", count: "lost" },
  ] as const;
  for (const { of, granted, refused, count } of elections) {
    const sets = `${[...of.voters].join("")} and ${[...of.outgoingVoters].join("") || "nobody"}`;
    it(`of ${sets}: ${granted || "none"} for, ${refused || "none"} against: ${count}`, () => {
      const votes: Votes = new Map([
        ...letters(granted).map((node) => [node, "granted"] as const),
        ...letters(refused).map((node) => [node, "refused"] as const),
      ]);

      assert.equal(countVotes(of, votes), count);
    });
  }
});
