import assert from "node:assert/strict";
import { beforeEach, describe, it } from "mocha";
import { textOf, utf8 } from "../../src/base/bytes.ts";
import { RefusedError } from "../../src/base/errors.ts";
import type { HandedRequest } from "../../src/consensus/raft-group.ts";
import { applyCommand } from "../../src/machine/apply.ts";
import { Dispatcher } from "../../src/services/dispatcher.ts";
import { decodeRequest, encodeRequest } from "../../src/services/operations/codec.ts";
import {
  secretOperationNames,
  type DraftOf,
  type OperationName,
} from "../../src/services/operations/operations.ts";
import { encodePrincipal } from "../../src/services/principal-codec.ts";
import { secretHandlers } from "../../src/services/secret-service.ts";
import {
  administrator,
  assertRefused,
  callerOf,
  serviceNode,
  stranger,
  token,
  unsealKeyOf,
  withSecret,
  type ServiceNode,
} from "./service-node.ts";

const create = { name: "db", clientRequestToken: token(1), secretString: "hunter2" };

describe("Dispatcher.call", () => {
  let node: ServiceNode;
  beforeEach(async () => {
    node = await serviceNode();
  });

  it("checks a request against the model before anything else", async () => {
    await assertRefused(node.call("GetSecretValue", {}), "validation_failed", {
      violations: [
        "Value null at 'secretId' failed to satisfy constraint: Member must not be null",
      ],
    });
    assert.equal(node.group.barriers, 0);
  });

  it("answers every operation of Secrets Manager, and refuses what it was given no handler for", async () => {
    assert.deepEqual(Object.keys(secretHandlers).sort(), [...secretOperationNames].sort());
    const { GetSecretValue } = secretHandlers;
    const lacking = new Dispatcher(node.parts, { GetSecretValue });

    await assertRefused(
      lacking.call("GetRandomPassword", callerOf(node.clock), {}),
      "operation_unimplemented",
      { operation: "GetRandomPassword" },
    );
  });

  it("reads only behind a read barrier", async () => {
    await withSecret(node);
    for (const operation of ["GetSecretValue", "DescribeSecret", "ListSecretVersionIds"] as const) {
      const before = node.group.barriers;
      await node.call(operation, { secretId: "db" });
      assert.equal(node.group.barriers, before + 1);
    }
    const before = node.group.barriers;
    await node.call("ListSecrets", {});
    assert.equal(node.group.barriers, before + 1);
  });

  it("tells which log index each answer reflects, and of none that asked no state", async () => {
    const reflectedBy = async <Name extends OperationName>(
      operation: Name,
      draft: DraftOf<Name>,
    ): Promise<readonly number[]> => {
      const told: number[] = [];
      const onReflected = (index: number): void => {
        told.push(index);
      };
      await node.dispatcher.call(operation, { ...callerOf(node.clock), onReflected }, draft);
      return told;
    };
    const keysAt = node.group.proposed.length;

    const created = await reflectedBy("CreateSecret", create);
    const tagged = await reflectedBy("TagResource", { secretId: "db", tags: [{ key: "a" }] });
    const read = await reflectedBy("GetSecretValue", { secretId: "db" });
    const listed = await reflectedBy("ListSecrets", {});
    const gone = await reflectedBy("DeleteSecret", {
      secretId: "none",
      forceDeleteWithoutRecovery: true,
    });
    const drawn = await reflectedBy("GetRandomPassword", {});

    const two = keysAt + 2;
    assert.deepEqual([created, tagged, read, listed], [[keysAt + 1], [two], [two], [two]]);
    assert.deepEqual(gone, read);
    assert.deepEqual(drawn, []);
  });

  it("tells of no index when what was to be deleted is deleted by somebody else", async () => {
    await node.call("CreateSecret", create);
    const force = { secretId: "db", forceDeleteWithoutRecovery: true };
    const secret = node.group.view.secret("db") ?? assert.fail("it was created");
    node.group.beforeNextApply(() => {
      const { name, arn } = secret;
      node.group.view.absorb(
        applyCommand(node.group.view, {
          at: node.clock.now(),
          command: { kind: "delete_secret", name, arn, recoveryWindowDays: 0 },
        }).changes,
      );
    });
    const onReflected = (): void => assert.fail("no entry of the log did this");

    await node.dispatcher.call("DeleteSecret", { ...callerOf(node.clock), onReflected }, force);
  });

  it("tells of no index when it refuses", async () => {
    const onReflected = (): void => assert.fail("a refusal reflects nothing");
    const caller = { ...callerOf(node.clock), onReflected };

    const call = node.dispatcher.call("PutSecretValue", caller, {
      secretId: "none",
      clientRequestToken: token(1),
      secretString: "hunter2",
    });

    await assertRefused(call, "secret_not_found");
  });

  it("refuses to read while nobody leads", async () => {
    node.group.follow();

    await assertRefused(node.call("DescribeSecret", { secretId: "db" }), "no_leader");
    await assertRefused(node.call("CreateSecret", create), "no_leader");
  });
});

