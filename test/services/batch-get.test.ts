import assert from "node:assert/strict";
import { beforeEach, describe, it } from "mocha";
import { describeRefusal, type RefusalCode } from "../../src/base/errors.ts";
import { refuse } from "../../src/base/outcome.ts";
import { wireStatus } from "../../src/server/wire-status.ts";
import type { SecretRecord } from "../../src/secrets/secret.ts";
import type { Authorize } from "../../src/services/authorization.ts";
import { errorCodes } from "../../src/services/batch-get.ts";
import { Dispatcher } from "../../src/services/dispatcher.ts";
import { encodeResponse } from "../../src/services/operations/codec.ts";
import type { DraftOf, ResponseOf } from "../../src/services/operations/operations.ts";
import { secretHandlers } from "../../src/services/secret-service.ts";
import {
  assertRefused,
  callerOf,
  serviceNode,
  stranger,
  token,
  type ServiceNode,
} from "./service-node.ts";

let node: ServiceNode;
beforeEach(async () => {
  node = await serviceNode();
});

/** A secret whose value says its name. */
async function make(name: string, value: object = { secretString: `value of ${name}` }) {
  const { arn } = await node.call("CreateSecret", {
    name,
    clientRequestToken: token(1),
    ...value,
  });
  assert.ok(arn);
  return arn;
}

type Batch = ResponseOf<"BatchGetSecretValue">;
const namesIn = ({ secretValues = [] }: Batch) => secretValues.map(({ name }) => name);
const get = (draft: DraftOf<"BatchGetSecretValue">) => node.call("BatchGetSecretValue", draft);
const byName = (...values: readonly string[]) => ({ filters: [{ key: "name", values }] as const });

/** The pages of one request, until there is no token. */
async function pages(draft: DraftOf<"BatchGetSecretValue">): Promise<readonly Batch[]> {
  const all = [await get(draft)];
  for (let next = all[0]?.nextToken; next !== undefined; next = all.at(-1)?.nextToken) {
    all.push(await get({ ...draft, nextToken: next }));
  }
  return all;
}

describe("BatchGetSecretValue by ids", () => {
  it("answers as GetSecretValue does, in the order of the request", async () => {
    await make("a");
    const arn = await make("b", { secretBinary: Uint8Array.of(0, 255) });
    await make("c");

    const batch = await get({ secretIdList: ["c", arn, "a"] });

    const singly = await Promise.all(
      ["c", "b", "a"].map((secretId) => node.call("GetSecretValue", { secretId })),
    );
    assert.deepEqual(batch, { secretValues: singly, errors: [], nextToken: undefined });
  });

  it("answers the current version only", async () => {
    await make("a");
    await node.call("PutSecretValue", {
      secretId: "a",
      clientRequestToken: token(2),
      secretString: "pending",
      versionStages: ["AWSPENDING"],
    });

    const { secretValues } = await get({ secretIdList: ["a"] });

    assert.equal(secretValues?.[0]?.secretString, "value of a");
    assert.deepEqual(secretValues[0].versionStages, ["AWSCURRENT"]);
  });

  it("tells what is wrong with one beside the values of the others", async () => {
    await make("a");
    await make("empty", {});
    await make("gone");
    await node.call("DeleteSecret", { secretId: "gone" });

    const { secretValues, errors } = await get({
      secretIdList: ["absent", "gone", "empty", "not a name", "a"],
    });

    assert.deepEqual(
      secretValues?.map(({ name }) => name),
      ["a"],
    );
    assert.deepEqual(errors, [
      {
        secretId: "absent",
        errorCode: "ResourceNotFoundException",
        message: "Secrets Manager can't find the specified secret.",
      },
      {
        secretId: "gone",
        errorCode: "InvalidRequestException",
        message:
          "You can't perform this operation on the secret because it was marked for deletion.",
      },
      {
        secretId: "empty",
        errorCode: "ResourceNotFoundException",
        message:
          "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
      },
      {
        secretId: "not a name",
        errorCode: "ValidationException",
        message: describeRefusal({ code: "invalid_name", facts: {} }),
      },
    ]);
  });

  it("tells of a value that does not open", async () => {
    await make("a");
    await make("b");
    const stored = node.group.view.sealedValue("a", token(1));
    assert.ok(stored);
    const value = { ...stored, sealedValue: stored.sealedValue.map((byte) => byte ^ 1) };
    node.group.view.absorb([{ row: "value", name: "a", versionId: token(1), value }]);

    const { secretValues, errors } = await get({ secretIdList: ["a", "b"] });

    assert.deepEqual(
      secretValues?.map(({ name }) => name),
      ["b"],
    );
    assert.deepEqual(
      errors?.map(({ errorCode }) => errorCode),
      ["DecryptionFailure"],
    );
  });

  it("waits for one read barrier, however many secrets there are", async () => {
    for (const name of ["a", "b", "c"]) await make(name);
    const before = node.group.barriers;

    await get({ secretIdList: ["a", "b", "c"] });

    assert.equal(node.group.barriers, before + 1);
  });

  it("takes twenty ids, and neither none nor more", async () => {
    const ids = Array.from({ length: 21 }, (_, at) => `s${at}`);

    assert.equal((await get({ secretIdList: ids.slice(1) })).errors?.length, 20);
    await assertRefused(get({ secretIdList: ids }), "validation_failed");
    await assertRefused(get({ secretIdList: [] }), "validation_failed");
  });

  it("gives as many values as an answer may hold, and a token for the rest", async () => {
    // As JSON each character takes six bytes: eight such values are 3 MiB.
    const secretString = "\u0001".repeat(65_536);
    const names = Array.from({ length: 12 }, (_, at) => `big${String(at).padStart(2, "0")}`);
    for (const name of names) await make(name, { secretString });

    for (const draft of [{ secretIdList: names }, byName("big")]) {
      const answered = await pages(draft);

      assert.deepEqual(answered.map(namesIn), [names.slice(0, 7), names.slice(7)]);
      for (const page of answered) {
        assert.ok(encodeResponse("BatchGetSecretValue", page).length < 3 * 1024 * 1024);
      }
    }
  });
});

