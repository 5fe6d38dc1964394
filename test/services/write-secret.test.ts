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
  withSecret,
  type ServiceNode,
} from "./service-node.ts";

let node: ServiceNode;
beforeEach(async () => {
  node = await serviceNode();
});

describe("CreateSecret", () => {
  it("makes a secret whose value comes back", async () => {
    const created = await node.call("CreateSecret", {
      name: "app/db",
      clientRequestToken: token(1),
      secretString: "hunter2",
      description: "the database",
      tags: [{ key: "team", value: "core" }, { key: "empty" }],
      type: "partner",
    });

    assert.match(created.arn ?? "", /:secret:app\/db-[A-Za-z0-9]{6}$/);
    assert.equal(created.name, "app/db");
    assert.equal(created.versionId, token(1));
    assert.ok(!("replicationStatus" in created));
    const read = await node.call("GetSecretValue", { secretId: "app/db" });
    assert.equal(read.secretString, "hunter2");
    const described = await node.call("DescribeSecret", { secretId: "app/db" });
    assert.equal(described.description, "the database");
    assert.equal(described.type, "partner");
    assert.deepEqual(described.tags, [
      { key: "team", value: "core" },
      { key: "empty", value: "" },
    ]);
  });

  it("makes a secret without a version when no value is given", async () => {
    const created = await node.call("CreateSecret", { name: "db", clientRequestToken: token(1) });

    assert.equal(created.versionId, undefined);
    await assertRefused(node.call("GetSecretValue", { secretId: "db" }), "label_not_found", {
      label: "AWSCURRENT",
    });
  });

  it("answers a retry as it answered the first time, though it planned another ARN", async () => {
    const request = { name: "db", clientRequestToken: token(1), secretString: "hunter2" };
    const first = await node.call("CreateSecret", request);

    const again = await node.call("CreateSecret", request);

    assert.deepEqual(again, first);
    const arns = node.group.proposed.map((command) => ("arn" in command ? command.arn : undefined));
    assert.equal(new Set(arns).size, arns.length);
  });

  it("refuses a known token with another value, or with the other kind of value", async () => {
    const { arn } = await withSecret(node);
    const known = { name: "db", clientRequestToken: token(1) };

    for (const value of [
      { secretString: "swordfish" },
      { secretBinary: Buffer.from("hunter2") },
      {},
    ]) {
      await assertRefused(node.call("CreateSecret", { ...known, ...value }), "token_in_use", {
        token: token(1),
        arn,
      });
    }
  });

  it("answers a retry of one without a value as the first time, until it is deleted", async () => {
    const request = { name: "db", clientRequestToken: token(1) };
    const first = await node.call("CreateSecret", request);

    const again = await node.call("CreateSecret", request);

    assert.deepEqual(again, first);
    await node.call("DeleteSecret", { secretId: "db" });
    await assertRefused(node.call("CreateSecret", request), "secret_name_scheduled");
  });

  it("refuses a name that is taken", async () => {
    await withSecret(node);

    const again = node.call("CreateSecret", { name: "db", clientRequestToken: token(2) });

    await assertRefused(again, "secret_exists", { name: "db" });
  });

  it("refuses the name of a secret that waits for its deletion", async () => {
    await withSecret(node);
    await node.call("DeleteSecret", { secretId: "db" });

    const again = node.call("CreateSecret", { name: "db", clientRequestToken: token(2) });

    await assertRefused(again, "secret_name_scheduled");
  });

  it("refuses more secrets than the region may hold", async () => {
    node = await serviceNode({ limits: { secretsPerRegion: 1 } });
    await withSecret(node);

    const another = node.call("CreateSecret", { name: "other", clientRequestToken: token(2) });

    await assertRefused(another, "too_many_secrets", { limit: 1 });
  });

  it("refuses a replica region, since no other region is known", async () => {
    const call = node.call("CreateSecret", {
      name: "db",
      clientRequestToken: token(1),
      addReplicaRegions: [{ region: "eu-west-1" }],
    });

    await assertRefused(call, "invalid_replica_region");
  });

  it("refuses a tag without a key, a key given twice, and a reserved key", async () => {
    const create = (tags: readonly { key?: string; value?: string }[]) =>
      node.call("CreateSecret", { name: "db", clientRequestToken: token(1), tags });

    await assertRefused(create([{ value: "x" }]), "validation_failed", {
      violations: [
        "Value null at 'tags.1.member.key' failed to satisfy constraint: Member must not be null",
      ],
    });
    await assertRefused(create([{ key: "a" }, { key: "a" }]), "duplicate_tag_key", { key: "a" });
    await assertRefused(create([{ key: "aws:a" }]), "reserved_tag_key", { key: "aws:a" });
  });

  it("takes every name of the default key, and shows none of them", async () => {
    const keyId = node.keys.keyring()?.defaultKeyId ?? "";
    const prefix = "arn:aws:kms:us-east-1:000000000000:";
    const names = [
      "",
      "alias/aws/secretsmanager",
      keyId,
      `${prefix}key/${keyId}`,
      `${prefix}alias/aws/secretsmanager`,
    ];

    for (const [at, kmsKeyId] of names.entries()) {
      const name = `db-${at}`;
      await node.call("CreateSecret", { name, clientRequestToken: token(at), kmsKeyId });
      const described = await node.call("DescribeSecret", { secretId: name });
      assert.equal(described.kmsKeyId, undefined);
    }
  });

  it("refuses every other key, that of another account too", async () => {
    const keyId = node.keys.keyring()?.defaultKeyId ?? "";
    const others = ["other", "alias/mine", `arn:aws:kms:us-east-1:111111111111:key/${keyId}`];

    for (const kmsKeyId of others) {
      const call = node.call("CreateSecret", {
        name: "db",
        clientRequestToken: token(1),
        kmsKeyId,
      });
      await assertRefused(call, "kms_key_not_found", { keyId: kmsKeyId });
    }
  });

  it("refuses a key of another region in the words of AWS", async () => {
    const keyId = node.keys.keyring()?.defaultKeyId ?? "";
    for (const resource of [`key/${keyId}`, "alias/aws/secretsmanager"]) {
      const kmsKeyId = `arn:aws:kms:eu-west-1:000000000000:${resource}`;
      const call = node.call("CreateSecret", {
        name: "db",
        clientRequestToken: token(1),
        kmsKeyId,
      });
      await assertRefused(call, "kms_key_elsewhere", { region: "eu-west-1" });
      await assert.rejects(call, {
        message: "The operation failed because of an invalid KMS key: Invalid arn eu-west-1",
      });
    }
  });

  it("asks for leave to tag when it is given tags", async () => {
    const asked: string[] = [];
    const watched = { ...node.parts, authorize: keepActions(asked) };
    const dispatcher = new Dispatcher(watched, secretHandlers);

    await dispatcher.call("CreateSecret", callerOf(node.clock), {
      name: "db",
      clientRequestToken: token(1),
      tags: [{ key: "a", value: "b" }],
    });

    assert.deepEqual(asked, ["secretsmanager:CreateSecret", "secretsmanager:TagResource"]);
  });
});

