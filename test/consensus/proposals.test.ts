import { strict as assert } from "node:assert";
import { describe, it } from "mocha";
import { RefusedError } from "../../src/base/errors.ts";
import { logIndex, term } from "../../src/base/ids.ts";
import { accept } from "../../src/base/outcome.ts";
import { Proposals } from "../../src/consensus/proposals.ts";
import type { CommandOutcome } from "../../src/machine/command.ts";

const limits = { count: 3, sizeBytes: 100 };
const outcome: CommandOutcome = accept(undefined, { name: "db", arn: "arn" as never });

/** Puts a proposal in; what it comes to is written down. */
function add(proposals: Proposals, { deadlineMs = 1_000, bytes = 10 } = {}): { came: string } {
  const answer = { came: "nothing yet" };
  proposals.add({
    payload: new Uint8Array(bytes),
    deadlineMs,
    resolve: ({ index }) => {
      answer.came = `outcome at ${index}`;
    },
    reject: ({ refusal }) => {
      answer.came = refusal.code;
    },
  });
  return answer;
}

/** Hands what is queued to the core, which puts it at `index` and after. */
function place(proposals: Proposals, index: number, inTerm: number): void {
  proposals.takeQueued().forEach((proposal, offset) => {
    proposals.await(logIndex(index + offset), term(inTerm), proposal);
  });
}

function isOverloaded(error: unknown): boolean {
  return error instanceof RefusedError && error.refusal.code === "overloaded";
}

describe("Proposals", () => {
  it("answers with the outcome and the place of the entry that was proposed", () => {
    const proposals = new Proposals(limits);
    const answer = add(proposals);
    place(proposals, 7, 2);

    proposals.settle(logIndex(7), term(2), outcome);

    assert.equal(answer.came, "outcome at 7");
  });

  it("refuses for certain when another leader's entry took the place", () => {
    const proposals = new Proposals(limits);
    const answer = add(proposals);
    place(proposals, 7, 2);

    proposals.settle(logIndex(7), term(3), outcome);

    assert.equal(answer.came, "no_leader");
  });

  it("refuses for certain when a new leader's empty entry took the place", () => {
    const proposals = new Proposals(limits);
    const answer = add(proposals);
    place(proposals, 7, 2);

    proposals.settle(logIndex(7), term(3), undefined);

    assert.equal(answer.came, "no_leader");
  });

  it("answers everybody at an index where this node proposed twice, as leader of two terms", () => {
    const proposals = new Proposals(limits);
    const earlier = add(proposals);
    place(proposals, 7, 2);
    const later = add(proposals);
    place(proposals, 7, 4);

    proposals.settle(logIndex(7), term(4), outcome);

    assert.deepEqual([earlier.came, later.came], ["no_leader", "outcome at 7"]);
  });

  it("lets one of two at an index run out of time alone", () => {
    const proposals = new Proposals(limits);
    const earlier = add(proposals, { deadlineMs: 100 });
    place(proposals, 7, 2);
    const later = add(proposals, { deadlineMs: 200 });
    place(proposals, 7, 4);

    proposals.expire(150);
    proposals.settle(logIndex(7), term(4), outcome);

    assert.deepEqual([earlier.came, later.came], ["outcome_unknown", "outcome at 7"]);
  });

  it("knows nothing of the outcome once the time is up, and not before", () => {
    const proposals = new Proposals(limits);
    const answer = add(proposals, { deadlineMs: 500 });
    place(proposals, 7, 2);

    proposals.expire(499);
    const before = answer.came;
    proposals.expire(500);

    assert.equal(before, "nothing yet");
    assert.equal(answer.came, "outcome_unknown");
  });

  it("leaves a proposal waiting when the lead is lost, until its place is settled", () => {
    const proposals = new Proposals(limits);
    const answer = add(proposals);
    place(proposals, 7, 2);

    proposals.settle(logIndex(6), term(3), outcome);

    assert.equal(answer.came, "nothing yet");
  });

  it("refuses for certain what the core was never given", () => {
    const proposals = new Proposals(limits);
    const answer = add(proposals);

    proposals.refuse(proposals.takeQueued());

    assert.equal(answer.came, "no_leader");
  });

  it("refuses more than it may hold, by count", () => {
    const proposals = new Proposals(limits);
    for (let count = 0; count < 3; count += 1) add(proposals);

    assert.throws(() => add(proposals), isOverloaded);
  });

  it("refuses more than it may hold, by bytes", () => {
    const proposals = new Proposals(limits);
    add(proposals, { bytes: 60 });

    assert.throws(() => add(proposals, { bytes: 41 }), isOverloaded);
    add(proposals, { bytes: 40 });
  });

  it("has no room for what may still be in the log, though nobody waits for it", () => {
    const proposals = new Proposals(limits);
    const answers = [1, 2, 3].map(() => add(proposals, { deadlineMs: 100 }));
    place(proposals, 7, 2);
    proposals.expire(100);
    assert.throws(() => add(proposals), isOverloaded);

    for (let at = 7; at < 10; at += 1) proposals.settle(logIndex(at), term(3), outcome);

    add(proposals);
    assert.deepEqual(
      answers.map(({ came }) => came),
      ["outcome_unknown", "outcome_unknown", "outcome_unknown"],
    );
  });

  for (const end of ["settled", "expired", "refused"] as const) {
    it(`has room again when proposals are ${end}`, () => {
      const proposals = new Proposals(limits);
      for (let round = 0; round < 10; round += 1) {
        for (let count = 0; count < 3; count += 1) add(proposals, { bytes: 33 });
        if (end === "refused") {
          proposals.refuse(proposals.takeQueued());
          continue;
        }
        place(proposals, 7, 2);
        if (end === "expired") proposals.expire(Infinity);
        for (let at = 7; at < 10; at += 1) proposals.settle(logIndex(at), term(2), outcome);
      }
    });
  }
});
