import assert from "node:assert/strict";
import { inspect } from "node:util";
import { beforeEach, describe, it } from "mocha";
import { RefusedError } from "../../src/base/errors.ts";
import { assertRefused, serviceNode, token, withSecret, type ServiceNode } from "./service-node.ts";

let node: ServiceNode;
beforeEach(async () => {
  node = await serviceNode();
});

describe("GetSecretValue", () => {
  it("answers the current version with its labels and date", async () => {
    const { arn } = await withSecret(node);

    const read = await node.call("GetSecretValue", { secretId: "db" });

    assert.deepEqual(read, {
      arn,
      name: "db",
      versionId: token(1),
      secretString: "hunter2",
      versionStages: ["AWSCURRENT"],
      createdDate: node.clock.now(),
    });
  });

  it("finds a version by id, by label, and by both when they agree", async () => {
    await withSecret(node);
    const put = { secretId: "db", clientRequestToken: token(2), secretString: "second" };
    await node.call("PutSecretValue", put);
    const get = async (choice: { versionId?: string; versionStage?: string }) =>
      (await node.call("GetSecretValue", { secretId: "db", ...choice })).secretString;

    assert.equal(await get({ versionId: token(1) }), "hunter2");
    assert.equal(await get({ versionStage: "AWSCURRENT" }), "second");
    assert.equal(await get({ versionId: token(1), versionStage: "AWSPREVIOUS" }), "hunter2");
  });

  it("refuses what is not there, and what does not fit together", async () => {
    await withSecret(node);
    const get = (choice: { versionId?: string; versionStage?: string }) =>
      node.call("GetSecretValue", { secretId: "db", ...choice });

    await assertRefused(get({ versionId: token(9) }), "version_not_found", {
      versionId: token(9),
    });
    await assertRefused(get({ versionStage: "NONE" }), "label_not_found", { label: "NONE" });
    const both = { versionId: token(1), versionStage: "AWSPREVIOUS" };
    await assertRefused(get(both), "label_not_on_version");
  });

  it("refuses a secret that is marked for deletion", async () => {
    await withSecret(node);
    await node.call("DeleteSecret", { secretId: "db" });

    await assertRefused(node.call("GetSecretValue", { secretId: "db" }), "secret_deleted");
  });

  it("refuses a value that does not open, and says nothing of it", async () => {
    await withSecret(node);
    const { view } = node.group;
    const stored = view.sealedValue("db", token(1));
    assert.ok(stored);
    const sealedValue = Uint8Array.from(stored.sealedValue);
    sealedValue[sealedValue.length - 1] = (sealedValue.at(-1) ?? 0) ^ 1;
    const value = { ...stored, sealedValue };
    view.absorb([{ row: "value", name: "db", versionId: token(1), value }]);

    const read = node.call("GetSecretValue", { secretId: "db" });

    await assertRefused(read, "decryption_failed");
    const error: unknown = await read.catch((thrown: unknown) => thrown);
    assert.ok(error instanceof RefusedError);
    assert.ok(!inspect(error, { depth: Infinity }).includes("hunter2"));
  });

  it("refuses a value that was moved here from another secret", async () => {
    await withSecret(node);
    const other = { name: "other", clientRequestToken: token(1), secretString: "swordfish" };
    await node.call("CreateSecret", other);
    const { view } = node.group;
    const value = view.sealedValue("other", token(1));
    view.absorb([{ row: "value", name: "db", versionId: token(1), value }]);

    await assertRefused(node.call("GetSecretValue", { secretId: "db" }), "decryption_failed");
  });

  it("gives each caller bytes of its own", async () => {
    const secretBinary = Uint8Array.of(1, 2, 3);
    const created = { name: "bin", clientRequestToken: token(1), secretBinary };
    await node.call("CreateSecret", created);

    const one = await node.call("GetSecretValue", { secretId: "bin" });
    one.secretBinary?.fill(0);
    const other = await node.call("GetSecretValue", { secretId: "bin" });

    assert.deepEqual(other.secretBinary, Uint8Array.of(1, 2, 3));
  });
});

describe("DescribeSecret", () => {
  it("leaves out what is not there", async () => {
    const { arn } = await withSecret(node);

    const described = await node.call("DescribeSecret", { secretId: "db" });

    const present = Object.entries(described).filter(([, value]) => value !== undefined);
    assert.deepEqual(Object.fromEntries(present), {
      arn,
      name: "db",
      lastChangedDate: node.clock.now(),
      createdDate: node.clock.now(),
      versionIdsToStages: new Map([[token(1), ["AWSCURRENT"]]]),
    });
  });

  it("leaves out the labels of a secret without a value", async () => {
    await node.call("CreateSecret", { name: "empty", clientRequestToken: token(1) });

    const described = await node.call("DescribeSecret", { secretId: "empty" });

    assert.equal(described.versionIdsToStages, undefined);
  });

  it("works on a secret that is marked for deletion", async () => {
    await withSecret(node);
    await node.call("DeleteSecret", { secretId: "db" });

    const described = await node.call("DescribeSecret", { secretId: "db" });

    assert.equal(described.deletedDate, node.clock.now());
  });
});

describe("GetRandomPassword", () => {
  it("draws 32 characters of every class unless told otherwise", async () => {
    const { randomPassword } = await node.call("GetRandomPassword", {});

    assert.equal(randomPassword?.length, 32);
    for (const one of [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/]) {
      assert.match(randomPassword, one);
    }
  });

  it("does as it is told", async () => {
    const { randomPassword } = await node.call("GetRandomPassword", {
      passwordLength: 200,
      excludeCharacters: "abc",
      excludeNumbers: true,
      excludePunctuation: true,
      excludeUppercase: true,
      includeSpace: true,
      requireEachIncludedType: false,
    });

    assert.match(randomPassword ?? "", /^[d-z ]{200}$/);
  });

  it("asks neither the leader nor the state", async () => {
    node.group.follow();
    const before = node.group.barriers;

    await node.call("GetRandomPassword", {});

    assert.equal(node.group.barriers, before);
  });

  it("refuses what cannot be drawn", async () => {
    const all = { excludeNumbers: true, excludePunctuation: true, excludeUppercase: true };

    await assertRefused(
      node.call("GetRandomPassword", { passwordLength: 3 }),
      "password_too_short",
    );
    await assertRefused(
      node.call("GetRandomPassword", { excludeCharacters: "0123456789" }),
      "password_class_excluded",
    );
    await assertRefused(
      node.call("GetRandomPassword", { ...all, excludeLowercase: true }),
      "password_alphabet_empty",
    );
    await assertRefused(
      node.call("GetRandomPassword", { passwordLength: 4_097 }),
      "validation_failed",
    );
  });
});