describe("Dispatcher on a follower", () => {
  let leader: ServiceNode;
  let follower: ServiceNode;
  beforeEach(async () => {
    leader = await serviceNode();
    follower = await serviceNode({ peer: leader, seed: "follower" });
    follower.group.follow((request) => leader.dispatcher.serveHandedOver(request));
  });

  it("hands a write to the leader, which plans it and answers", async () => {
    const created = await follower.call("CreateSecret", create);

    assert.match(created.arn ?? "", /:secret:db-/);
    assert.equal(created.versionId, token(1));
    assert.deepEqual(follower.group.proposed, []);
    assert.equal(leader.group.proposed.at(-1)?.kind, "create_secret");
  });

  it("tells the index at which the leader applied the write", async () => {
    const told: number[] = [];
    const caller = {
      ...callerOf(follower.clock),
      onReflected: (index: number) => {
        told.push(index);
      },
    };

    await follower.dispatcher.call("CreateSecret", caller, create);

    assert.deepEqual(told, [leader.group.proposed.length]);
  });

  it("hands over the request, the principal, the request id and the deadline", async () => {
    await follower.call("CreateSecret", create);

    const [handed] = follower.group.handed;
    assert.ok(handed);
    assert.equal(handed.operation, "CreateSecret");
    assert.deepEqual({ ...decodeRequest("CreateSecret", handed.body) }, create);
    assert.deepEqual(JSON.parse(textOf(handed.principal) ?? ""), administrator);
    assert.equal(handed.requestId, "request-1");
    assert.equal(handed.deadlineMs, 5_000);
  });

  it("answers reads itself", async () => {
    await withSecret(leader);

    const read = await follower.call("GetSecretValue", { secretId: "db" });

    assert.equal(read.secretString, "hunter2");
    assert.deepEqual(follower.group.handed, []);
  });

  it("passes on what the leader refuses, facts and all", async () => {
    await withSecret(leader);

    const call = follower.call("CreateSecret", { ...create, clientRequestToken: token(2) });

    await assertRefused(call, "secret_exists", { name: "db" });
  });

  it("lets the leader decide who may, by the principal that came along", async () => {
    const call = follower.call("CreateSecret", create, stranger);

    await assertRefused(call, "access_denied", {
      principal: stranger.arn,
      action: "secretsmanager:CreateSecret",
      resource: "db",
    });
  });

  it("carries bytes and dates across", async () => {
    const secretBinary = Uint8Array.of(0, 128, 255);
    await follower.call("CreateSecret", { ...create, secretString: undefined, secretBinary });
    const deleted = await follower.call("DeleteSecret", { secretId: "db" });
    await follower.call("RestoreSecret", { secretId: "db" });

    const read = await follower.call("GetSecretValue", { secretId: "db" });

    assert.deepEqual(secretBinary, new Uint8Array(3));
    assert.deepEqual(read.secretBinary, Uint8Array.of(0, 128, 255));
    assert.equal(deleted.deletionDate, leader.clock.now() + 30 * 86_400_000);
  });

  it("hands over nothing that it can see to be wrong", async () => {
    await assertRefused(follower.call("CreateSecret", {}), "validation_failed");
    assert.deepEqual(follower.group.handed, []);
  });

  it("takes as many values as the leader does", async () => {
    await withSecret(leader);
    const untag = (count: number) =>
      ({ secretId: "db", tagKeys: Array<string>(count).fill("k") }) as const;

    for (const node of [leader, follower]) {
      await node.call("UntagResource", untag(4995));
      await assertRefused(node.call("UntagResource", untag(4996)), "malformed_request");
    }
  });

  it("wipes the bytes it handed over, on both sides", async () => {
    const bodies: Uint8Array[] = [];
    const { group } = follower;
    group.handOver = async (request) => {
      bodies.push(request.body);
      const copy = Uint8Array.from(request.body);
      bodies.push(copy);
      return leader.dispatcher.serveHandedOver({ ...request, body: copy });
    };

    await follower.call("CreateSecret", create);

    assert.equal(bodies.length, 2);
    for (const body of bodies) assert.ok(body.every((byte) => byte === 0));
  });

  it("says that the outcome is not known when the answer was lost", async () => {
    follower.group.follow(async () => {
      throw new RefusedError({ code: "outcome_unknown", facts: { reason: "leader_unreachable" } });
    });

    await assertRefused(follower.call("CreateSecret", create), "outcome_unknown");
  });
});

