import assert from "node:assert/strict";
import { beforeEach, describe, it } from "mocha";
import type { DraftOf, OperationName } from "../../src/services/operations/operations.ts";
import { secretHandlers } from "../../src/services/secret-service.ts";
import {
  assertRefused,
  serviceNode,
  stranger,
  token,
  withSecret,
  type ServiceNode,
} from "./service-node.ts";

let node: ServiceNode;
let arn: string;
beforeEach(async () => {
  node = await serviceNode();
  ({ arn } = await withSecret(node));
});

/** Every operation on one secret, with a request that would succeed. */
const onOneSecret: { readonly [Name in OperationName]?: (secretId: string) => DraftOf<Name> } = {
  DeleteSecret: (secretId) => ({ secretId }),
  DescribeSecret: (secretId) => ({ secretId }),
  GetSecretValue: (secretId) => ({ secretId }),
  ListSecretVersionIds: (secretId) => ({ secretId }),
  PutSecretValue: (secretId) => ({
    secretId,
    clientRequestToken: token(2),
    secretString: "second",
  }),
  RestoreSecret: (secretId) => ({ secretId }),
  TagResource: (secretId) => ({ secretId, tags: [{ key: "a", value: "b" }] }),
  UntagResource: (secretId) => ({ secretId, tagKeys: ["a"] }),
  UpdateSecret: (secretId) => ({ secretId, clientRequestToken: token(3), description: "x" }),
  UpdateSecretVersionStage: (secretId) => ({
    secretId,
    versionStage: "A",
    moveToVersionId: token(1),
  }),
};

describe("a SecretId", () => {
  for (const [name, draft] of Object.entries(onOneSecret)) {
    // Each draft is paired with its own operation; the compiler cannot pair them across a union.
    const operation = name as "DescribeSecret";
    const request = draft as (secretId: string) => DraftOf<"DescribeSecret">;

    it(`of ${name} may be the name, the ARN, or the ARN without its six characters`, async () => {
      for (const secretId of ["db", arn, arn.slice(0, -7)]) {
        node = await serviceNode();
        await withSecret(node);
        await node.call(operation, request(secretId));
      }
    });

    it(`of ${name} is not found when nothing has it`, async () => {
      const wrongSuffix = `${arn.slice(0, -6)}zzzzzz`;
      const otherRegion = arn.replace("us-east-1", "eu-west-1");
      const otherAccount = arn.replace("000000000000", "111111111111");

      for (const secretId of ["absent", wrongSuffix, otherRegion, otherAccount, "arn:x"]) {
        await assertRefused(node.call(operation, request(secretId)), "secret_not_found");
      }
    });

    it(`of ${name} is refused when its characters are not those of a name`, async () => {
      const before = node.group.barriers;

      for (const secretId of ["a b", "é", "a*"]) {
        await assertRefused(node.call(operation, request(secretId)), "invalid_name");
      }
      assert.equal(node.group.barriers, before);
    });

    it(`of ${name} is refused alike to a stranger, whether it exists or not`, async () => {
      const proposed = node.group.proposed.length;

      for (const secretId of ["db", "absent"]) {
        await assertRefused(node.call(operation, request(secretId), stranger), "access_denied", {
          principal: stranger.arn,
          action: `secretsmanager:${name}`,
          resource: secretId,
        });
      }
      assert.equal(node.group.proposed.length, proposed);
    });
  }

  it("decides by the ARN of what it names, though it was named otherwise", async () => {
    const asked: unknown[] = [];
    const keyring = node.keys.keyring();
    assert.ok(keyring);
    const parts = {
      ...node.parts,
      authorize: (...[, , resource]: Parameters<ServiceNode["parts"]["authorize"]>) => {
        asked.push(resource);
        return undefined;
      },
    };
    const caller = { principal: stranger, requestId: "r", deadlineMs: 1 };

    await secretHandlers.DescribeSecret({ parts, caller, keyring }, { secretId: "db" });

    assert.deepEqual(asked, [{ named: "db", arn }]);
  });

  it("that is a partial ARN is not found when the name itself ends like a suffix", async () => {
    const name = "db-abcdef";
    const created = await node.call("CreateSecret", { name, clientRequestToken: token(4) });

    const partial = (created.arn ?? "").slice(0, -7);

    await assertRefused(node.call("DescribeSecret", { secretId: partial }), "secret_not_found");
    assert.equal((await node.call("DescribeSecret", { secretId: name })).name, name);
  });
});

describe("operations on no secret", () => {
  it("are refused to a stranger", async () => {
    const create = { name: "other", clientRequestToken: token(5) };

    await assertRefused(node.call("ListSecrets", {}, stranger), "access_denied");
    await assertRefused(node.call("GetRandomPassword", {}, stranger), "access_denied");
    await assertRefused(node.call("CreateSecret", create, stranger), "access_denied");
    await assertRefused(
      node.call("CreateSecret", { ...create, name: "db" }, stranger),
      "access_denied",
    );
  });
});