describe("BatchGetSecretValue by filters", () => {
  it("answers what ListSecrets finds, oldest first, in pages", async () => {
    for (const name of ["app/c", "app/a", "other", "app/b"]) await make(name);

    const answered = await pages({ ...byName("app/"), maxResults: 2 });

    assert.deepEqual(answered.map(namesIn), [["app/c", "app/a"], ["app/b"]]);
    assert.deepEqual(await pages(byName("app/")).then((all) => all.map(namesIn)), [
      ["app/c", "app/a", "app/b"],
    ]);
  });

  it("finds nothing that is deleted, and tells which has no value by its ARN", async () => {
    await make("app/gone");
    await node.call("DeleteSecret", { secretId: "app/gone" });
    const arn = await make("app/empty", {});

    const { secretValues, errors } = await get({ ...byName("app/"), maxResults: 1 });

    assert.deepEqual(secretValues, []);
    assert.deepEqual(
      errors?.map(({ secretId, errorCode }) => [secretId, errorCode]),
      [[arn, "ResourceNotFoundException"]],
    );
  });

  it("answers twenty at a time unless it is told a smaller number", async () => {
    for (let number = 0; number < 21; number += 1) await make(`app/${number}`);

    const answered = await pages(byName("app/"));

    assert.deepEqual(
      answered.map((page) => namesIn(page).length),
      [20, 1],
    );
  });

  it("refuses a filter that is not complete", async () => {
    await assertRefused(get({ filters: [{ values: ["a"] }] }), "invalid_filter");
    await assertRefused(get({ filters: [{ key: "name" }] }), "invalid_filter");
  });

  const happenings: Readonly<Record<string, (secret: SecretRecord) => SecretRecord | undefined>> = {
    removed: () => undefined,
    "marked for deletion": (secret) => ({
      ...secret,
      deletion: { requestedAt: secret.createdAt, scheduledFor: secret.createdAt },
    }),
    "made anew": (secret) => ({
      ...secret,
      arn: `${secret.arn.slice(0, -6)}ZZZZZZ` as SecretRecord["arn"],
    }),
  };
  for (const [what, change] of Object.entries(happenings)) {
    it(`leaves out what is ${what} while the answer is made`, async () => {
      await make("app/a");
      await make("app/b");
      const dispatcher = watching((_, _action, resource) => {
        if (resource?.named.includes(":app/a-") !== true) return undefined;
        const secret = node.group.view.secret("app/b");
        assert.ok(secret);
        const record = change(secret);
        node.group.view.absorb([{ row: "secret", name: "app/b", record }]);
        return undefined;
      });

      const batch = await dispatcher.call(
        "BatchGetSecretValue",
        callerOf(node.clock),
        byName("app/a", "app/b"),
      );

      assert.deepEqual([namesIn(batch), batch.errors], [["app/a"], []]);
    });
  }
});

