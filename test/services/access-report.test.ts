import assert from "node:assert/strict";
import { beforeEach, describe, it } from "mocha";
import { refuseCall } from "../../src/base/errors.ts";
import { nodeId } from "../../src/base/ids.ts";
import type { Principal } from "../../src/access/principal.ts";
import { dayMs } from "../../src/secrets/limits.ts";
import { AccessReport } from "../../src/services/access-report.ts";
import { nodeCaller } from "../../src/services/node-caller.ts";
import { secretOperationNamed } from "../../src/services/operations/operations.ts";
import { SetTimers } from "../support/set-timers.ts";
import {
  administrator,
  assertRefused,
  serviceNode,
  token,
  withSecret,
  type ServiceNode,
} from "./service-node.ts";

/** A node that reports, and how its reports are made to go wrong. */
class Reporting {
  readonly timers = new SetTimers();
  readonly fatal: unknown[] = [];
  readonly report: AccessReport;
  /** Thrown instead of telling the leader. */
  fails: Error | undefined = undefined;
  told = 0;

  constructor(node: ServiceNode) {
    this.report = new AccessReport({
      notes: node.parts.accessNotes,
      tell: (reads, options) => {
        this.told += 1;
        if (this.fails !== undefined) throw this.fails;
        const caller = nodeCaller(node.parts, nodeId("n1"), options);
        return node.dispatcher.call("NoteAccesses", caller, reads);
      },
      group: node.group,
      clock: node.clock,
      below: () => 0,
      later: this.timers.later,
      onFatal: (error) => {
        this.fatal.push(error);
      },
    });
  }
}

let node: ServiceNode;
let reporting: Reporting;
beforeEach(async () => {
  node = await serviceNode();
  await withSecret(node);
  reporting = new Reporting(node);
});

const midnightOf = (ms: number): number => Math.floor(ms / dayMs) * dayMs;

describe("LastAccessedDate", () => {
  it("is absent until a value is read, and then midnight of the day, at once where it was read", async () => {
    assert.equal((await described(node)).lastAccessedDate, undefined);
    node.clock.advance(dayMs / 3);

    await node.call("GetSecretValue", { secretId: "db" });

    const midnight = midnightOf(node.clock.now());
    assert.equal((await described(node)).lastAccessedDate, midnight);
    const { versions } = await node.call("ListSecretVersionIds", { secretId: "db" });
    assert.deepEqual(
      versions?.map(({ lastAccessedDate }) => lastAccessedDate),
      [midnight],
    );
    const { secretList } = await node.call("ListSecrets", {});
    assert.deepEqual(
      secretList?.map(({ lastAccessedDate }) => lastAccessedDate),
      [midnight],
    );
    assert.equal(node.group.view.secret("db")?.accessedDay, undefined, "nothing was written yet");
  });

  it("is not set by anything but a read of a value that succeeds", async () => {
    await node.call("DescribeSecret", { secretId: "db" });
    await node.call("ListSecrets", {});
    await node.call("ListSecretVersionIds", { secretId: "db" });
    await assertRefused(
      node.call("GetSecretValue", { secretId: "db", versionStage: "none" }),
      "label_not_found",
    );

    assert.equal(node.parts.accessNotes.size, 0);
  });

  it("tells which version was read", async () => {
    await node.call("PutSecretValue", {
      secretId: "db",
      clientRequestToken: token(2),
      secretString: "new",
    });
    await node.call("GetSecretValue", { secretId: "db", versionStage: "AWSPREVIOUS" });
    await reporting.timers.run();

    const versions = node.group.view.secret("db")?.versions;
    assert.equal(versions?.get(token(2))?.accessedDay, undefined);
    assert.equal(versions?.get(token(1))?.accessedDay, node.clock.now() / dayMs);
  });
});