describe("PutSecretValue", () => {
  it("makes a new current version", async () => {
    const { arn } = await withSecret(node);

    const put = await node.call("PutSecretValue", {
      secretId: "db",
      clientRequestToken: token(2),
      secretBinary: Uint8Array.of(0, 255, 1),
    });

    assert.deepEqual(put, {
      arn,
      name: "db",
      versionId: token(2),
      versionStages: ["AWSCURRENT"],
    });
    const read = await node.call("GetSecretValue", { secretId: "db" });
    assert.deepEqual(read.secretBinary, Uint8Array.of(0, 255, 1));
    assert.ok(!("secretString" in read));
    const previous = await node.call("GetSecretValue", {
      secretId: "db",
      versionStage: "AWSPREVIOUS",
    });
    assert.equal(previous.secretString, "hunter2");
  });

  it("attaches the stages it is given and leaves AWSCURRENT alone", async () => {
    await withSecret(node);

    const put = await node.call("PutSecretValue", {
      secretId: "db",
      clientRequestToken: token(2),
      secretString: "next",
      versionStages: ["AWSPENDING"],
    });

    assert.deepEqual(put.versionStages, ["AWSPENDING"]);
    assert.equal((await node.call("GetSecretValue", { secretId: "db" })).secretString, "hunter2");
  });

  it("answers a retry with the labels its version has by now", async () => {
    await withSecret(node);
    const second = { secretId: "db", clientRequestToken: token(2), secretString: "b" };
    await node.call("PutSecretValue", second);
    await node.call("PutSecretValue", { ...second, clientRequestToken: token(3) });

    const again = await node.call("PutSecretValue", second);
    await node.call("PutSecretValue", { ...second, clientRequestToken: token(4) });
    const unlabelled = await node.call("PutSecretValue", second);

    assert.deepEqual(again.versionStages, ["AWSPREVIOUS"]);
    assert.equal(unlabelled.versionStages, undefined);
  });

  it("refuses a known token with another value", async () => {
    const { arn } = await withSecret(node);

    const clash = node.call("PutSecretValue", {
      secretId: "db",
      clientRequestToken: token(1),
      secretString: "swordfish",
    });

    await assertRefused(clash, "token_in_use", { token: token(1), arn });
  });

  it("refuses two values and none", async () => {
    await withSecret(node);
    const request = { secretId: "db", clientRequestToken: token(2) };

    await assertRefused(node.call("PutSecretValue", request), "value_missing");
    await assertRefused(
      node.call("PutSecretValue", {
        ...request,
        secretString: "a",
        secretBinary: Uint8Array.of(1),
      }),
      "value_ambiguous",
    );
  });

  it("refuses a secret that was deleted and made anew while it planned", async () => {
    await withSecret(node);
    node.group.beforeNextApply(() => {
      const secret = node.group.view.secret("db");
      assert.ok(secret);
      const remade = { ...secret, arn: `${secret.arn.slice(0, -6)}ZZZZZZ` as typeof secret.arn };
      node.group.view.absorb([{ row: "secret", name: "db", record: remade }]);
    });

    const put = node.call("PutSecretValue", {
      secretId: "db",
      clientRequestToken: token(2),
      secretString: "late",
    });

    await assertRefused(put, "secret_not_found");
  });

  it("refuses one label and one version too many", async () => {
    node = await serviceNode({ limits: { secret: { versions: 2, labels: 2, tags: 50 } } });
    await withSecret(node);
    const put = (number: number, versionStages: readonly string[]) =>
      node.call("PutSecretValue", {
        secretId: "db",
        clientRequestToken: token(number),
        secretString: "x",
        versionStages,
      });

    await assertRefused(put(2, ["A", "B"]), "too_many_labels", { limit: 2 });
    await put(2, ["A"]);
    await assertRefused(put(3, ["A"]), "too_many_versions", { limit: 2 });
  });
});

