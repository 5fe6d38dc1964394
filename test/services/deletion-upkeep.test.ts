import assert from "node:assert/strict";
import { beforeEach, describe, it } from "mocha";
import { refuseCall } from "../../src/base/errors.ts";
import { nodeId } from "../../src/base/ids.ts";
import { applyCommand } from "../../src/machine/apply.ts";
import type { PurgeSecrets } from "../../src/secrets/commands/purge-secrets.ts";
import { dayMs } from "../../src/secrets/limits.ts";
import { DeletionUpkeep } from "../../src/services/deletion-upkeep.ts";
import { nodeCaller } from "../../src/services/node-caller.ts";
import { SetTimers } from "../support/set-timers.ts";
import { storeSecret } from "./stored-secrets.ts";
import { assertRefused, serviceNode, token, type ServiceNode } from "./service-node.ts";

const minute = 60_000;

let node: ServiceNode;
let timers: SetTimers;
let fatal: unknown[];
let upkeep: DeletionUpkeep;
beforeEach(async () => {
  node = await serviceNode({ limits: { secretsPerRegion: 10_000 } });
  timers = new SetTimers();
  fatal = [];
  upkeep = new DeletionUpkeep({
    services: node.parts,
    caller: (options) => nodeCaller(node.parts, nodeId("n1"), options),
    later: timers.later,
    onFatal: (error) => fatal.push(error),
  });
});

let tokens = 0;

async function deleteNamed(name: string, recoveryWindowInDays: number): Promise<void> {
  const clientRequestToken = token((tokens += 1));
  await node.call("CreateSecret", { name, clientRequestToken, secretString: "x" });
  await node.call("DeleteSecret", { secretId: name, recoveryWindowInDays });
}

/** Many at once, whose windows are over. */
async function withOverdue(count: number): Promise<void> {
  await deleteNamed("template", 30);
  const template = node.group.view.secret("template");
  assert.ok(template?.deletion);
  const { deletion } = template;
  for (let order = 100; order < 100 + count; order += 1) {
    const name = `old-${order}`;
    const arn = template.arn.replace("template", name) as typeof template.arn;
    const scheduledFor = node.clock.now();
    const record = { ...template, name, arn, order, deletion: { ...deletion, scheduledFor } };
    storeSecret(node.group.view, record);
  }
}

function purges(): readonly PurgeSecrets[] {
  return node.group.proposed.filter((command) => command.kind === "purge_secrets");
}

function left(): readonly string[] {
  return [...node.group.view.contents().secrets.keys()].sort();
}