describe("AccessReport", () => {
  it("makes one command of many reads, and none of a thousand more in the same day", async () => {
    for (let number = 10; number < 20; number += 1) {
      const secret = { name: `s${number}`, clientRequestToken: token(number), secretString: "x" };
      await node.call("CreateSecret", secret);
      await node.call("GetSecretValue", { secretId: secret.name });
    }
    const before = node.group.proposed.length;

    await reporting.timers.run();
    for (let times = 0; times < 1_000; times += 1) {
      await node.call("GetSecretValue", { secretId: "s10" });
    }
    await reporting.timers.run();

    const proposed = node.group.proposed.slice(before);
    assert.deepEqual(
      proposed.map((command) => command.kind === "note_accesses" && command.reads.length),
      [10],
    );
  });

  it("leaves the change date and every value alone", async () => {
    const before = await described(node);
    node.clock.advance(dayMs);
    await node.call("GetSecretValue", { secretId: "db" });

    await reporting.timers.run();

    const after = await described(node);
    const lastAccessedDate = midnightOf(node.clock.now());
    assert.equal(after.lastAccessedDate, lastAccessedDate);
    assert.deepEqual(after, { ...before, lastAccessedDate });
  });

  it("tells the leader of what was read on a follower, which every node then shows", async () => {
    const follower = await serviceNode({ peer: node, seed: "follower" });
    follower.group.follow((request) => node.dispatcher.serveHandedOver(request));
    const atFollower = new Reporting(follower);
    node.clock.advance(dayMs);
    await follower.call("GetSecretValue", { secretId: "db" });
    assert.equal((await described(node)).lastAccessedDate, undefined);

    await atFollower.timers.run();

    const midnight = midnightOf(node.clock.now());
    assert.equal((await described(node)).lastAccessedDate, midnight);
    assert.equal((await described(follower)).lastAccessedDate, midnight);
    assert.equal(follower.parts.accessNotes.size, 0);
    assert.deepEqual(atFollower.fatal, []);
  });

  it("keeps what it could not tell, shows it still, and tells it later", async () => {
    await node.call("GetSecretValue", { secretId: "db" });
    for (const code of ["no_leader", "upgrade_under_way", "low_space", "timed_out"] as const) {
      reporting.fails = refuseCall(code, {});
      await reporting.timers.run();
      assert.equal(node.parts.accessNotes.size, 1, code);
    }
    assert.ok((await described(node)).lastAccessedDate);

    reporting.fails = undefined;
    await reporting.timers.run();

    assert.equal(node.parts.accessNotes.size, 0);
    assert.ok(node.group.view.secret("db")?.accessedDay);
    assert.deepEqual(reporting.fatal, []);
  });

  it("keeps what this node does not see in the state yet", async () => {
    await node.call("GetSecretValue", { secretId: "db" });
    const readBarrier = node.group.readBarrier.bind(node.group);
    node.group.readBarrier = () => Promise.reject(refuseCall("timed_out", {}));

    await reporting.timers.run();
    assert.deepEqual([reporting.told, node.parts.accessNotes.size], [1, 1]);

    node.group.readBarrier = readBarrier;
    await reporting.timers.run();
    assert.equal(node.parts.accessNotes.size, 0);
  });

  it("says so when something other than a refusal comes of it", async () => {
    await node.call("GetSecretValue", { secretId: "db" });
    const broken = new Error("broken");
    reporting.fails = broken;

    await reporting.timers.run();

    assert.deepEqual(reporting.fatal, [broken]);
  });

  it("waits seconds between reports, and says nothing when there is nothing to tell", async () => {
    for (let times = 0; times < 3; times += 1) {
      assert.deepEqual(reporting.timers.waits, [3_000]);
      await reporting.timers.run();
    }

    assert.equal(reporting.told, 0);
  });

  it("tells the rest when it closes, and then no more", async () => {
    await node.call("GetSecretValue", { secretId: "db" });

    await reporting.report.close();

    assert.ok(node.group.view.secret("db")?.accessedDay);
    assert.deepEqual(reporting.timers.waits, []);
  });

  it("closes without a leader too", async () => {
    await node.call("GetSecretValue", { secretId: "db" });
    node.group.follow();

    await reporting.report.close();

    assert.deepEqual(reporting.fatal, []);
  });

  it("takes five hundred versions at a time until all is told", async () => {
    const { accessNotes } = node.parts;
    const secret = node.group.view.secret("db");
    assert.ok(secret);
    const before = node.group.proposed.length;
    const longest = "n".repeat(508);
    for (let number = 1_000; number < 2_200; number += 1) {
      const name = `${longest}${number}`;
      const arn = secret.arn.replace("db-", `${name}-`) as typeof secret.arn;
      accessNotes.note({ ...secret, name, arn }, token(number));
    }
    const follower = await serviceNode({ peer: node, seed: "follower" });
    follower.group.follow((request) => node.dispatcher.serveHandedOver(request));
    Object.assign(follower.parts, { accessNotes });

    await new Reporting(follower).timers.run();

    const proposed = node.group.proposed.slice(before);
    assert.deepEqual(
      proposed.map((command) => command.kind === "note_accesses" && command.reads.length),
      [500, 500, 200],
    );
  });
});

describe("NoteAccesses", () => {
  const day = 20_000;
  const reads = [
    {
      name: "db",
      arn: "arn:aws:secretsmanager:us-east-1:000000000000:secret:db-AAAAAA",
      versionIds: [token(1)],
    },
  ];

  it("is no operation of the AWS endpoint", () => {
    assert.equal(secretOperationNamed("NoteAccesses"), undefined);
  });

  it("is for nodes: an administrator may not call it, and a node may call nothing else", async () => {
    const { principal } = nodeCaller(node.parts, nodeId("n1"), { deadlineMs: 0 });
    const call = (who: Principal) => node.call("NoteAccesses", { day, reads }, who);

    await assertRefused(call(administrator), "access_denied");
    await call(principal);
    await assertRefused(
      node.call("GetSecretValue", { secretId: "db" }, principal),
      "access_denied",
    );
    await assertRefused(node.call("ListMembers", {}, principal), "access_denied");
  });

  it("believes no clock that is ahead of the leader's: a day in the state never goes back", async () => {
    const { principal } = nodeCaller(node.parts, nodeId("n1"), { deadlineMs: 0 });
    const { arn } = node.group.view.secret("db") ?? {};
    const read = [{ name: "db", arn, versionIds: [token(1)] }];

    await node.call("NoteAccesses", { day: 90_000, reads: read }, principal);

    assert.equal(node.group.view.secret("db")?.accessedDay, node.clock.now() / dayMs);
  });

  it("refuses a day before there were any, no reads, and too many", async () => {
    const { principal } = nodeCaller(node.parts, nodeId("n1"), { deadlineMs: 0 });
    const tooMany = Array.from({ length: 501 }, () => reads[0] ?? {});
    for (const draft of [
      { day: -1, reads },
      { day, reads: [] },
      { day, reads: tooMany },
      { day, reads: [{ name: "db", versionIds: [token(1)] }] },
    ]) {
      await assertRefused(node.call("NoteAccesses", draft, principal), "validation_failed");
    }
  });
});

function described(at: ServiceNode) {
  return at.call("DescribeSecret", { secretId: "db" });
}
