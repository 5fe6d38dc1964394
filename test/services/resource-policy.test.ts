import assert from "node:assert/strict";
import { beforeEach, describe, it } from "mocha";
import { Dispatcher } from "../../src/services/dispatcher.ts";
import type { DraftOf } from "../../src/services/operations/operations.ts";
import { secretHandlers } from "../../src/services/secret-service.ts";
import { policyText, statement } from "../access/example-policy.ts";
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

const narrow = policyText(statement());
const broad = policyText(statement({ Principal: "*" }));

let node: ServiceNode;
let arn: string;
beforeEach(async () => {
  node = await serviceNode();
  ({ arn } = await withSecret(node));
  await withDeletedSecret(node);
});

const put = (resourcePolicy: string, more: Partial<DraftOf<"PutResourcePolicy">> = {}) =>
  node.call("PutResourcePolicy", { secretId: "db", resourcePolicy, ...more });
const policyOf = async (secretId = "db") =>
  (await node.call("GetResourcePolicy", { secretId })).resourcePolicy;

describe("PutResourcePolicy", () => {
  it("keeps the text as it was given, and puts another in its place", async () => {
    const spaced = ` ${narrow.replaceAll(",", " ,\n\t")}`;

    assert.deepEqual(await put(spaced), { arn, name: "db" });
    assert.equal(await policyOf(), spaced);
    await put(narrow);
    assert.equal(await policyOf(arn), narrow);
  });

  it("moves the date of the last change", async () => {
    node.clock.advance(1_000);
    await put(narrow);

    const { createdDate = 0, lastChangedDate = 0 } = await node.call("DescribeSecret", {
      secretId: "db",
    });
    assert.equal(lastChangedDate - createdDate, 1_000);
  });

  it("refuses what is no policy, with every problem and its place", async () => {
    const wrong = policyText(statement({ Effect: "yes", Action: "read" }));

    await assertRefused(put("{"), "policy_malformed", {
      problems: [
        "This resource policy contains a syntax error. " +
          "At line 1, column 2: a key in double quotes is expected.",
      ],
    });
    await assertRefused(put(wrong), "policy_malformed", {
      problems: [
        "This resource policy contains a syntax error. " +
          'At Statement[0].Effect: it is neither "Allow" nor "Deny".',
        "This resource policy contains a syntax error. " +
          'At Statement[0].Action: "read" is not an action such as secretsmanager:GetSecretValue.',
      ],
    });
    assert.equal(await policyOf(), undefined);
  });

  it("refuses broad access when it is told to, and only then", async () => {
    await assertRefused(put(broad, { blockPublicPolicy: true }), "policy_too_broad");
    assert.equal(await policyOf(), undefined);

    await put(narrow, { blockPublicPolicy: true });
    assert.equal(await policyOf(), narrow);
    await put(broad, { blockPublicPolicy: false });
    assert.equal(await policyOf(), broad);
  });

  it("does not keep its author from locking out anybody: only validation warns", async () => {
    const locking = policyText(statement({ Effect: "Deny", Principal: "*", Action: "*" }));

    await put(locking);

    assert.equal(await policyOf(), locking);
  });

  it("takes as many characters as the model does", async () => {
    const short = policyText(statement({ Sid: "" }));
    const ofLength = (length: number) =>
      policyText(statement({ Sid: "é".repeat(length - short.length) }));

    await put(ofLength(20_480));
    assert.equal((await policyOf())?.length, 20_480);
    await assertRefused(put(ofLength(20_481)), "validation_failed");
    await assertRefused(put(""), "validation_failed");
  });
});

describe("GetResourcePolicy", () => {
  it("answers without the member where there is no policy", async () => {
    const answer = await node.call("GetResourcePolicy", { secretId: "db" });

    assert.deepEqual(answer, { arn, name: "db", resourcePolicy: undefined });
  });

  it("finds no policy of an earlier secret of the name", async () => {
    await put(narrow);
    await node.call("DeleteSecret", { secretId: "db", forceDeleteWithoutRecovery: true });
    await node.call("CreateSecret", { name: "db", clientRequestToken: token(3) });

    assert.equal(await policyOf(), undefined);
  });

  it("finds the policy again after a deletion that was taken back", async () => {
    await put(narrow);
    await node.call("DeleteSecret", { secretId: "db" });
    await assertRefused(policyOf(), "secret_deleted");
    await node.call("RestoreSecret", { secretId: "db" });

    assert.equal(await policyOf(), narrow);
  });
});