describe("DeletionUpkeep", () => {
  it("removes a secret when its recovery window is over, with its values, and not before", async () => {
    await deleteNamed("db", 7);
    node.clock.advance(7 * dayMs - 1);
    await timers.run();
    assert.deepEqual(left(), ["db"]);

    node.clock.advance(1);
    await timers.run();

    assert.deepEqual(left(), []);
    assert.equal(node.group.view.contents().values.size, 0);
    await assertRefused(node.call("RestoreSecret", { secretId: "db" }), "secret_not_found");
    const again = { name: "db", clientRequestToken: token(900), secretString: "new" };
    assert.ok((await node.call("CreateSecret", again)).arn, "its name is free");
  });

  it("leaves secrets alone that are not marked for deletion, and those that were restored", async () => {
    await deleteNamed("restored", 7);
    await deleteNamed("due", 7);
    await node.call("CreateSecret", { name: "kept", clientRequestToken: token(901) });
    node.clock.advance(6 * dayMs);
    await node.call("RestoreSecret", { secretId: "restored" });
    node.clock.advance(dayMs);

    await timers.run();

    assert.deepEqual(left(), ["kept", "restored"]);
  });

  it("leaves alone what is restored after it was found and before the command is applied", async () => {
    await deleteNamed("db", 7);
    node.clock.advance(7 * dayMs);
    const { view } = node.group;
    const { arn } = view.secret("db") ?? {};
    assert.ok(arn);
    node.group.beforeNextApply(() => {
      const command = { kind: "restore_secret", name: "db", arn } as const;
      view.absorb(applyCommand(view, { at: node.clock.now(), command }).changes);
    });

    await timers.run();

    assert.equal(purges().length, 1);
    assert.deepEqual(left(), ["db"]);
    assert.equal(view.secret("db")?.deletion, undefined);
  });

  it("looks first soon after it began, and then when the next is due, but at least each minute", async () => {
    assert.deepEqual(timers.waits, [1_000]);
    await timers.run();
    assert.deepEqual(timers.waits, [minute]);

    await deleteNamed("db", 7);
    await timers.run();
    assert.deepEqual(timers.waits, [minute]);

    node.clock.advance(7 * dayMs - 5_000);
    await timers.run();
    assert.deepEqual(timers.waits, [5_000]);

    node.clock.advance(4_999);
    await timers.run();
    assert.deepEqual(timers.waits, [1_000], "never in a hurry");
  });

  it("goes by the time of the state where the clock is behind it", async () => {
    await deleteNamed("db", 7);
    // A leader before this one had a clock that was ahead.
    node.clock.advance(8 * dayMs);
    await node.call("CreateSecret", { name: "later", clientRequestToken: token(902) });
    node.clock.advance(-8 * dayMs);

    await timers.run();

    assert.deepEqual(left(), ["later"]);
  });

  for (const index of ["complete", "missing"] as const) {
    it(`removes thousands a hundred at a time, and nothing else (index ${index})`, async () => {
      node.group.view.isIndexComplete = () => index === "complete";
      await withOverdue(1_050);
      await deleteNamed("not-yet", 7);

      for (let looks = 0; looks < 10; looks += 1) await timers.run();

      assert.deepEqual(left(), ["not-yet", "template"]);
      assert.ok(purges().every(({ targets }) => targets.length <= 100));
      assert.equal(purges().flatMap(({ targets }) => targets).length, 1_050);
    });
  }

  it("looks at a few hundred secrets at a time where there is no index", async () => {
    node.group.view.isIndexComplete = () => false;
    await withOverdue(1_000);
    let looks = 0;
    const { view } = node.group;
    const secret = view.secret.bind(view);
    view.secret = (name) => {
      looks += 1;
      return secret(name);
    };

    await timers.run();

    // Found, and once more by the command.
    assert.ok(looks <= 400, `${looks} looks`);
    assert.deepEqual(timers.waits, [100]);
  });

  it("does nothing on a follower, and looks soon when that becomes the leader", async () => {
    await deleteNamed("db", 7);
    node.clock.advance(7 * dayMs);
    node.group.follow();
    upkeep.poll();
    await timers.run();
    assert.deepEqual([purges().length, timers.waits], [0, [minute]]);

    node.group.lead();
    upkeep.poll();
    upkeep.poll();

    assert.deepEqual(timers.waits, [1_000]);
    await timers.run();
    assert.deepEqual(left(), []);
  });

  it("stops between two commands when the lead is lost", async () => {
    await withOverdue(500);
    node.group.beforeNextApply(() => {
      node.group.follow();
    });

    await timers.run();

    assert.equal(purges().length, 1);
    assert.deepEqual(fatal, []);
  });

  it("waits out what keeps it from going on, and says nothing of it", async () => {
    await deleteNamed("db", 7);
    node.clock.advance(7 * dayMs);
    const codes = [
      "low_space",
      "upgrade_under_way",
      "no_leader",
      "overloaded",
      "timed_out",
    ] as const;
    for (const code of codes) {
      node.group.beforeNextApply(() => {
        throw refuseCall(code, {});
      });
      await timers.run();
      assert.deepEqual([left(), timers.waits, fatal], [["db"], [minute], []], code);
    }

    await timers.run();
    assert.deepEqual(left(), []);
  });

  it("says so when something other than a refusal comes of it, and goes on later", async () => {
    await deleteNamed("db", 7);
    node.clock.advance(7 * dayMs);
    const broken = new Error("broken");
    node.group.beforeNextApply(() => {
      throw broken;
    });

    await timers.run();

    assert.deepEqual([fatal, timers.waits], [[broken], [minute]]);
  });

  it("goes on behind entries of the index whose secrets are gone or were left alone", async () => {
    await deleteNamed("db", 7);
    node.clock.advance(7 * dayMs);
    const { view } = node.group;
    const indexed = view.indexed.bind(view);
    const term = "0".repeat(16);
    const stale = Array.from({ length: 100 }, (_, order) => ({ term, order, name: "gone" }));
    view.indexed = (range) => {
      return range.after === undefined ? Promise.resolve(stale) : indexed(range);
    };

    await timers.run();

    assert.deepEqual(left(), []);
  });

  it("proposes nothing when nothing is due", async () => {
    await deleteNamed("db", 7);

    for (let looks = 0; looks < 5; looks += 1) await timers.run();

    assert.deepEqual(purges(), []);
  });

  it("ends with what is under way, and never looks again", async () => {
    await withOverdue(500);
    const look = timers.run();

    await upkeep.close();
    upkeep.poll();
    await look;

    assert.ok(purges().length <= 1);
    assert.deepEqual(timers.waits, []);
  });
});
