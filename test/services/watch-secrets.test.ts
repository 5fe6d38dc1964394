import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { RefusedError, type RefusalCode } from "../../src/base/errors.ts";
import type { WatchRequest } from "../../src/generated/public-contract.ts";
import { token } from "./service-node.ts";
import { heartbeatMs, turns, WatchedNode } from "./watched-node.ts";

describe("WatchService", () => {
  it("begins with a heartbeat that says where, how fresh, and when the next one comes", async () => {
    const node = await WatchedNode.start();
    await node.create("db", 1);

    const watching = node.watch();

    assert.deepEqual(await watching.beat(), {
      position: `us-east-1:cluster-1:${node.node.group.proposed.length}`,
      staleMs: 0,
      intervalMs: heartbeatMs,
    });
    await watching.end();
  });

  it("tells of every kind of change, in order, with versions and labels and no value", async () => {
    const node = await WatchedNode.start();
    const watching = node.watch();
    await watching.beat();

    await changeInEveryWay(node);
    const { events } = await watching.untilBeat();

    assert.deepEqual(
      events.map(({ kind, name }) => `${kind} ${name}`),
      [
        "created db",
        "value_changed db",
        "value_changed db",
        "described db",
        "described db",
        "described db",
        "deletion_planned db",
        "restored db",
        "removed db",
      ],
    );
    assert.deepEqual(events[1]?.versionIdsToStages, {
      [token(1)]: ["AWSPREVIOUS"],
      [token(2)]: ["AWSCURRENT"],
    });
    assert.deepEqual(events[2]?.versionIdsToStages, {
      [token(1)]: ["AWSCURRENT"],
      [token(2)]: ["AWSPREVIOUS"],
    });
    const told = JSON.stringify(events);
    assert.equal(/first|second|hunter/.test(told), false);
    for (const event of events) {
      assert.match(event.arn ?? "", /^arn:aws:secretsmanager:us-east-1:000000000000:secret:db-/);
      assert.equal(event.time, node.node.clock.now() - heartbeatMs);
    }
    await watching.end();
  });

  it("goes on after any event at its position: nothing is missing, nothing comes twice", async () => {
    const node = await WatchedNode.start();
    const first = node.watch();
    const start = (await first.beat()).position;
    await changeInEveryWay(node);
    await removeTogether(node, ["a", "b", "c"]);
    const { events } = await first.untilBeat();
    await first.end();
    assert.equal(events.filter(({ kind }) => kind === "removed").length, 4);

    const positions = [start, ...events.map(({ position }) => position)];
    for (const [at, position] of positions.entries()) {
      assert.ok(position !== undefined);
      const watching = node.watch({ position });
      await watching.beat();
      const rest = await watching.untilBeat();
      assert.deepEqual(rest.events, events.slice(at), position);
      await watching.end();
    }
    assert.equal(new Set(positions).size, positions.length);
  });

  it("tells what happens while it still tells what has happened, however much that is", async () => {
    const node = await WatchedNode.start();
    const early = node.watch();
    const { position } = await early.beat();
    const first = early.next();
    for (let number = 1; number <= 150; number += 1) await node.create(`old/${number}`, number);
    await first;

    const late = node.watch({ position });
    await late.beat();
    const told = [...(await late.events(100))];
    // More than the feed keeps for those who have almost come up to it.
    for (let number = 151; number <= 800; number += 1) await node.create(`new/${number}`, number);
    await turns();
    told.push(...(await late.events(700)));

    assert.deepEqual(
      told.map(({ name }) => Number(name?.split("/")[1])),
      Array.from({ length: 800 }, (_, at) => at + 1),
    );
    assert.deepEqual((await late.untilBeat()).events, []);
    await late.end();
    await early.end();
  });

  it("tells a newcomer nothing of what happened before it came", async () => {
    const node = await WatchedNode.start();
    const early = node.watch();
    await early.beat();
    const first = early.next();
    await node.create("old", 1);
    await first;

    const late = node.watch();
    await late.beat();
    assert.deepEqual((await late.untilBeat()).events, []);
    await node.create("new", 2);

    const [event] = await late.events(1);
    assert.equal(event?.name, "new");
    await late.end();
    await early.end();
  });

  const filters: [why: string, request: WatchRequest, names: readonly string[]][] = [
    ["all", {}, ["prod/db", "prod/web", "test/db"]],
    ["a prefix", { namePrefixes: ["prod/"] }, ["prod/db", "prod/web"]],
    ["another case", { namePrefixes: ["Prod/"] }, []],
    ["one of two prefixes", { namePrefixes: ["x", "test/"] }, ["test/db"]],
    ["a tag key", { tags: [{ key: "team" }] }, ["prod/db", "test/db"]],
    ["a tag value", { tags: [{ key: "team", value: "a" }] }, ["prod/db"]],
    ["an empty tag value", { tags: [{ key: "team", value: "" }] }, []],
    ["one of two tags", { tags: [{ key: "x" }, { key: "team", value: "b" }] }, ["test/db"]],
    ["both", { namePrefixes: ["prod/"], tags: [{ key: "team", value: "b" }] }, []],
  ];
  for (const [why, request, names] of filters) {
    it(`tells only of what was asked for: ${why}`, async () => {
      const node = await WatchedNode.start();
      const early = node.watch(request);
      const { position } = await early.beat();
      await node.create("prod/db", 1, [{ key: "team", value: "a" }]);
      await node.create("prod/web", 2);
      await node.create("test/db", 3, [{ key: "team", value: "b" }]);

      const late = node.watch({ ...request, position });
      await late.beat();

      for (const watching of [early, late]) {
        const { events, heartbeat } = await watching.untilBeat();
        assert.deepEqual(
          events.map(({ name }) => name),
          names,
        );
        // Also past what it was not told of.
        assert.equal(heartbeat.position, `us-east-1:cluster-1:${node.node.group.proposed.length}`);
        await watching.end();
      }
    });
  }

  const bad: [why: string, request: WatchRequest, code: RefusalCode, sentence: RegExp][] = [
    ["an empty prefix", { namePrefixes: [""] }, "validation_failed", /namePrefixes\.1\.member/],
    ["a long prefix", { namePrefixes: ["x".repeat(513)] }, "validation_failed", /equal to 512/],
    ["101 prefixes", { namePrefixes: Array<string>(101).fill("a") }, "validation_failed", /100/],
    ["a tag without key", { tags: [{ key: "" }] }, "validation_failed", /tags\.1\.member\.key/],
    [
      "a long tag value",
      { tags: [{ key: "a", value: "x".repeat(257) }] },
      "validation_failed",
      /256/,
    ],
    ["51 tags", { tags: Array<{ key: string }>(51).fill({ key: "a" }) }, "validation_failed", /50/],
    ["a position of 257 characters", { position: "x".repeat(257) }, "validation_failed", /256/],
    ["no position", { position: "" }, "validation_failed", /at 'position'/],
    ["half a position", { position: "us-east-1:cluster-1" }, "validation_failed", /at 'position'/],
    ["another region", { position: "eu-west-1:cluster-1:1" }, "position_elsewhere", /eu-west-1/],
    ["another cluster", { position: "us-east-1:c2:1" }, "position_elsewhere", /us-east-1/],
    ["the future", { position: "us-east-1:cluster-1:9" }, "position_in_future", /ahead/],
  ];
  for (const [why, request, code, sentence] of bad) {
    it(`refuses ${why} with ${code}`, async () => {
      const node = await WatchedNode.start();

      const begun = node.watch(request).stream.next();

      await assert.rejects(begun, (error) => {
        assert.ok(error instanceof RefusedError);
        assert.equal(error.refusal.code, code);
        assert.match(error.message, sentence);
        return true;
      });
      assert.deepEqual(node.broken, []);
    });
  }
});

