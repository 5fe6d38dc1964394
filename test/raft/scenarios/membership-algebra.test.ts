// Changes of the membership as arithmetic: the way does not matter, only where it leads.
import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { nodeId, type NodeId } from "../../../src/base/ids.ts";
import { members, type Configuration } from "../../../src/raft/configuration.ts";
import {
  enterChange,
  isJoint,
  leaveJoint,
  objectionTo,
  type MembershipChange,
} from "../../../src/raft/membership-change.ts";

const names = Array.from("abcdefg").map(nodeId);

const standings = fc
  .array(fc.constantFrom("voter", "learner", "stranger"), { minLength: 7, maxLength: 7 })
  .filter((each) => each.includes("voter"));
const wishes = fc.array(fc.constantFrom("move", "remove", "stay"), { minLength: 7, maxLength: 7 });

function configurationOf(each: readonly string[]): Configuration {
  const those = (standing: string) => new Set(names.filter((_, which) => each[which] === standing));
  return { voters: those("voter"), outgoingVoters: new Set(), learners: those("learner") };
}

/** Strangers join, learners are promoted, and whoever is to go goes: mostly, that makes sense. */
function changeOf(each: readonly string[], wished: readonly string[]): MembershipChange {
  const those = (standing: string, wish: string) =>
    names.filter((_, which) => each[which] === standing && wished[which] === wish);
  return {
    addLearners: those("stranger", "move"),
    promote: those("learner", "move"),
    remove: [...those("voter", "remove"), ...those("learner", "remove")],
  };
}

function oneByOne({ addLearners, promote, remove }: MembershipChange): readonly MembershipChange[] {
  const none = { addLearners: [], promote: [], remove: [] };
  return [
    ...addLearners.map((node) => ({ ...none, addLearners: [node] })),
    ...promote.map((node) => ({ ...none, promote: [node] })),
    ...remove.map((node) => ({ ...none, remove: [node] })),
  ];
}

function completed(configuration: Configuration): Configuration {
  return isJoint(configuration) ? leaveJoint(configuration) : configuration;
}

function sorted({ voters, outgoingVoters, learners }: Configuration): readonly NodeId[][] {
  return [voters, outgoingVoters, learners].map((set) => [...set].sort());
}

describe("scenario: a change of many, and many changes of one", () => {
  it("lead to the same", () => {
    const check = (each: readonly string[], wished: readonly string[]): void => {
      const before = configurationOf(each);
      const change = changeOf(each, wished);
      fc.pre(objectionTo(before, change) === undefined);

      const atOnce = completed(enterChange(before, change));
      const stepwise = oneByOne(change).reduce(
        (configuration, single) => completed(enterChange(configuration, single)),
        before,
      );

      assert.deepEqual(sorted(atOnce), sorted(stepwise));
    };

    fc.assert(fc.property(standings, wishes, check), { seed: 13, numRuns: 800 });
  });

  it("go through a joint membership exactly when somebody's vote is at stake", () => {
    const check = (each: readonly string[], wished: readonly string[]): void => {
      const before = configurationOf(each);
      const change = changeOf(each, wished);
      fc.pre(objectionTo(before, change) === undefined);

      const entered = enterChange(before, change);

      const isAtStake =
        change.promote.length > 0 || change.remove.some((node) => before.voters.has(node));
      assert.equal(isJoint(entered), isAtStake);
      if (isAtStake) assert.deepEqual(entered.outgoingVoters, before.voters);
    };

    fc.assert(fc.property(standings, wishes, check), { seed: 17, numRuns: 800 });
  });

  it("lose nobody on the way: who is to stay is a member throughout, and who is to go until the end", () => {
    const check = (each: readonly string[], wished: readonly string[]): void => {
      const before = configurationOf(each);
      const change = changeOf(each, wished);
      fc.pre(objectionTo(before, change) === undefined);

      const entered = enterChange(before, change);
      const left = completed(entered);

      const gone = new Set(change.remove);
      const stay = [...members(before)].filter((node) => !gone.has(node));
      for (const node of stay) assert.ok(members(entered).has(node) && members(left).has(node));
      for (const node of gone) {
        assert.equal(members(entered).has(node), isJoint(entered) && before.voters.has(node));
        assert.ok(!members(left).has(node));
      }
    };

    fc.assert(fc.property(standings, wishes, check), { seed: 19, numRuns: 800 });
  });

  it("are refused, every one of them, while an earlier one is not complete", () => {
    const check = (each: readonly string[], wished: readonly string[]): void => {
      const before = configurationOf(each);
      const change = changeOf(each, wished);
      fc.pre(objectionTo(before, change) === undefined);
      const entered = enterChange(before, change);
      fc.pre(isJoint(entered));

      for (const single of oneByOne(change)) {
        assert.match(objectionTo(entered, single) ?? "none", /not complete/);
        assert.throws(() => enterChange(entered, single));
      }
    };

    fc.assert(fc.property(standings, wishes, check), { seed: 23, numRuns: 300 });
  });
});
