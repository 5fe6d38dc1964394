import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import {
  callsOf,
  create,
  describeLabels,
  doneAt,
  getCurrent,
  put,
  refused,
  rightHistory,
  unknown,
  valueAt,
  type Draw,
  type Sketch,
} from "./example-histories.ts";
import type { Call } from "./history.ts";
import { checkIndexes } from "./index-check.ts";
import { checkLinearizable } from "./linearizability.ts";
import { agrees, perform, type SecretState } from "./secret-model.ts";
import { judge } from "./verdict.ts";

const created: Sketch = { at: [0, 1], operation: create("a"), outcome: doneAt(1) };
const replaced: Sketch = { at: [2, 3], operation: put("b"), outcome: doneAt(2) };

interface WrongHistory {
  readonly sketches: readonly Sketch[];
  /** Who must see it: some lies only the index tells of. */
  readonly seenBy: "index" | "orders" | "both";
}

const wrong: Record<string, WrongHistory> = {
  "a stale read, honest about its index": {
    sketches: [created, replaced, { at: [4, 5], operation: getCurrent, outcome: valueAt(1, "a") }],
    seenBy: "both",
  },
  "a stale read that lies about its index": {
    sketches: [created, replaced, { at: [4, 5], operation: getCurrent, outcome: valueAt(2, "a") }],
    seenBy: "both",
  },
  "a stale read that nobody could tell by its value": {
    sketches: [
      created,
      { at: [2, 3], operation: put("a"), outcome: doneAt(2) },
      { at: [4, 5], operation: getCurrent, outcome: valueAt(1, "a") },
    ],
    seenBy: "index",
  },
  "a lost write": {
    sketches: [
      created,
      replaced,
      {
        at: [4, 5],
        operation: { op: "get_version", token: "b" },
        outcome: refused("version_not_found"),
      },
    ],
    seenBy: "orders",
  },
  "a lost secret": {
    sketches: [
      created,
      { at: [2, 3], operation: getCurrent, outcome: refused("secret_not_found") },
    ],
    seenBy: "orders",
  },
  "a write that came back after it was gone": {
    sketches: [
      created,
      { at: [2, 3], operation: { op: "delete" }, outcome: doneAt(2) },
      { at: [4, 5], operation: getCurrent, outcome: valueAt(2, "a") },
    ],
    seenBy: "both",
  },
  "two writes at one index": {
    sketches: [
      created,
      { at: [2, 5], operation: put("b"), outcome: doneAt(2) },
      { at: [2, 5], operation: put("c"), outcome: doneAt(2) },
    ],
    seenBy: "index",
  },
  "a token that was carried out twice": {
    sketches: [
      created,
      { at: [2, 9], operation: put("b"), outcome: unknown },
      { at: [10, 11], operation: getCurrent, outcome: valueAt(2, "b") },
      { at: [12, 13], operation: put("c"), outcome: doneAt(3) },
      { at: [14, 15], operation: put("b"), outcome: doneAt(4) },
      { at: [16, 17], operation: getCurrent, outcome: valueAt(4, "b") },
    ],
    seenBy: "both",
  },
  "an order of writes that goes back in time": {
    sketches: [
      created,
      { at: [2, 3], operation: put("b"), outcome: doneAt(3) },
      { at: [4, 5], operation: put("c"), outcome: doneAt(2) },
    ],
    seenBy: "index",
  },
  "a value that nobody wrote": {
    sketches: [created, { at: [2, 3], operation: getCurrent, outcome: valueAt(1, "z") }],
    seenBy: "both",
  },
  "a value under another version's name": {
    sketches: [
      created,
      {
        at: [2, 3],
        operation: getCurrent,
        outcome: {
          ...{ kind: "ok", index: 1 },
          answer: { kind: "value", token: "a", value: "v-b" },
        },
      },
    ],
    seenBy: "both",
  },
  "labels that moved by themselves": {
    sketches: [
      created,
      replaced,
      {
        at: [4, 5],
        operation: describeLabels,
        outcome: {
          ...{ kind: "ok", index: 2 },
          answer: { kind: "labels", labels: { current: "a", previous: "b" } },
        },
      },
    ],
    seenBy: "both",
  },
  "an unknown write seen before it began": {
    sketches: [
      created,
      { at: [2, 3], operation: getCurrent, outcome: valueAt(1, "b") },
      { at: [4, 9], operation: put("b"), outcome: unknown },
    ],
    seenBy: "both",
  },
  "an unknown write that comes and goes": {
    sketches: [
      created,
      { at: [2, 3], operation: put("b"), outcome: unknown },
      { at: [4, 5], operation: getCurrent, outcome: valueAt(2, "b") },
      { at: [6, 7], operation: getCurrent, outcome: valueAt(2, "a") },
    ],
    seenBy: "both",
  },
  "a node whose index stands still for another secret": {
    sketches: [
      created,
      { ...replaced, operation: create("b"), secret: "other" },
      { at: [4, 5], operation: getCurrent, outcome: valueAt(1, "a") },
    ],
    seenBy: "index",
  },
};

