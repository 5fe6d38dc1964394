import assert from "node:assert/strict";
import { beforeEach, describe, it } from "mocha";
import { Dispatcher } from "../../src/services/dispatcher.ts";
import { secretHandlers } from "../../src/services/secret-service.ts";
import {
  assertRefused,
  callerOf,
  serviceNode,
  stranger,
  token,
  withDeletedSecret,
  withSecret,
  type ServiceNode,
} from "./service-node.ts";

let node: ServiceNode;
let arn: string;
beforeEach(async () => {
  node = await serviceNode();
  ({ arn } = await withSecret(node));
  await withDeletedSecret(node);
});

const operations = {
  ReplicateSecretToRegions: (secretId: string, principal?: typeof stranger) =>
    node.call(
      "ReplicateSecretToRegions",
      { secretId, addReplicaRegions: [{ region: "eu-west-1" }] },
      principal,
    ),
  RemoveRegionsFromReplication: (secretId: string, principal?: typeof stranger) =>
    node.call(
      "RemoveRegionsFromReplication",
      { secretId, removeReplicaRegions: ["eu-west-1"] },
      principal,
    ),
  StopReplicationToReplica: (secretId: string, principal?: typeof stranger) =>
    node.call("StopReplicationToReplica", { secretId }, principal),
};

describe("every operation on replicas", () => {
  for (const [name, ask] of Object.entries(operations)) {
    it(`${name} asks who it is, and then what there is`, async () => {
      await assertRefused(ask("no such name"), "invalid_name");
      await assertRefused(ask("absent", stranger), "access_denied");
      await assertRefused(ask("absent"), "secret_not_found");
      await assertRefused(ask("gone"), "secret_deleted");
    });
  }
});

describe("ReplicateSecretToRegions", () => {
  it("refuses its own region, one that is not known, and none", async () => {
    for (const region of ["us-east-1", "eu-west-1", undefined]) {
      const call = node.call("ReplicateSecretToRegions", {
        secretId: "db",
        addReplicaRegions: [{ region }],
        forceOverwriteReplicaSecret: true,
      });
      await assertRefused(call, "invalid_replica_region");
    }
  });

  it("meets the model first: one region at least, and each a name of a region", async () => {
    for (const addReplicaRegions of [[], [{ region: "nowhere" }], undefined]) {
      const call = node.call("ReplicateSecretToRegions", { secretId: "db", addReplicaRegions });
      await assertRefused(call, "validation_failed");
    }
  });
});

describe("RemoveRegionsFromReplication", () => {
  it("finds every region removed, and answers what is left: nothing", async () => {
    const proposed = node.group.proposed.length;

    assert.deepEqual(await operations.RemoveRegionsFromReplication("db"), {
      arn,
      replicationStatus: [],
    });
    assert.equal(node.group.proposed.length, proposed);
  });
});

describe("StopReplicationToReplica", () => {
  it("refuses a secret that is no replica", async () => {
    await assertRefused(operations.StopReplicationToReplica("db"), "not_a_replica");
  });
});

describe("CreateSecret with replicas", () => {
  const request = {
    name: "new",
    clientRequestToken: token(3),
    addReplicaRegions: [{ region: "eu-west-1" }],
  };

  it("refuses the regions and makes nothing", async () => {
    await assertRefused(node.call("CreateSecret", request), "invalid_replica_region");
    await assertRefused(node.call("DescribeSecret", { secretId: "new" }), "secret_not_found");
  });

  it("asks for leave to replicate", async () => {
    const asked: string[] = [];
    const watched = {
      ...node.parts,
      authorize: (_: unknown, action: string) => {
        asked.push(action);
        return undefined;
      },
    };

    await assertRefused(
      new Dispatcher(watched, secretHandlers).call("CreateSecret", callerOf(node.clock), request),
      "invalid_replica_region",
    );

    assert.deepEqual(asked, [
      "secretsmanager:CreateSecret",
      "secretsmanager:ReplicateSecretToRegions",
    ]);
  });
});
