import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { InvariantViolation } from "../../src/base/assert.ts";
import { epochMs, logIndex } from "../../src/base/ids.ts";
import { applyCommand, type Applied } from "../../src/machine/apply.ts";
import type { Command } from "../../src/machine/command.ts";
import { MemoryState } from "../../src/machine/memory-state.ts";
import { dayMs } from "../../src/secrets/limits.ts";
import { limits, newVersion, noon, stateOf, target } from "../secrets/example-secret.ts";
import { keyring } from "./arbitrary-envelope.ts";

const create: Command = {
  kind: "create_secret",
  ...target,
  token: "v1",
  description: undefined,
  type: undefined,
  kmsKeyId: undefined,
  tags: undefined,
  version: newVersion("v1"),
  limits,
};
const remove: Command = { kind: "delete_secret", ...target, recoveryWindowDays: 0 };

function put(
  versionId: string,
  more: Partial<Extract<Command, { stages: unknown }>> = {},
): Command {
  const version = newVersion(versionId);
  return { kind: "put_secret_value", ...target, version, stages: undefined, limits, ...more };
}

function apply(state: MemoryState, command: Command, at = noon): Applied {
  const applied = applyCommand(state, { at, command });
  state.absorb(applied.changes);
  return applied;
}

function stateAfter(...commands: readonly Command[]): MemoryState {
  const state = new MemoryState();
  for (const command of commands) assert.ok(apply(state, command).outcome.ok);
  return state;
}

function rows({ changes }: Applied): readonly string[] {
  return changes.map(({ row }) => row);
}