describe("the checker of histories", () => {
  for (const [name, { sketches, seenBy }] of Object.entries(wrong)) {
    it(`rejects ${name}`, () => {
      const calls = callsOf(sketches);

      assert.ok(judge({ calls }).contradictions.length > 0);
      assert.equal(checkIndexes(calls).contradictions.length > 0, seenBy !== "orders", "by index");
      assert.equal(isOrdered(calls), seenBy === "index", "by orders");
    });
  }

  it("rejects a refusal that has nothing to do with the state", () => {
    const calls = callsOf([
      created,
      { at: [2, 3], operation: getCurrent, outcome: refused("decryption_failed") },
    ]);

    assert.match(judge({ calls }).contradictions[0] ?? "", /decryption_failed/);
  });

  it("accepts a write of unknown outcome wherever it may have happened, or nowhere", () => {
    const late: Sketch = { at: [2, 3], operation: put("b"), outcome: unknown };
    const readers: readonly (readonly Sketch[])[] = [
      [],
      [{ at: [20, 21], operation: getCurrent, outcome: valueAt(1, "a") }],
      [{ at: [20, 21], operation: getCurrent, outcome: valueAt(2, "b") }],
      [
        { at: [20, 21], operation: getCurrent, outcome: valueAt(1, "a") },
        { at: [22, 23], operation: getCurrent, outcome: valueAt(2, "b") },
      ],
    ];
    for (const sketches of readers) {
      assert.deepEqual(judge({ calls: callsOf([created, late, ...sketches]) }).contradictions, []);
    }
  });

  it("accepts whatever a right region answers, by the index and by the search", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 60 }), (seed, count) => {
        const calls = rightHistory(drawFrom(seed), count);

        assert.deepEqual(checkIndexes(calls), { contradictions: [], undecided: [] });
        assert.ok(isOrdered(calls));
      }),
      { numRuns: 300 },
    );
  });

  it("says of small histories, right and wrong, what trying every order says", () => {
    let accepted = 0;
    let rejected = 0;
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 6 }), (seed, count) => {
        const draw = drawFrom(seed);
        const calls = withSwappedOutcomes(rightHistory(draw, count), draw);

        const expected = someOrderExplains(calls);
        if (expected) accepted += 1;
        else rejected += 1;

        assert.equal(isOrdered(calls), expected);
      }),
      { numRuns: 3_000 },
    );
    assert.ok(accepted > 300 && rejected > 300, `${accepted} accepted, ${rejected} rejected`);
  });

  it("gives up rather than search for ever, and says so", () => {
    const calls = callsOf(
      Array.from({ length: 30 }, (_, at) => ({
        at: [0, 100],
        operation: at === 0 ? create("t0") : put(`t${at}`),
        outcome: at === 0 ? doneAt(1) : unknown,
      })),
    ).concat(callsOf([{ at: [200, 201], operation: getCurrent, outcome: valueAt(40, "nobody") }]));

    const found = checkLinearizable(calls, 10_000);

    assert.equal(found.kind, "undecided");
    assert.deepEqual(checkIndexes(calls).undecided, ["s"]);
  });
});

function isOrdered(calls: readonly Call[]): boolean {
  const ours = calls.filter(({ secret }) => secret === "s");
  const found = checkLinearizable(ours);
  assert.notEqual(found.kind, "undecided");
  return found.kind === "linearizable";
}

/** A small generator: the same numbers for the same seed. */
function drawFrom(seed: number): Draw {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return (state >>> 8) % below;
  };
}

/** Two calls of one kind are told each other's outcomes: mostly wrong, sometimes right. */
function withSwappedOutcomes(calls: readonly Call[], draw: Draw): readonly Call[] {
  if (draw(3) === 0) return calls;
  const one = calls[draw(calls.length)];
  const other = calls[draw(calls.length)];
  if (one === undefined || other === undefined) return calls;
  return calls.map((call) => {
    if (call === one) return { ...call, outcome: other.outcome, end: finite(call, other) };
    if (call === other) return { ...call, outcome: one.outcome, end: finite(call, one) };
    return call;
  });
}

function finite(call: Call, outcomeOf: Call): number {
  if (outcomeOf.outcome.kind === "unknown") return Infinity;
  return Number.isFinite(call.end) ? call.end : call.start + 30;
}

/** Tries every order of every choice of the calls that need not have happened. */
function someOrderExplains(calls: readonly Call[], state?: SecretState): boolean {
  if (calls.every(({ outcome }) => outcome.kind === "unknown")) return true;
  return calls.some((call) => {
    if (calls.some((other) => other.end < call.start)) return false;
    const { next, outcome } = perform(state, call.operation);
    if (call.outcome.kind !== "unknown" && !agrees(outcome, call.outcome)) return false;
    return someOrderExplains(
      calls.filter((other) => other !== call),
      next,
    );
  });
}