describe("UpdateSecret", () => {
  it("changes the description alone, without a version", async () => {
    const { arn } = await withSecret(node);
    node.clock.advance(1_000);

    const updated = await node.call("UpdateSecret", {
      secretId: arn,
      clientRequestToken: token(2),
      description: "new",
    });

    assert.deepEqual(updated, { arn, name: "db", versionId: undefined });
    const described = await node.call("DescribeSecret", { secretId: "db" });
    assert.equal(described.description, "new");
    assert.equal((described.lastChangedDate ?? 0) - (described.createdDate ?? 0), 1_000);
    assert.deepEqual([...(described.versionIdsToStages?.keys() ?? [])], [token(1)]);
  });

  it("makes a version of a value, and answers a retry alike", async () => {
    await withSecret(node);
    const request = { secretId: "db", clientRequestToken: token(2), secretString: "hunter2" };

    const first = await node.call("UpdateSecret", request);
    const again = await node.call("UpdateSecret", request);

    assert.equal(first.versionId, token(2));
    assert.deepEqual(again, first);
    await assertRefused(
      node.call("UpdateSecret", { ...request, secretString: "swordfish" }),
      "token_in_use",
    );
  });

  it("goes back to the default key on request, and to no other", async () => {
    const { arn } = await withSecret(node);
    const update = (kmsKeyId: string) =>
      node.call("UpdateSecret", { secretId: arn, clientRequestToken: token(2), kmsKeyId });

    await update("alias/aws/secretsmanager");
    const last = node.group.proposed.at(-1);

    assert.ok(last?.kind === "update_secret");
    assert.equal(last.kmsKeyId, "");
    await assertRefused(update("other"), "kms_key_not_found", { keyId: "other" });
  });

  it("refuses two values", async () => {
    await withSecret(node);

    const call = node.call("UpdateSecret", {
      secretId: "db",
      clientRequestToken: token(2),
      secretString: "a",
      secretBinary: Uint8Array.of(1),
    });

    await assertRefused(call, "value_ambiguous");
  });
});

describe("every operation that writes a value", () => {
  const value = { secretString: "x" };
  const writes = {
    CreateSecret: (secretId: string, clientRequestToken?: string) =>
      node.call("CreateSecret", { name: secretId, clientRequestToken, ...value }),
    PutSecretValue: (secretId: string, clientRequestToken?: string) =>
      node.call("PutSecretValue", { secretId, clientRequestToken, ...value }),
    UpdateSecret: (secretId: string, clientRequestToken?: string) =>
      node.call("UpdateSecret", { secretId, clientRequestToken, ...value }),
  };
  for (const [name, write] of Object.entries(writes)) {
    it(`${name} refuses a call without a token before it looks at the name`, async () => {
      await assertRefused(write("bad name"), "client_request_token_missing");
      assert.equal(node.group.barriers, 0);
    });

    it(`${name} refuses a name with other characters before it looks for it`, async () => {
      for (const bad of ["a b", "a*", "a?", "a]", "a\\b", "é", "a\n"]) {
        await assertRefused(write(bad, token(5)), "invalid_name");
      }
      assert.equal(node.group.barriers, 0);
    });
  }

  it("wipes the bytes of a binary value, whether it was written or refused", async () => {
    await withSecret(node);
    const put = (secretId: string, principal?: typeof stranger) => {
      const secretBinary = Uint8Array.of(1, 2, 3);
      const call = node.call(
        "PutSecretValue",
        { secretId, clientRequestToken: token(7), secretBinary },
        principal,
      );
      return { call, secretBinary };
    };

    for (const each of [put("db"), put("absent"), put("db", stranger)]) {
      await each.call.catch(() => undefined);
      assert.deepEqual(each.secretBinary, new Uint8Array(3));
    }
  });
});

function keepActions(asked: string[]): ServiceNode["parts"]["authorize"] {
  return (_principal, action) => {
    asked.push(action);
    return undefined;
  };
}