describe("Dispatcher.serveHandedOver", () => {
  let node: ServiceNode;
  beforeEach(async () => {
    node = await serviceNode();
  });

  it("answers no_leader on a node that does not lead, and never hands on", async () => {
    node.group.follow(() => assert.fail("handed over twice"));

    const answer = await node.dispatcher.serveHandedOver(handed({}));

    assert.deepEqual(answer, { ok: false, refusal: { code: "no_leader", facts: {} } });
    assert.deepEqual(node.group.handed, []);
    assert.equal(node.group.barriers, 0);
  });

  const refused: Record<string, readonly [Partial<HandedRequest>, string]> = {
    "an operation it does not know": [{ operation: "Nothing" }, "unknown_operation"],
    "an operation of every object": [{ operation: "constructor" }, "unknown_operation"],
    "a read, which nobody hands over": [{ operation: "GetSecretValue" }, "unknown_operation"],
    "a request that is not JSON": [{ body: utf8("{") }, "malformed_request"],
    "a request that the model refuses": [{ body: utf8("{}") }, "validation_failed"],
    "no principal": [{ principal: utf8("") }, "malformed_request"],
    "a principal that is no object": [{ principal: utf8("null") }, "malformed_request"],
    "a principal without a kind": [
      { principal: utf8('{"arn":"a","account":"b"}') },
      "malformed_request",
    ],
    "a principal of an unknown kind": [{ principal: encodePrincipal(stranger) }, "access_denied"],
  };
  for (const [name, [change, code]] of Object.entries(refused)) {
    it(`refuses ${name}`, async () => {
      const answer = await node.dispatcher.serveHandedOver(handed(change));

      assert.ok(!answer.ok);
      assert.equal(answer.refusal.code, code);
    });
  }

  it("throws what is no refusal", async () => {
    node.group.propose = () => Promise.reject(new Error("the disk is gone"));

    await assert.rejects(node.dispatcher.serveHandedOver(handed({})), /the disk is gone/);
  });

  function handed(change: Partial<HandedRequest>): HandedRequest {
    return {
      operation: "CreateSecret",
      body: encodeRequest("CreateSecret", create),
      principal: encodePrincipal(administrator),
      requestId: "request-2",
      deadlineMs: 5_000,
      ...change,
    };
  }
});

describe("Dispatcher on a locked node", () => {
  const locks: Record<string, readonly [key: number | undefined, reason: RegExp]> = {
    "without an unseal key": [undefined, /it was given no unseal key/],
    "with a wrong unseal key": [8, /its unseal key is not the one/],
  };
  for (const [name, [key, reason]] of Object.entries(locks)) {
    it(`${name} refuses everything and says why`, async () => {
      const open = await serviceNode();
      await withSecret(open);
      const unsealKey = key === undefined ? undefined : unsealKeyOf(key);
      const locked = await serviceNode({ peer: open, unsealKey });

      for (const call of [
        locked.call("GetSecretValue", { secretId: "db" }),
        locked.call("ListSecrets", {}),
        locked.call("GetRandomPassword", {}),
        locked.call("CreateSecret", create),
      ]) {
        await assertRefused(call, "node_locked");
        await assert.rejects(call, reason);
      }
      assert.equal(locked.group.barriers, 0);
      assert.deepEqual(locked.group.proposed, []);
    });
  }

  it("neither hands over nor serves what is handed over", async () => {
    const open = await serviceNode();
    const locked = await serviceNode({ peer: open, unsealKey: undefined });
    const request = {
      operation: "CreateSecret",
      body: encodeRequest("CreateSecret", create),
      principal: encodePrincipal(administrator),
      requestId: "request-3",
      deadlineMs: 5_000,
    };

    const answer = await locked.dispatcher.serveHandedOver(request);
    locked.group.follow((handed) => open.dispatcher.serveHandedOver(handed));

    assert.ok(!answer.ok);
    assert.equal(answer.refusal.code, "node_locked");
    await assertRefused(locked.call("CreateSecret", create), "node_locked");
    assert.deepEqual(locked.group.handed, []);
  });
});
