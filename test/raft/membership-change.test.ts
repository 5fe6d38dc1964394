import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { nodeId, type NodeId } from "../../src/base/ids.ts";
import type { Configuration } from "../../src/raft/configuration.ts";
import {
  enterChange,
  isJoint,
  leaveJoint,
  objectionTo,
  type MembershipChange,
} from "../../src/raft/membership-change.ts";
import { quorumSize } from "../../src/raft/quorum.ts";

/** Each letter is a node. */
const named = (names: string): readonly NodeId[] => Array.from(names).map(nodeId);

const configured = (voters: string, learners = "", outgoing = ""): Configuration => ({
  voters: new Set(named(voters)),
  outgoingVoters: new Set(named(outgoing)),
  learners: new Set(named(learners)),
});

interface Asked {
  readonly add?: string;
  readonly promote?: string;
  readonly remove?: string;
}

const change = ({ add = "", promote = "", remove = "" }: Asked): MembershipChange => ({
  addLearners: named(add),
  promote: named(promote),
  remove: named(remove),
});

/** `voters/learners/outgoing`, each in order. */
function spelled({ voters, learners, outgoingVoters }: Configuration): string {
  return [voters, learners, outgoingVoters].map((set) => [...set].sort().join("")).join("/");
}

describe("enterChange", () => {
  const rows = [
    { what: "adds a learner", of: configured("abc"), asked: { add: "d" }, to: "abc/d/" },
    { what: "adds two", of: configured("a"), asked: { add: "bc" }, to: "a/bc/" },
    { what: "removes a learner", of: configured("abc", "d"), asked: { remove: "d" }, to: "abc//" },
    { what: "promotes", of: configured("abc", "d"), asked: { promote: "d" }, to: "abcd//abc" },
    { what: "removes a voter", of: configured("abc"), asked: { remove: "c" }, to: "ab//abc" },
    {
      what: "replaces a voter",
      of: configured("abc", "d"),
      asked: { promote: "d", remove: "c" },
      to: "abd//abc",
    },
    {
      what: "replaces every voter",
      of: configured("abc", "def"),
      asked: { promote: "def", remove: "abc" },
      to: "def//abc",
    },
    {
      what: "does all three",
      of: configured("abc", "de"),
      asked: { add: "f", promote: "d", remove: "ae" },
      to: "bcd/f/abc",
    },
  ];
  for (const { what, of, asked, to } of rows) {
    it(what, () => {
      assert.equal(spelled(enterChange(of, change(asked))), to);
    });
  }

  it("stops rather than make a change that makes no sense", () => {
    assert.throws(() => enterChange(configured("abc"), change({ promote: "d" })), /makes sense/);
  });

  it("leaves the configuration it is given alone", () => {
    const before = configured("abc", "d");

    enterChange(before, change({ add: "e", promote: "d", remove: "c" }));

    assert.equal(spelled(before), "abc/d/");
  });
});

describe("leaveJoint", () => {
  it("forgets the voters that were replaced, and nobody else", () => {
    assert.equal(spelled(leaveJoint(configured("abd", "e", "abc"))), "abd/e/");
  });

  it("stops at a configuration that is not joint", () => {
    assert.throws(() => leaveJoint(configured("abc")), /only a joint configuration/);
  });
});

describe("objectionTo", () => {
  const rows: readonly (readonly [Configuration, Asked, RegExp])[] = [
    [configured("abc"), {}, /changes nothing/],
    [configured("abd", "e", "abc"), { remove: "e" }, /earlier change/],
    [configured("abc"), { add: "dd" }, /"d" is named twice/],
    [configured("abc", "d"), { promote: "d", remove: "d" }, /"d" is named twice/],
    [configured("abc"), { add: "d", promote: "d" }, /"d" is named twice/],
    [configured("abc"), { add: "c" }, /"c" is a member already/],
    [configured("abc", "d"), { add: "d" }, /"d" is a member already/],
    [configured("abc"), { promote: "d" }, /"d" is not a learner/],
    [configured("abc"), { promote: "c" }, /"c" is not a learner/],
    [configured("abc"), { remove: "d" }, /"d" is not a member/],
    [configured("ab", "c"), { remove: "ab" }, /no voter/],
    [configured("ab", "c"), { remove: "abc" }, /no voter/],
  ];
  for (const [configuration, asked, objection] of rows) {
    it(`to ${JSON.stringify(asked)} of ${spelled(configuration)} is that ${String(objection)}`, () => {
      assert.match(objectionTo(configuration, change(asked)) ?? "none", objection);
    });
  }

  it("is none if the last voter leaves while another comes", () => {
    const asked = change({ promote: "b", remove: "a" });

    assert.equal(objectionTo(configured("a", "b"), asked), undefined);
  });
});

describe("a change of membership, whatever it is", () => {
  const everybody = named("abcdef");
  /** Of each node: what it is, and what is asked of it, among what makes sense. */
  const someWish = fc.constantFrom(
    "add",
    "promote",
    "remove a learner",
    "remove",
    "stranger",
    "learner",
    "voter",
    "voter",
  );
  const someWishes = fc.array(someWish, { minLength: 6, maxLength: 6 }).map((wishes) => {
    const which = (...wanted: readonly string[]): NodeId[] =>
      everybody.filter((_, at) => wanted.includes(wishes[at] ?? ""));
    const before: Configuration = {
      voters: new Set(which("voter", "remove")),
      outgoingVoters: new Set(),
      learners: new Set(which("learner", "promote", "remove a learner")),
    };
    const remove = which("remove", "remove a learner");
    return { before, asked: { addLearners: which("add"), promote: which("promote"), remove } };
  });
  const sensible = someWishes.filter(
    ({ before, asked }) => before.voters.size > 0 && objectionTo(before, asked) === undefined,
  );

  it("keeps voters and learners apart, and leaves somebody who votes", () => {
    fc.assert(
      fc.property(sensible, ({ before, asked }) => {
        const { voters, learners } = enterChange(before, asked);

        assert.ok(voters.size > 0);
        const both = [...learners].filter((node) => voters.has(node));
        assert.deepEqual(both, []);
      }),
    );
  });

  it("has two majorities that matter share a node, before and after each of its steps", () => {
    fc.assert(
      fc.property(sensible, ({ before, asked }) => {
        const entered = enterChange(before, asked);
        assert.equal(everyQuorumMeets(before, entered), true);
        if (!isJoint(entered)) return;

        assert.equal(everyQuorumMeets(entered, leaveJoint(entered)), true);
      }),
    );
  });

  /** Tries every set of nodes as a quorum of one against every quorum of the other. */
  function everyQuorumMeets(one: Configuration, other: Configuration): boolean {
    const sets = Array.from({ length: 2 ** everybody.length }, (_, bits) => bits);
    const ofOne = sets.filter((bits) => isQuorum(one, bits));
    const ofOther = sets.filter((bits) => isQuorum(other, bits));
    return ofOne.every((bits) => ofOther.every((others) => (bits & others) !== 0));
  }

  function isQuorum({ voters, outgoingVoters }: Configuration, bits: number): boolean {
    const isIn = (node: NodeId): boolean => (bits & (1 << everybody.indexOf(node))) !== 0;
    return [voters, outgoingVoters].every(
      (set) => set.size === 0 || [...set].filter(isIn).length >= quorumSize(set),
    );
  }
});
