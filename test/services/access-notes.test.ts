import assert from "node:assert/strict";
import { beforeEach, describe, it } from "mocha";
import { storedSecretArn } from "../../src/base/arn.ts";
import { dayMs } from "../../src/secrets/limits.ts";
import type { SecretRecord } from "../../src/secrets/secret.ts";
import { AccessNotes } from "../../src/services/access-notes.ts";
import { secretIn, versionRecord } from "../secrets/example-secret.ts";
import { SetClock } from "../support/set-clock.ts";

const midnight = Date.UTC(2026, 5, 1);
const today = midnight / dayMs;

let clock: SetClock;
let notes: AccessNotes;
beforeEach(() => {
  clock = new SetClock(midnight);
  notes = new AccessNotes(clock);
});

function named(name: string, more: Partial<SecretRecord> = {}): SecretRecord {
  const arn = storedSecretArn(
    `arn:aws:secretsmanager:us-east-1:000000000000:secret:${name}-AAAAAA`,
  );
  return secretIn("v1[P] v2[C]", { name, arn, ...more });
}

describe("AccessNotes", () => {
  const db = named("db");

  it("notes the first read of a version in a day, and no other", () => {
    notes.note(db, "v1");
    notes.note(db, "v2");
    clock.advance(dayMs - 1);
    notes.note(db, "v2");

    const { name, arn } = db;
    assert.deepEqual(notes.batch(10), {
      day: today,
      reads: [{ name, arn, versionIds: ["v1", "v2"] }],
    });
    assert.equal(notes.size, 2);
  });

  it("notes nothing that the state knows already", () => {
    const version = { ...versionRecord("v1"), accessedDay: today };
    const known = named("db", { versions: new Map([["v1", version]]), accessedDay: today });

    notes.note(known, "v1");
    assert.equal(notes.batch(10), undefined);

    clock.advance(dayMs);
    notes.note(known, "v1");
    assert.equal(notes.batch(10)?.day, today + 1);
  });

  it("shows what is noted as if the state knew, and leaves the rest alone", () => {
    notes.note(db, "v2");

    const shown = notes.shown(db);

    assert.equal(shown.accessedDay, today);
    assert.deepEqual(
      [...shown.versions.values()].map(({ accessedDay }) => accessedDay),
      [undefined, today],
    );
    assert.equal(notes.shown(named("web")).accessedDay, undefined);
    assert.equal(notes.shown(named("db", { accessedDay: today + 1 })).accessedDay, today + 1);
  });

  it("shows nothing of a secret that was made anew under the name", () => {
    notes.note(db, "v2");

    const anew = named("db", { arn: storedSecretArn(`${db.arn}x`) });

    assert.equal(notes.shown(anew), anew);
  });

  it("gives the oldest notes of one day at a time, and at most as many as are wanted", () => {
    notes.note(db, "v1");
    notes.note(named("web"), "v1");
    clock.advance(dayMs);
    notes.note(named("web"), "v2");
    notes.note(named("late"), "v1");
    const told = (most: number) => {
      const batch = notes.batch(most);
      if (batch === undefined) return undefined;
      notes.settle(batch);
      const reads = batch.reads.map(({ name, versionIds }) => `${name}:${versionIds.join()}`);
      return `${batch.day - today} ${reads.join(" ")}`;
    };

    assert.deepEqual(
      [told(1), told(9), told(9), told(9)],
      ["0 db:v1", "0 web:v1", "1 web:v2 late:v1", undefined],
    );
    assert.equal(notes.size, 0);
  });

  it("never gives more versions than are wanted, also of one secret", () => {
    notes.note(db, "v1");
    notes.note(db, "v2");
    notes.note(named("web"), "v1");

    assert.deepEqual(
      notes.batch(1)?.reads.map(({ versionIds }) => versionIds),
      [["v1"]],
    );
    assert.deepEqual(
      notes.batch(2)?.reads.map(({ versionIds }) => versionIds),
      [["v1", "v2"]],
    );
  });

  it("keeps what was read again on a later day when the earlier day is settled", () => {
    notes.note(db, "v1");
    const batch = notes.batch(10);
    assert.ok(batch);
    clock.advance(dayMs);
    notes.note(db, "v1");

    notes.settle(batch);

    assert.equal(notes.batch(10)?.day, today + 1);
  });

  it("drops the oldest beyond its limits, in versions and in bytes, and grows no further", () => {
    for (const limits of [
      { versions: 100, bytes: Infinity },
      { versions: Infinity, bytes: 70_000 },
    ]) {
      notes = new AccessNotes(clock, limits);
      for (let number = 0; number < 5_000; number += 1) notes.note(named(`db-${number}`), "v1");

      const batch = notes.batch(1_000);
      assert.ok(batch && batch.reads.length <= 120 && batch.reads.length >= 90);
      assert.equal(batch.reads.at(-1)?.name, "db-4999");
      assert.equal(batch.reads[0]?.name, `db-${5_000 - batch.reads.length}`);

      notes.settle(batch);
      for (let number = 0; number < 50; number += 1) notes.note(named(`new-${number}`), "v1");
      assert.equal(notes.size, 50, "what was settled takes no room");
    }
  });
});
