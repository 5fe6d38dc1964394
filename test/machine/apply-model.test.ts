import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { applyCommand } from "../../src/machine/apply.ts";
import type { CommandOutcome, Envelope } from "../../src/machine/command.ts";
import { MemoryState, type StateContents } from "../../src/machine/memory-state.ts";
import { indexEntriesOf } from "../../src/secrets/queries/index-entries.ts";
import type { SecretRecord } from "../../src/secrets/secret.ts";
import { anyEnvelope } from "./arbitrary-envelope.ts";

const histories = fc.array(anyEnvelope, { minLength: 1, maxLength: 60, size: "max" });

function applyTo(state: MemoryState, envelope: Envelope): CommandOutcome {
  const { changes, outcome } = applyCommand(state, envelope);
  state.absorb(changes);
  return outcome;
}

/** A state as it was: records are never changed in place, so copies of the maps are enough. */
function copyOf(contents: StateContents): StateContents {
  const { secrets, values, policies, names, members, removedNodes } = contents;
  return {
    ...contents,
    secrets: new Map(secrets),
    values: new Map(Array.from(values, ([name, rows]) => [name, new Map(rows)])),
    policies: new Map(policies),
    names: new Map(names),
    members: new Map(members),
    removedNodes: new Map(removedNodes),
  };
}

function checkSecret(secret: SecretRecord): void {
  const { versions, labels, tags, createdAt, changedAt } = secret;
  assert.equal(
    labels.has("AWSCURRENT"),
    versions.size > 0,
    "one AWSCURRENT, once there is a version",
  );
  for (const holder of labels.values()) assert.ok(versions.has(holder), "labels are on versions");
  assert.equal(new Set(tags?.map(({ key }) => key)).size, tags?.length ?? 0, "tag keys are unique");
  assert.ok(createdAt <= changedAt, "a change is not before the creation");

  const times = [...versions.values()].map((version) => version.createdAt);
  assert.deepEqual(
    times,
    times.toSorted((one, other) => one - other),
    "versions are oldest first",
  );
}

/** The index as the commands left it, and as it is made from scratch. */
function checkIndex(state: MemoryState): void {
  const sorted = (entries: ReturnType<MemoryState["indexEntries"]>): readonly string[] =>
    entries
      .map(({ index, term, order, name }) => JSON.stringify([index, term, order, name]))
      .sort();
  const fromScratch = [...state.contents().secrets.values()].flatMap((secret) =>
    indexEntriesOf(secret).map((entry) => ({ ...entry, order: secret.order, name: secret.name })),
  );
  assert.deepEqual(sorted(state.indexEntries()), sorted(fromScratch));
}

function checkState({ secrets, values, names, policies, counters }: StateContents): void {
  assert.deepEqual(
    [...policies.keys()].sort(),
    [...secrets.values()]
      .filter(({ hasResourcePolicy }) => hasResourcePolicy)
      .map(({ name }) => name)
      .sort(),
    "policies are those that records speak of, and no other",
  );
  for (const [name, secret] of secrets) {
    assert.equal(secret.name, name);
    assert.ok(secret.order < counters.nextOrder, "an order is not given out before its time");
    assert.ok(secret.changedAt <= counters.lastAt, "nothing changed in the future");
    checkSecret(secret);
  }
  assert.equal(counters.secretCount, secrets.size, "the count is right");
  assert.deepEqual(
    new Map(Array.from(secrets, ([name, { order }]) => [order, name])),
    names,
    "the order of creation lists every secret, and nothing else",
  );

  const expected = [...secrets].flatMap(([name, { versions }]) =>
    [...versions.keys()].map((versionId) => JSON.stringify([name, versionId])),
  );
  const rows = [...values].flatMap(([name, byVersion]) =>
    [...byVersion.keys()].map((versionId) => JSON.stringify([name, versionId])),
  );
  assert.deepEqual(rows.sort(), expected.sort(), "values are those of the versions, and no other");
}

