import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import type { Refusal } from "../../src/base/errors.ts";
import { labelsOn, moveLabels, type LabelEvent } from "../../src/secrets/labels.ts";
import type { SecretRecord, VersionId } from "../../src/secrets/secret.ts";
import { label, labels, secretIn, stateOf, versionRecord } from "./example-secret.ts";

type Labelled = Pick<SecretRecord, "versions" | "labels">;

/** Puts a value, with the labels in `stages` or without any. */
function put(versionId: VersionId, stages?: string): LabelEvent {
  const named = stages === undefined ? undefined : labels(stages);
  return { kind: "value_written", versionId, stages: named };
}

/** Moves a label by hand. */
function move(short: string, removeFrom?: VersionId, moveTo?: VersionId): LabelEvent {
  return { kind: "stage_updated", label: label(short), removeFrom, moveTo };
}

function after(before: Labelled, event: LabelEvent, limit = 20): Labelled {
  const moved = moveLabels(before, event, limit);
  assert.ok(moved.ok);
  const versions = new Map(before.versions);
  if (event.kind === "value_written") versions.set(event.versionId, versionRecord("new"));
  return { versions, labels: moved.state };
}

/** The recorded runs, by their number in the reference. */
const rows: readonly {
  readonly row: string;
  readonly before: string;
  readonly event: LabelEvent;
  readonly after: string;
}[] = [
  { row: "row 1, a first value", before: "", event: put("v1"), after: "v1[C]" },
  { row: "row 2, a value for an empty secret", before: "", event: put("v1"), after: "v1[C]" },
  {
    row: "row 3, a first value with a label of its own",
    before: "",
    event: put("v1", "X"),
    after: "v1[C,X]",
  },
  { row: "row 4, a second value", before: "v1[C]", event: put("v2"), after: "v1[P] v2[C]" },
  {
    row: "row 5, a third value, the first is deprecated",
    before: "v1[P] v2[C]",
    event: put("v3"),
    after: "v1[] v2[P] v3[C]",
  },
  {
    row: "row 6, a value with labels leaves AWSCURRENT",
    before: "v1[C]",
    event: put("v2", "A,B"),
    after: "v1[C] v2[A,B]",
  },
  {
    row: "row 7, a value takes labels over",
    before: "v1[C] v2[A,B]",
    event: put("v3", "A,B"),
    after: "v1[C] v2[] v3[A,B]",
  },
  {
    row: "row 8, a value takes some labels over",
    before: "v1[C] v2[one,two,three]",
    event: put("v3", "one,two,four"),
    after: "v1[C] v2[three] v3[four,one,two]",
  },
  {
    row: "row 9, a value with AWSCURRENT among its labels",
    before: "v1[C]",
    event: put("v2", "C,PUT0"),
    after: "v1[P] v2[C,PUT0]",
  },
  {
    row: "row 10, AWSCURRENT by hand leaves AWSPENDING on its new version",
    before: "v1[C] v2[N]",
    event: move("C", "v1", "v2"),
    after: "v1[P] v2[C,N]",
  },
  {
    row: "row 11, a value takes AWSPENDING off the version that was current",
    before: "v1[P] v2[C,N]",
    event: put("v3"),
    after: "v1[] v2[P] v3[C]",
  },
  {
    row: "row 12, a pending value beside a current one",
    before: "v1[P] v2[C,N]",
    event: put("v3", "N"),
    after: "v1[P] v2[C] v3[N]",
  },
  {
    row: "row 13, labels of one's own stay when AWSCURRENT goes",
    before: "v1[P] v2[AWSSOMETHING,C,PUT1] v3[N,PUT2]",
    event: move("C", "v2", "v3"),
    after: "v1[] v2[AWSSOMETHING,P,PUT1] v3[C,N,PUT2]",
  },
  {
    row: "row 14, labels of one's own stay when AWSPREVIOUS goes",
    before: "v1[P,PUT0] v2[C,PUT1] v3[N,PUT2]",
    event: move("C", "v2", "v3"),
    after: "v1[PUT0] v2[P,PUT1] v3[C,N,PUT2]",
  },
  {
    row: "row 15, a label taken away by hand",
    before: "v1[P] v2[C,N]",
    event: move("N", "v2"),
    after: "v1[P] v2[C]",
  },
];

/** What follows from the rules and was not recorded. */
const forced: typeof rows = [
  {
    row: "AWSCURRENT back to the previous version swaps the two",
    before: "v1[P] v2[C]",
    event: move("C", "v2", "v1"),
    after: "v1[C] v2[P]",
  },
  {
    row: "AWSPENDING by hand stays on the version that AWSCURRENT leaves",
    before: "v1[P] v2[C,N]",
    event: move("C", "v2", "v1"),
    after: "v1[C] v2[N,P]",
  },
  {
    row: "AWSPREVIOUS goes to the former current version, whatever the caller wished",
    before: "v1[C]",
    event: put("v2", "C,P"),
    after: "v1[P] v2[C]",
  },
  {
    row: "AWSPENDING on a version that is not current survives a new value",
    before: "v1[C] v2[N]",
    event: put("v3"),
    after: "v1[P] v2[N] v3[C]",
  },
  {
    row: "a free label is attached",
    before: "v1[C]",
    event: move("X", undefined, "v1"),
    after: "v1[C,X]",
  },
  {
    row: "a label moved to where it is stays there",
    before: "v1[P] v2[C]",
    event: move("C", "v2", "v2"),
    after: "v1[P] v2[C]",
  },
  {
    row: "a label moved to its holder needs no version to remove it from",
    before: "v1[P] v2[C]",
    event: move("C", undefined, "v2"),
    after: "v1[P] v2[C]",
  },
  {
    row: "AWSPREVIOUS can be taken away by hand",
    before: "v1[P] v2[C]",
    event: move("P", "v1"),
    after: "v1[] v2[C]",
  },
];