async function changeInEveryWay({ node }: WatchedNode): Promise<void> {
  const secretId = "db";
  await node.call("CreateSecret", {
    name: secretId,
    clientRequestToken: token(1),
    secretString: "first",
  });
  await node.call("PutSecretValue", {
    secretId,
    clientRequestToken: token(2),
    secretString: "second",
  });
  await node.call("UpdateSecretVersionStage", {
    secretId,
    versionStage: "AWSCURRENT",
    moveToVersionId: token(1),
    removeFromVersionId: token(2),
  });
  await node.call("UpdateSecret", {
    secretId,
    clientRequestToken: token(3),
    description: "hunter",
  });
  await node.call("TagResource", { secretId, tags: [{ key: "k", value: "v" }] });
  await node.call("UntagResource", { secretId, tagKeys: ["k"] });
  await node.call("DeleteSecret", { secretId });
  await node.call("RestoreSecret", { secretId });
  await node.call("DeleteSecret", { secretId, forceDeleteWithoutRecovery: true });
}

/** Several secrets that one entry of the log removes. */
async function removeTogether(watched: WatchedNode, names: readonly string[]): Promise<void> {
  const { node } = watched;
  for (const [at, name] of names.entries()) {
    await watched.create(name, at + 1);
    await node.call("DeleteSecret", { secretId: name });
  }
  const day = 24 * 3_600_000;
  node.clock.advance(31 * day);
  const targets = names.map((name) => {
    const secret = node.group.view.secret(name);
    assert.ok(secret !== undefined);
    return { name, arn: secret.arn };
  });
  await node.group.propose({ kind: "purge_secrets", targets });
}
