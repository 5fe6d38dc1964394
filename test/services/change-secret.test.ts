import assert from "node:assert/strict";
import { beforeEach, describe, it } from "mocha";
import { assertRefused, serviceNode, token, withSecret, type ServiceNode } from "./service-node.ts";

const dayMs = 86_400_000;

let node: ServiceNode;
let arn: string;
beforeEach(async () => {
  node = await serviceNode();
  ({ arn } = await withSecret(node));
});

describe("UpdateSecretVersionStage", () => {
  const move = (change: { removeFromVersionId?: string; moveToVersionId?: string }) =>
    node.call("UpdateSecretVersionStage", {
      secretId: "db",
      versionStage: "AWSCURRENT",
      ...change,
    });

  it("moves a label", async () => {
    await node.call("PutSecretValue", {
      secretId: "db",
      clientRequestToken: token(2),
      secretString: "second",
    });

    const moved = await move({ removeFromVersionId: token(2), moveToVersionId: token(1) });

    assert.deepEqual(moved, { arn, name: "db" });
    assert.equal((await node.call("GetSecretValue", { secretId: "db" })).secretString, "hunter2");
  });

  it("refuses a change that changes nothing", async () => {
    await assertRefused(move({}), "label_change_missing");
  });

  it("refuses what the rules of labels refuse", async () => {
    const versionStages = ["OTHER"];
    await node.call("PutSecretValue", {
      secretId: "db",
      clientRequestToken: token(2),
      secretString: "second",
      versionStages,
    });

    await assertRefused(move({ removeFromVersionId: token(1) }), "current_label_required");
    await assertRefused(move({ moveToVersionId: token(2) }), "label_holder_required", {
      label: "AWSCURRENT",
      versionId: token(1),
    });
    await assertRefused(
      move({ removeFromVersionId: token(2), moveToVersionId: token(2) }),
      "label_not_held",
    );
    await assertRefused(
      move({ removeFromVersionId: token(1), moveToVersionId: token(9) }),
      "version_not_found",
    );
  });
});

describe("TagResource and UntagResource", () => {
  it("add, overwrite and remove tags, and answer nothing", async () => {
    const tag = await node.call("TagResource", {
      secretId: "db",
      tags: [
        { key: "a", value: "1" },
        { key: "b", value: "2" },
      ],
    });
    await node.call("TagResource", { secretId: "db", tags: [{ key: "a", value: "3" }] });
    const untag = await node.call("UntagResource", { secretId: "db", tagKeys: ["b", "absent"] });

    assert.deepEqual([tag, untag], [{}, {}]);
    const described = await node.call("DescribeSecret", { secretId: "db" });
    assert.deepEqual(described.tags, [{ key: "a", value: "3" }]);
  });

  it("leave an empty list once the last tag was removed", async () => {
    await node.call("TagResource", { secretId: "db", tags: [{ key: "a", value: "1" }] });
    await node.call("UntagResource", { secretId: "db", tagKeys: ["a"] });

    assert.deepEqual((await node.call("DescribeSecret", { secretId: "db" })).tags, []);
  });

  it("refuse a key given twice, a reserved one, and too many", async () => {
    const tag = (keys: readonly string[]) =>
      node.call("TagResource", {
        secretId: "db",
        tags: keys.map((key) => ({ key, value: "" })),
      });

    await assertRefused(tag(["a", "b", "a"]), "duplicate_tag_key", { key: "a" });
    await assertRefused(tag(["AWS:x"]), "reserved_tag_key", { key: "AWS:x" });
    const many = Array.from({ length: 51 }, (_, at) => `key-${at}`);
    await assertRefused(tag(many), "too_many_tags", { limit: 50 });
  });

  it("refuse a secret that is marked for deletion", async () => {
    await node.call("DeleteSecret", { secretId: "db" });

    const tags = [{ key: "a", value: "1" }];
    await assertRefused(node.call("TagResource", { secretId: "db", tags }), "secret_deleted");
    await assertRefused(
      node.call("UntagResource", { secretId: "db", tagKeys: ["a"] }),
      "secret_deleted",
    );
  });
});