/** What one command may never do to what there was. */
function checkStep(before: StateContents, after: StateContents, outcome: CommandOutcome): void {
  assert.ok(after.counters.lastAt >= before.counters.lastAt, "time never goes back");
  assert.ok(after.counters.nextOrder >= before.counters.nextOrder, "an order is never reused");
  if (!outcome.ok) {
    assert.deepEqual({ ...after, counters: undefined }, { ...before, counters: undefined });
  }
  for (const [name, secret] of after.secrets) {
    const former = before.secrets.get(name);
    if (former?.order !== secret.order) continue;
    assert.equal(secret.arn, former.arn, "an ARN is for ever");
    for (const versionId of secret.versions.keys()) {
      if (!former.versions.has(versionId)) continue;
      // Only a read may be noted.
      const content = { ...secret.versions.get(versionId), accessedDay: 0 };
      assert.deepEqual(content, { ...former.versions.get(versionId), accessedDay: 0 });
      const now = after.values.get(name)?.get(versionId);
      assert.deepEqual(now, before.values.get(name)?.get(versionId), "content never changes");
    }
  }
}

describe("applyCommand, over any history", () => {
  it("keeps every invariant and never throws", () => {
    const met = new Map<string, number>();

    fc.assert(
      fc.property(histories, (history) => {
        const state = new MemoryState();
        for (const envelope of history) {
          const before = copyOf(state.contents());
          const outcome = applyTo(state, envelope);
          const what = outcome.ok ? `${envelope.command.kind} accepted` : outcome.refusal.code;
          met.set(what, (met.get(what) ?? 0) + 1);
          checkStep(before, state.contents(), outcome);
          checkState(state.contents());
          checkIndex(state);
        }
      }),
      { seed: 3_9, numRuns: 320 },
    );

    // A history that never got anywhere would show nothing.
    for (const kind of [
      "create_secret",
      "put_secret_value",
      "update_version_stage",
      "put_resource_policy",
      "note_accesses",
      "purge_secrets",
    ]) {
      assert.ok((met.get(`${kind} accepted`) ?? 0) > 40, `${kind} was accepted now and then`);
    }
    for (const code of ["token_in_use", "too_many_versions", "too_many_labels", "secret_deleted"]) {
      assert.ok((met.get(code) ?? 0) > 20, `${code} was met now and then`);
    }
  });

  it("leaves the state alone until its rows are written", () => {
    fc.assert(
      fc.property(histories, anyEnvelope, (history, envelope) => {
        const state = new MemoryState();
        for (const earlier of history) applyTo(state, earlier);

        const first = applyCommand(state, envelope);
        const second = applyCommand(state, envelope);

        assert.deepEqual(first, second);
      }),
      { seed: 39_1, numRuns: 60 },
    );
  });

  it("gives every node the same state and the same outcomes, without a clock or chance", () => {
    const sampled = fc.sample(histories, { seed: 39_2, numRuns: 60 });

    for (const history of sampled) {
      const [one, other] = [new MemoryState(), new MemoryState()];
      const outcomes = withoutTheWorld(() => [
        history.map((envelope) => applyTo(one, envelope)),
        history.map((envelope) => applyTo(other, envelope)),
      ]);

      assert.deepEqual(outcomes[0], outcomes[1]);
      assert.deepEqual(one.contents(), other.contents());
    }
  });
});

function withoutTheWorld<Result>(action: () => Result): Result {
  const { Date: realDate } = globalThis;
  const realRandom = Math.random;
  const realCompare = Object.getOwnPropertyDescriptor(String.prototype, "localeCompare");
  assert.ok(realCompare !== undefined);
  const thrower = (): never => {
    throw new Error("the state machine looked at the world");
  };
  globalThis.Date = new Proxy(realDate, { apply: thrower, construct: thrower, get: thrower });
  Math.random = thrower;
  Object.defineProperty(String.prototype, "localeCompare", { ...realCompare, value: thrower });
  try {
    return action();
  } finally {
    globalThis.Date = realDate;
    Math.random = realRandom;
    Object.defineProperty(String.prototype, "localeCompare", realCompare);
  }
}
