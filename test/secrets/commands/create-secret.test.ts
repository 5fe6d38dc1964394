import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { createSecret, type CreateSecret } from "../../../src/secrets/commands/create-secret.ts";
import type { SecretRecord } from "../../../src/secrets/secret.ts";
import {
  arn,
  deletion,
  limits,
  newVersion,
  noon,
  otherArn,
  secretIn,
  stateOf,
  target,
} from "../example-secret.ts";
import { accepted, assertWritesNothing, step, successor } from "../outcome-checks.ts";

const region = { nextOrder: 7, secretCount: 6 };

function create(more: Partial<CreateSecret> = {}): CreateSecret {
  return {
    kind: "create_secret",
    ...target,
    token: "v1",
    description: undefined,
    type: undefined,
    kmsKeyId: undefined,
    tags: undefined,
    version: newVersion("v1"),
    limits,
    keepsToken: true,
    ...more,
  };
}

describe("createSecret", () => {
  it("makes a secret with its first version as the current one", () => {
    const outcome = createSecret(undefined, create(), noon, region);

    const secret = successor(outcome);
    assert.equal(stateOf(secret), "v1[C]");
    assert.equal(secret.order, 7);
    assert.deepEqual([secret.createdAt, secret.changedAt], [noon, noon]);
    assert.deepEqual(accepted(outcome).state.putValues, [
      { versionId: "v1", value: newVersion("v1").value },
    ]);
    assert.deepEqual(accepted(outcome).reply, { ...target, versionId: "v1" });
  });

  it("makes a secret without any version when no value is given", () => {
    const outcome = createSecret(undefined, create({ version: undefined }), noon, region);

    assert.equal(stateOf(successor(outcome)), "");
    assert.equal(successor(outcome).labels.size, 0);
    assert.deepEqual(accepted(outcome).state.putValues, []);
    assert.deepEqual(accepted(outcome).reply, { ...target, versionId: undefined });
  });

  it("keeps what is said of the secret, and nothing of what is said with an empty text", () => {
    const full = { description: "d", type: "t", kmsKeyId: "k", tags: [{ key: "a", value: "1" }] };
    const empty = { description: "", type: "", kmsKeyId: "", tags: [] };

    const made = successor(createSecret(undefined, create(full), noon, region));
    const bare = successor(createSecret(undefined, create(empty), noon, region));

    for (const [member, value] of Object.entries(full)) {
      assert.deepEqual(made[member as keyof SecretRecord], value);
      assert.equal(bare[member as keyof SecretRecord], undefined);
    }
  });

  it("answers a retry with the identity that was stored", () => {
    const before = secretIn("v1[P] v2[C]");

    const outcome = createSecret(before, create({ arn: otherArn }), noon, region);

    assertWritesNothing(outcome, before);
    assert.deepEqual(accepted(outcome).reply, { name: "db", arn, versionId: "v1" });
  });

  it("answers a retry without a value by the token that the record keeps", () => {
    const bare = create({ version: undefined });
    const made = successor(createSecret(undefined, bare, noon, region));
    const grown = secretIn("v1[P] v2[C]", { creationToken: "v1" });

    for (const secret of [made, grown]) {
      const outcome = createSecret(secret, { ...bare, arn: otherArn }, noon, region);

      assertWritesNothing(outcome, secret);
      assert.deepEqual(accepted(outcome).reply, { name: "db", arn, versionId: undefined });
    }
  });

  it("refuses a value, or another token, where a create without a value was before", () => {
    const made = successor(createSecret(undefined, create({ version: undefined }), noon, region));
    const others = [create(), create({ version: undefined, token: "v9" })];

    for (const other of others) {
      assert.equal(step(createSecret(made, other, noon, region)), "secret_exists");
    }
  });

  it("keeps no token beside the version that has it for its name, nor where none was kept", () => {
    const { keepsToken, ...old } = create({ version: undefined });

    for (const command of [create(), old]) {
      const made = successor(createSecret(undefined, command, noon, region));
      assert.equal(made.creationToken, undefined);
    }
    assert.ok(keepsToken);
  });

  it("answers a retry even when the region is full by now", () => {
    const command = create({ regionSecretLimit: 6 });

    assert.equal(step(createSecret(secretIn("v1[C]"), command, noon, region)), "accepted");
  });

  it("refuses another value under a token that is in use, naming the stored ARN", () => {
    const command = create({ arn: otherArn, version: newVersion("v1", "another") });

    const outcome = createSecret(secretIn("v1[C]"), command, noon, region);

    assert.deepEqual(outcome, {
      ok: false,
      refusal: { code: "token_in_use", facts: { token: "v1", arn } },
    });
  });

  it("refuses no value under the token of a version", () => {
    const outcome = createSecret(secretIn("v1[C]"), create({ version: undefined }), noon, region);

    assert.equal(step(outcome), "token_in_use");
  });

  it("refuses a name that is taken", () => {
    const command = create({ token: "v9", version: newVersion("v9") });

    const outcome = createSecret(secretIn("v1[C]"), command, noon, region);

    assert.deepEqual(outcome, {
      ok: false,
      refusal: { code: "secret_exists", facts: { name: "db" } },
    });
  });

  it("refuses a name that is scheduled for deletion, to a retry too", () => {
    const outcome = createSecret(secretIn("v1[C]", { deletion }), create(), noon, region);

    assert.equal(step(outcome), "secret_name_scheduled");
  });

  it("meets its checks in order", () => {
    const reserved = { key: "aws:x", value: "" };
    const many = [
      { key: "a", value: "" },
      { key: "b", value: "" },
    ];
    const full = create({ regionSecretLimit: 6, limits: { versions: 0, labels: 0, tags: 1 } });
    const roomy = { ...full, regionSecretLimit: 7 };
    const rungs = [
      ["too_many_secrets", { ...full, tags: [reserved] }],
      ["reserved_tag_key", { ...roomy, tags: [reserved, ...many] }],
      ["too_many_tags", { ...roomy, tags: many }],
      ["too_many_labels", roomy],
      ["too_many_versions", { ...roomy, limits: { versions: 0, labels: 1, tags: 1 } }],
      ["accepted", { ...roomy, limits: { versions: 1, labels: 1, tags: 1 } }],
    ] as const;

    for (const [expected, command] of rungs) {
      assert.equal(step(createSecret(undefined, command, noon, region)), expected);
    }
  });
});