const refusals: readonly {
  readonly because: string;
  readonly event: LabelEvent;
  readonly refusal: Refusal;
}[] = [
  {
    because: "neither version is named",
    event: move("X"),
    refusal: { code: "label_change_missing", facts: {} },
  },
  {
    because: "the version to move to is unknown",
    event: move("X", undefined, "v9"),
    refusal: { code: "version_not_found", facts: { versionId: "v9" } },
  },
  {
    because: "the version to remove from is unknown",
    event: move("C", "v8", "v1"),
    refusal: { code: "version_not_found", facts: { versionId: "v8" } },
  },
  {
    because: "the label is on another version than the one named",
    event: move("C", "v1", "v1"),
    refusal: { code: "label_not_held", facts: { label: "AWSCURRENT", versionId: "v1" } },
  },
  {
    because: "the label to take away is on no version",
    event: move("X", "v1"),
    refusal: { code: "label_not_held", facts: { label: "X", versionId: "v1" } },
  },
  {
    because: "the holder is not named",
    event: move("C", undefined, "v1"),
    refusal: { code: "label_holder_required", facts: { label: "AWSCURRENT", versionId: "v2" } },
  },
  {
    because: "AWSCURRENT would be nowhere",
    event: move("C", "v2"),
    refusal: { code: "current_label_required", facts: {} },
  },
];

describe("moveLabels", () => {
  for (const { row, before, event, after: expected } of [...rows, ...forced]) {
    it(`moves labels: ${row}`, () => {
      const secret = secretIn(before);

      const result = after(secret, event);

      assert.equal(stateOf(result), expected);
      assert.deepEqual(secret, secretIn(before), "the state before is not touched");
    });
  }

  for (const { because, event, refusal } of refusals) {
    it(`refuses a move because ${because}`, () => {
      const outcome = moveLabels(secretIn("v1[P] v2[C]"), event, 20);

      assert.deepEqual(outcome, { ok: false, refusal });
    });
  }

  it("refuses a label too many, AWSPREVIOUS included", () => {
    const refusal = { code: "too_many_labels", facts: { limit: 2 } };
    const secret = secretIn("v1[C,X]");

    assert.deepEqual(moveLabels(secret, put("v2"), 2), { ok: false, refusal });
    assert.deepEqual(moveLabels(secret, move("Y", undefined, "v1"), 2), { ok: false, refusal });
  });

  it("accepts as many labels as the limit says", () => {
    const result = after(secretIn("v1[C,X]"), put("v2"), 3);

    assert.equal(result.labels.size, 3);
  });

  it("lets a secret that is over a lowered limit move the labels it has", () => {
    const result = after(secretIn("v1[P,X,Y] v2[C]"), move("X", "v1", "v2"), 2);

    assert.equal(stateOf(result), "v1[P,Y] v2[C,X]");
  });
});

describe("labelsOn", () => {
  it("tells the labels of one version, sorted", () => {
    const { labels: held } = secretIn("v1[z,C,a] v2[P]");

    assert.deepEqual(labelsOn(held, "v1"), ["AWSCURRENT", "a", "z"]);
    assert.deepEqual(labelsOn(held, "v3"), []);
  });
});

describe("moveLabels, over any sequence of events", () => {
  const limit = 6;
  const someLabel = fc.constantFrom("C", "P", "N", "a", "b", "c", "d").map(label);
  const someVersion = fc.constantFrom("v1", "v2", "v3", "v4", "v5");
  const someEvent: fc.Arbitrary<LabelEvent> = fc.oneof(
    fc.record({
      kind: fc.constant("value_written" as const),
      versionId: someVersion,
      stages: fc.option(fc.array(someLabel, { maxLength: 4 }), { nil: undefined }),
    }),
    fc.record({
      kind: fc.constant("stage_updated" as const),
      label: someLabel,
      removeFrom: fc.option(someVersion, { nil: undefined }),
      moveTo: fc.option(someVersion, { nil: undefined }),
    }),
  );

  function checkInvariants({ versions, labels: held }: Labelled): void {
    assert.equal(held.has("AWSCURRENT"), versions.size > 0, "AWSCURRENT once there is a version");
    assert.ok(held.size <= limit, "no more labels than the limit");
    for (const holder of held.values()) assert.ok(versions.has(holder), "on versions that exist");
  }

  /** AWSCURRENT does not leave a version without AWSPREVIOUS going there. */
  function checkPreviousFollows(before: Labelled, result: Labelled): void {
    const former = before.labels.get("AWSCURRENT");
    if (former === undefined || result.labels.get("AWSCURRENT") === former) return;
    assert.equal(result.labels.get("AWSPREVIOUS"), former);
  }

  it("keeps every invariant", () => {
    fc.assert(
      fc.property(fc.array(someEvent, { maxLength: 25 }), (events) => {
        let secret: Labelled = secretIn("");
        for (const event of events) {
          const isKnown = event.kind === "value_written" && secret.versions.has(event.versionId);
          if (isKnown || !moveLabels(secret, event, limit).ok) continue;
          const result = after(secret, event, limit);
          checkPreviousFollows(secret, result);
          checkInvariants(result);
          secret = result;
        }
      }),
      { seed: 20_171_017, numRuns: 400 },
    );
  });
});