describe("applyCommand", () => {
  it("writes a new secret, its place, its value and the counters", () => {
    const state = new MemoryState();

    const applied = apply(state, create);

    assert.deepEqual(rows(applied), ["secret", "order", "value", "index", "event", "counters"]);
    assert.deepEqual(applied.outcome, {
      ok: true,
      state: undefined,
      reply: { ...target, versionId: "v1" },
    });
    assert.equal(state.secret("db")?.order, 1);
    assert.deepEqual(state.sealedValue("db", "v1"), newVersion("v1").value);
    assert.deepEqual(state.counters(), { lastAt: noon, nextOrder: 2, secretCount: 1 });
  });

  it("writes a new version without touching the order of creation", () => {
    const state = stateAfter(create);

    const applied = apply(state, put("v2"), epochMs(noon + 1));

    assert.deepEqual(rows(applied), ["secret", "value", "index", "event", "counters"]);
    assert.deepEqual(state.counters(), { lastAt: noon + 1, nextOrder: 2, secretCount: 1 });
  });

  it("removes a secret with its place and every value, and never gives its place again", async () => {
    const state = stateAfter(create, put("v2"));

    const applied = apply(state, remove);
    apply(state, create);

    assert.deepEqual(rows(applied), [
      "secret",
      "order",
      "value",
      "value",
      "index",
      "event",
      "counters",
    ]);
    assert.equal(state.secret("db")?.order, 2);
    assert.equal(state.sealedValue("db", "v2"), undefined);
    const page = await state.namesByOrder({ direction: "ascending", after: undefined, limit: 9 });
    assert.deepEqual(page, [{ order: 2, name: "db" }]);
    assert.deepEqual(state.counters(), { lastAt: noon, nextOrder: 3, secretCount: 1 });
  });

  it("drops the values of pruned versions", () => {
    const state = stateAfter(create, put("v2"));

    apply(state, put("v3", { limits: { ...limits, versions: 2 } }), epochMs(noon + dayMs));

    assert.equal(state.sealedValue("db", "v1"), undefined);
    assert.deepEqual(state.sealedValue("db", "v3"), newVersion("v3").value);
  });

  it("writes nothing for a retry at the same time, and answers it again", () => {
    const state = stateAfter(create, put("v2"));

    const applied = apply(state, put("v2"));

    assert.deepEqual(applied.changes, []);
    assert.deepEqual(applied.outcome, {
      ok: true,
      state: undefined,
      reply: { ...target, versionId: "v2", stages: ["AWSCURRENT"] },
    });
  });

  it("moves time on with a refusal, and writes nothing else", () => {
    const state = stateAfter(create);

    const applied = apply(state, { ...create, token: "v9" }, epochMs(noon + 5));

    assert.equal(applied.outcome.ok, false);
    assert.deepEqual(rows(applied), ["counters"]);
    assert.deepEqual(state.counters(), { lastAt: noon + 5, nextOrder: 2, secretCount: 1 });
  });

  it("never goes back in time, whatever a slow clock stamps", () => {
    const state = stateAfter(create);

    apply(state, put("v2"), epochMs(noon - dayMs));

    assert.equal(state.secret("db")?.versions.get("v2")?.createdAt, noon);
    assert.equal(state.counters().lastAt, noon);
  });

  it("refuses a secret more than the region may hold, and takes it when one is gone", () => {
    const state = stateAfter(create);
    const second: Command = { ...create, name: "web", regionSecretLimit: 1 };

    const refused = apply(state, second);
    apply(state, remove);
    const taken = apply(state, second);

    assert.deepEqual(refused.outcome, {
      ok: false,
      refusal: { code: "too_many_secrets", facts: { limit: 1 } },
    });
    assert.ok(taken.outcome.ok);
  });

  it("keeps the first keys, and tells them to whoever comes later", () => {
    const state = new MemoryState();

    const first = apply(state, { kind: "initialize_keys", keyring: keyring("first") });
    const second = apply(state, { kind: "initialize_keys", keyring: keyring("second") });

    const outcome = { ok: true, state: undefined, reply: { keyring: keyring("first") } };
    assert.deepEqual(rows(first), ["keyring", "counters"]);
    assert.deepEqual(first.outcome, outcome);
    assert.deepEqual(second, { changes: [], outcome });
    assert.deepEqual(state.keyring(), keyring("first"));
  });

  it("routes every kind of command to its handler", () => {
    const state = stateAfter(
      { kind: "initialize_keys", keyring: keyring("first") },
      create,
      put("v2", { stages: ["AWSPENDING"] }),
      {
        kind: "update_version_stage",
        ...target,
        label: "AWSCURRENT",
        removeFrom: "v1",
        moveTo: "v2",
        limits,
      },
      { kind: "tag_resource", ...target, tags: [{ key: "a", value: "1" }], limits },
      { kind: "untag_resource", ...target, tagKeys: ["a"] },
      { kind: "delete_secret", ...target, recoveryWindowDays: 7 },
      { kind: "restore_secret", ...target },
      {
        kind: "update_secret",
        ...target,
        description: "d",
        type: undefined,
        kmsKeyId: undefined,
        version: newVersion("v3"),
        limits,
      },
    );

    const secret = state.secret("db");
    assert.ok(secret !== undefined);
    assert.equal(stateOf(secret), "v1[] v2[P] v3[C]");
    assert.deepEqual([secret.tags, secret.description, secret.deletion], [[], "d", undefined]);
  });

  it("writes a policy beside its record, and takes it away with the secret", () => {
    const policy: Command = { kind: "put_resource_policy", ...target, policy: "{}" };
    const state = stateAfter(create, policy);

    assert.equal(state.resourcePolicy("db"), "{}");
    assert.equal(state.secret("db")?.hasResourcePolicy, true);

    const taken = apply(state, { kind: "delete_resource_policy", ...target });
    assert.deepEqual(rows(taken), ["secret", "policy", "event"]);
    assert.equal(state.resourcePolicy("db"), undefined);

    apply(state, policy);
    apply(state, remove);
    assert.equal(state.resourcePolicy("db"), undefined);
  });

  it("notes reads of many secrets, without a change or an event", () => {
    const web = { ...target, name: "web" };
    const state = stateAfter(create, { ...create, ...web });

    const applied = apply(state, {
      kind: "note_accesses",
      day: 20_000,
      reads: [
        { ...target, versionIds: ["v1"] },
        { ...target, name: "gone", versionIds: [] },
        { ...web, versionIds: [] },
        // Named once more: met as the first time left it.
        { ...target, versionIds: ["v1"] },
      ],
    });

    assert.deepEqual(applied.outcome, { ok: true, state: undefined, reply: {} });
    assert.deepEqual(rows(applied), ["secret", "index", "secret", "index"]);
    assert.equal(state.secret("db")?.versions.get("v1")?.accessedDay, 20_000);
    assert.equal(state.secret("web")?.accessedDay, 20_000);
    assert.equal(state.secret("db")?.changedAt, noon);
  });

  it("purges what is due by the time of the state, counts it, and tells of each", async () => {
    const web = { ...target, name: "web" };
    const api = { ...target, name: "api" };
    const state = stateAfter(create, { ...create, ...web }, { ...create, ...api });
    const mark: Command = { kind: "delete_secret", ...target, recoveryWindowDays: 7 };
    apply(state, mark);
    apply(state, { ...mark, ...web });
    apply(state, { ...mark, ...api, recoveryWindowDays: 8 });
    const before = await state.eventsAfter(logIndex(0), 99);
    assert.ok(before !== "too_old");

    const applied = apply(
      state,
      { kind: "purge_secrets", targets: [target, web, api, target] },
      epochMs(noon + 7 * dayMs),
    );

    assert.deepEqual(applied.outcome, { ok: true, state: undefined, reply: { purged: 2 } });
    assert.deepEqual([...state.contents().secrets.keys()], ["api"]);
    assert.deepEqual([...state.contents().values.keys()], ["api"]);
    assert.deepEqual(state.counters(), {
      lastAt: noon + 7 * dayMs,
      nextOrder: 4,
      secretCount: 1,
    });
    const told = await state.eventsAfter(before.through, 99);
    assert.ok(told !== "too_old");
    assert.deepEqual(
      told.events.map(({ event }) => [event.kind, event.name, event.at]),
      [
        ["removed", "db", noon + 7 * dayMs],
        ["removed", "web", noon + 7 * dayMs],
      ],
    );
  });

  it("touches two entries of the index for a new version of a secret with many words", () => {
    const described = { ...create, description: "many words ".repeat(50) } as Command;
    const state = stateAfter(described);

    const { changes } = apply(state, put("v2"), epochMs(noon + 1));

    const index = changes.find((change) => change.row === "index");
    assert.deepEqual([index?.added.length, index?.dropped.length], [1, 1]);
  });

  it("stops at a kind of command that it does not know", () => {
    const unknown = { kind: "from_the_future", name: "db" } as unknown as Command;

    assert.throws(() => apply(new MemoryState(), unknown), InvariantViolation);
  });
});