describe("DeleteResourcePolicy", () => {
  it("takes the policy away, and succeeds again when there is none", async () => {
    await put(narrow);

    const first = await node.call("DeleteResourcePolicy", { secretId: "db" });
    const again = await node.call("DeleteResourcePolicy", { secretId: "db" });

    assert.deepEqual(
      [first, again],
      [
        { arn, name: "db" },
        { arn, name: "db" },
      ],
    );
    assert.equal(await policyOf(), undefined);
  });
});

describe("ValidateResourcePolicy", () => {
  const validate = (resourcePolicy: string, secretId?: string) =>
    node.call("ValidateResourcePolicy", { secretId, resourcePolicy });
  const checksOf = async (resourcePolicy: string, secretId?: string) => {
    const { policyValidationPassed, validationErrors = [] } = await validate(
      resourcePolicy,
      secretId,
    );
    return [policyValidationPassed, ...validationErrors.map(({ checkName }) => checkName)];
  };

  it("passes a sound policy, with a secret and without one", async () => {
    assert.deepEqual(await validate(narrow), {
      policyValidationPassed: true,
      validationErrors: [],
    });
    assert.deepEqual(await checksOf(narrow, "db"), [true]);
  });

  it("answers what is wrong, and throws nothing of it", async () => {
    assert.deepEqual(await checksOf("{"), [false, "Syntax"]);
    assert.deepEqual(await checksOf(broad), [false, "BroadAccess"]);
    assert.deepEqual(await checksOf(policyText(statement({ Principal: { AWS: "nobody" } }))), [
      false,
      "UnsupportedPrincipal",
    ]);
    const { validationErrors = [] } = await validate("{");
    assert.match(validationErrors[0]?.errorMessage ?? "", /At line 1, column 2/);
  });

  it("warns the caller who would be locked out of the secret", async () => {
    const denial = (resource: string) =>
      policyText(statement({ Effect: "Deny", Principal: "*", Action: "*", Resource: resource }));

    assert.deepEqual(await checksOf(denial(arn), "db"), [false, "LockOut"]);
    assert.deepEqual(await checksOf(denial("arn:aws:secretsmanager:*:*:secret:x-*"), "db"), [true]);
    assert.deepEqual(await checksOf(denial("arn:aws:secretsmanager:*:*:secret:x-*")), [
      false,
      "LockOut",
    ]);
  });

  it("changes nothing", async () => {
    const proposed = node.group.proposed.length;

    await validate(narrow, "db");

    assert.equal(node.group.proposed.length, proposed);
    assert.equal(await policyOf(), undefined);
  });

  it("asks for leave to validate and to put, with a secret and without one", async () => {
    for (const secretId of ["db", undefined]) {
      const asked: string[] = [];
      const watched = {
        ...node.parts,
        authorize: (_: unknown, action: string) => {
          asked.push(action);
          return undefined;
        },
      };
      const dispatcher = new Dispatcher(watched, secretHandlers);

      await dispatcher.call("ValidateResourcePolicy", callerOf(node.clock), {
        secretId,
        resourcePolicy: narrow,
      });

      assert.deepEqual(asked, [
        "secretsmanager:ValidateResourcePolicy",
        "secretsmanager:PutResourcePolicy",
      ]);
    }
    await assertRefused(
      node.call("ValidateResourcePolicy", { resourcePolicy: narrow }, stranger),
      "access_denied",
    );
  });
});

describe("every operation on policies", () => {
  const operations = {
    PutResourcePolicy: (secretId: string, principal?: typeof stranger) =>
      node.call("PutResourcePolicy", { secretId, resourcePolicy: "{" }, principal),
    GetResourcePolicy: (secretId: string, principal?: typeof stranger) =>
      node.call("GetResourcePolicy", { secretId }, principal),
    DeleteResourcePolicy: (secretId: string, principal?: typeof stranger) =>
      node.call("DeleteResourcePolicy", { secretId }, principal),
    ValidateResourcePolicy: (secretId: string, principal?: typeof stranger) =>
      node.call("ValidateResourcePolicy", { secretId, resourcePolicy: "{" }, principal),
  };
  for (const [name, ask] of Object.entries(operations)) {
    it(`${name} asks who it is, what there is, and only then what is wanted`, async () => {
      await assertRefused(ask("no such name"), "invalid_name");
      await assertRefused(ask("absent", stranger), "access_denied");
      await assertRefused(ask("absent"), "secret_not_found");
      await assertRefused(ask("gone"), "secret_deleted");
    });
  }
});
