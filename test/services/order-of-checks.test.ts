// What is wrong with the secret is told before what is wrong with the request by itself: AWS looks
// for the secret, and whether it is deleted, before it compares parameters or asks for a key.
import { beforeEach, describe, it } from "mocha";
import type { RefusalCode } from "../../src/base/errors.ts";
import type { DraftOf } from "../../src/services/operations/operations.ts";
import {
  assertRefused,
  serviceNode,
  stranger,
  token,
  withDeletedSecret,
  withSecret,
  type ServiceNode,
} from "./service-node.ts";

let node: ServiceNode;
beforeEach(async () => {
  node = await serviceNode();
  await withSecret(node);
  await withDeletedSecret(node);
});

/** What is wrong by itself, in requests that name an absent, a deleted and a living secret. */
interface WrongRequest {
  readonly name: string;
  readonly ask: (secretId: string) => Promise<unknown>;
  readonly deleted: RefusalCode;
  readonly living: RefusalCode;
}

const bothValues = { secretString: "a", secretBinary: Uint8Array.of(1) };
const twice = [
  { key: "a", value: "1" },
  { key: "a", value: "2" },
];

const put = (more: Partial<DraftOf<"PutSecretValue">>) => (secretId: string) =>
  node.call("PutSecretValue", { secretId, clientRequestToken: token(7), ...more });
const update = (more: Partial<DraftOf<"UpdateSecret">>) => (secretId: string) =>
  node.call("UpdateSecret", { secretId, clientRequestToken: token(7), ...more });
const remove = (more: Partial<DraftOf<"DeleteSecret">>) => (secretId: string) =>
  node.call("DeleteSecret", { secretId, ...more });

const wrongRequests: readonly WrongRequest[] = [
  {
    name: "PutSecretValue with both values",
    ask: put(bothValues),
    deleted: "secret_deleted",
    living: "value_ambiguous",
  },
  {
    name: "PutSecretValue without a value",
    ask: put({}),
    deleted: "secret_deleted",
    living: "value_missing",
  },
  {
    name: "UpdateSecret with both values",
    ask: update(bothValues),
    deleted: "secret_deleted",
    living: "value_ambiguous",
  },
  {
    name: "UpdateSecret with a key that is not there",
    ask: update({ kmsKeyId: "other" }),
    deleted: "secret_deleted",
    living: "kms_key_not_found",
  },
  {
    name: "UpdateSecretVersionStage that moves nothing",
    ask: (secretId) =>
      node.call("UpdateSecretVersionStage", { secretId, versionStage: "AWSCURRENT" }),
    deleted: "secret_deleted",
    living: "label_change_missing",
  },
  {
    name: "TagResource with a key twice",
    ask: (secretId) => node.call("TagResource", { secretId, tags: twice }),
    deleted: "secret_deleted",
    living: "duplicate_tag_key",
  },
  {
    name: "DeleteSecret with a window of five days",
    ask: remove({ recoveryWindowInDays: 5 }),
    deleted: "secret_already_deleted",
    living: "recovery_window_out_of_range",
  },
];

describe("the order of checks", () => {
  for (const { name, ask, deleted, living } of wrongRequests) {
    it(`of ${name}: absent, deleted, and only then the request`, async () => {
      await assertRefused(ask("absent"), "secret_not_found");
      await assertRefused(ask("gone"), deleted);
      await assertRefused(ask("db"), living);
    });
  }

  const wrongCreations: readonly [
    what: string,
    more: Partial<DraftOf<"CreateSecret">>,
    RefusalCode,
  ][] = [
    ["a key that is not there", { kmsKeyId: "other" }, "kms_key_not_found"],
    ["both values", bothValues, "value_ambiguous"],
    ["a tag key twice", { tags: twice }, "duplicate_tag_key"],
    ["another region", { addReplicaRegions: [{ region: "eu-west-1" }] }, "invalid_replica_region"],
  ];
  for (const [what, more, code] of wrongCreations) {
    it(`of CreateSecret with ${what}: taken, scheduled, and only then the request`, async () => {
      const create = (name: string) =>
        node.call("CreateSecret", { name, clientRequestToken: token(7), ...more });

      await assertRefused(create("db"), "secret_exists", { name: "db" });
      await assertRefused(create("gone"), "secret_name_scheduled");
      await assertRefused(create("new"), code);
    });
  }

  it("tells who may not ask nothing of what exists, nor of the request", async () => {
    for (const name of ["db", "gone", "new"]) {
      const creation = { name, clientRequestToken: token(7), kmsKeyId: "other" };
      await assertRefused(node.call("CreateSecret", creation, stranger), "access_denied");
    }
  });

  it("meets the model, the token and the characters of the name first", async () => {
    await assertRefused(
      update({ ...bothValues, clientRequestToken: "x" })("db"),
      "validation_failed",
    );
    await assertRefused(
      update({ ...bothValues, clientRequestToken: undefined })("absent"),
      "client_request_token_missing",
    );
    await assertRefused(put(bothValues)("a b"), "invalid_name");
    const unnamed = node.call("TagResource", { secretId: "absent", tags: [{ value: "x" }] });
    await assertRefused(unnamed, "validation_failed");
  });
});