describe("DeleteSecret", () => {
  it("marks the secret for thirty days from now unless told otherwise", async () => {
    const deleted = await node.call("DeleteSecret", { secretId: "db" });

    assert.deepEqual(deleted, { arn, name: "db", deletionDate: node.clock.now() + 30 * dayMs });
  });

  it("takes a window of seven to thirty days, also beside force that is false", async () => {
    for (const days of [7, 30]) {
      const deleted = await node.call("DeleteSecret", {
        secretId: "db",
        recoveryWindowInDays: days,
        forceDeleteWithoutRecovery: false,
      });
      assert.equal(deleted.deletionDate, node.clock.now() + days * dayMs);
      await node.call("RestoreSecret", { secretId: "db" });
    }
  });

  it("refuses every other window, and a window with force", async () => {
    for (const recoveryWindowInDays of [-1, 0, 6, 31]) {
      const call = node.call("DeleteSecret", { secretId: "db", recoveryWindowInDays });
      await assertRefused(call, "recovery_window_out_of_range");
    }
    await assertRefused(
      node.call("DeleteSecret", {
        secretId: "db",
        recoveryWindowInDays: 7,
        forceDeleteWithoutRecovery: true,
      }),
      "recovery_window_with_force",
    );
  });

  it("refuses a second deletion, unless it is by force", async () => {
    await node.call("DeleteSecret", { secretId: "db" });

    await assertRefused(node.call("DeleteSecret", { secretId: "db" }), "secret_already_deleted");
    await force("db");
    await assertRefused(node.call("DescribeSecret", { secretId: "db" }), "secret_not_found");
  });

  it("frees the name at once by force, for a secret with another ARN", async () => {
    await force("db");

    const again = await withSecret(node);

    assert.notEqual(again.arn, arn);
    await assertRefused(node.call("GetSecretValue", { secretId: arn }), "secret_not_found");
  });

  it("by force succeeds for a secret that is not there, and proposes nothing", async () => {
    const before = node.group.proposed.length;

    const deleted = await force("absent");

    assert.match(deleted.arn ?? "", /:secret:absent-[A-Za-z0-9]{6}$/);
    assert.equal(deleted.name, "absent");
    assert.equal(deleted.deletionDate, node.clock.now());
    assert.equal(node.group.proposed.length, before);
  });

  it("by force repeats the ARN of a secret that is gone", async () => {
    await force(arn);

    assert.equal((await force(arn)).arn, arn);
  });

  it("by force still refuses a bad name and an ARN of another region", async () => {
    const elsewhere = arn.replace("us-east-1", "eu-west-1");

    await assertRefused(force("a b"), "invalid_name");
    await assertRefused(force(elsewhere), "secret_not_found");
  });

  it("by force succeeds when somebody else is faster", async () => {
    node.group.beforeNextApply(() => {
      node.group.view.absorb([{ row: "secret", name: "db", record: undefined }]);
    });

    assert.deepEqual(await force("db"), { arn, name: "db", deletionDate: node.clock.now() });
  });
});

describe("RestoreSecret", () => {
  it("takes a planned deletion back, and may be repeated", async () => {
    await node.call("DeleteSecret", { secretId: "db" });

    const restored = await node.call("RestoreSecret", { secretId: "db" });
    const again = await node.call("RestoreSecret", { secretId: "db" });

    assert.deepEqual([restored, again], Array(2).fill({ arn, name: "db" }));
    assert.equal((await node.call("GetSecretValue", { secretId: "db" })).secretString, "hunter2");
  });
});

function force(secretId: string) {
  return node.call("DeleteSecret", { secretId, forceDeleteWithoutRecovery: true });
}