describe("BatchGetSecretValue", () => {
  const selections: readonly (readonly [
    what: string,
    draft: DraftOf<"BatchGetSecretValue">,
    RefusalCode,
  ])[] = [
    ["both ids and filters", { secretIdList: ["a"], ...byName("a") }, "batch_selection_invalid"],
    ["neither ids nor filters", {}, "batch_selection_invalid"],
    ["no filter at all", { filters: [] }, "batch_selection_invalid"],
    ["a page of ids", { secretIdList: ["a"], maxResults: 5 }, "batch_page_without_filters"],
    ["a page of nothing", { maxResults: 5 }, "batch_page_without_filters"],
    ["a page of twenty-one", { ...byName("a"), maxResults: 21 }, "validation_failed"],
    ["a token that is none", { ...byName("a"), nextToken: "x" }, "invalid_next_token"],
    ["a token that is none, of ids", { secretIdList: ["a"], nextToken: "x" }, "invalid_next_token"],
  ];
  for (const [what, draft, code] of selections) {
    it(`refuses ${what}`, async () => {
      await assertRefused(get(draft), code);
    });
  }

  it("takes a token of ids for the same ids only", async () => {
    const secretString = "\u0001".repeat(65_536);
    const names = Array.from({ length: 8 }, (_, at) => `big${at}`);
    for (const name of names) await make(name, { secretString });
    const { nextToken } = await get({ secretIdList: names });

    assert.ok(nextToken);
    const others = [...names.slice(1), "big0"];
    await assertRefused(get({ secretIdList: others, nextToken }), "invalid_next_token");
    assert.deepEqual(namesIn(await get({ secretIdList: names, nextToken })), ["big7"]);
  });

  it("takes a token for the same request only", async () => {
    for (const name of ["a1", "a2", "b1"]) await make(name);
    const { nextToken } = await get({ ...byName("a"), maxResults: 1 });

    await assertRefused(get({ ...byName("b"), nextToken }), "invalid_next_token");
    await assertRefused(get({ secretIdList: ["a1"], nextToken }), "invalid_next_token");
    await assertRefused(
      node.call("ListSecrets", { ...byName("a"), nextToken }),
      "invalid_next_token",
    );
    assert.deepEqual(namesIn(await get({ ...byName("a"), nextToken })), ["a2"]);
  });

  it("asks for leave to the call, to search, and to each secret", async () => {
    await make("a");
    await make("b");
    const asked: string[] = [];
    const dispatcher = watching((_, action, resource) => {
      asked.push(`${action.replace("secretsmanager:", "")} ${resource?.named ?? ""}`);
      return resource?.named === "b"
        ? refuse("access_denied", { principal: "me", action, resource: "b" }).refusal
        : undefined;
    });

    const caller = callerOf(node.clock);
    const batch = await dispatcher.call("BatchGetSecretValue", caller, {
      secretIdList: ["a", "b"],
    });
    assert.deepEqual(asked, ["BatchGetSecretValue ", "GetSecretValue a", "GetSecretValue b"]);
    assert.deepEqual(namesIn(batch), ["a"]);
    assert.deepEqual(
      batch.errors?.map(({ errorCode }) => errorCode),
      ["AccessDeniedException"],
    );

    asked.length = 0;
    await dispatcher.call("BatchGetSecretValue", caller, byName("a"));
    assert.deepEqual(asked.slice(0, 2), ["BatchGetSecretValue ", "ListSecrets "]);
    assert.match(asked[2] ?? "", /^GetSecretValue arn:.*:a-\w{6}$/);
  });

  it("tells who may not ask nothing of the request", async () => {
    for (const draft of [{ secretIdList: ["a"] }, {}, { filters: [{}] }]) {
      await assertRefused(node.call("BatchGetSecretValue", draft, stranger), "access_denied");
    }
  });

  it("fails as a whole when the node cannot read", async () => {
    node.group.follow();

    await assertRefused(get({ secretIdList: ["a"] }), "no_leader");
  });

  it("notes what it read, as GetSecretValue does", async () => {
    await make("a");
    await make("b");

    await get({ secretIdList: ["a", "absent"] });

    assert.equal(node.parts.accessNotes.size, 1);
    await node.call("GetSecretValue", { secretId: "b" });
    assert.equal(node.parts.accessNotes.size, 2);
  });

  it("names errors as the AWS endpoint does", () => {
    for (const [code, name] of errorCodes) assert.equal(name, wireStatus[code].awsType, code);
  });
});

function watching(authorize: Authorize): Dispatcher {
  return new Dispatcher({ ...node.parts, authorize }, secretHandlers);
}
