import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "mocha";
import { forGrpc, token, type AwsRequest } from "./aws-names.ts";
import { awsTypeOf, type PlainClient } from "./plain-client.ts";
import { sdkFor, type Sdk } from "./sdk-client.ts";
import { TestRegion } from "./test-region.ts";

describe("any node of a region", function () {
  this.timeout(60_000);

  let region: TestRegion;
  let clients: readonly PlainClient[];
  let sdks: readonly Sdk[];

  before(async () => {
    region = await TestRegion.open();
    clients = region.clients();
    sdks = region.nodes().map(({ https }) => sdkFor(region, https));
    await prepare(clients[0]);
  });

  after(async () => {
    for (const sdk of sdks) sdk.destroy();
    await region[Symbol.asyncDispose]();
  });

  /** Members as AWS spells them; gRPC spells them in lowerCamelCase. */
  const questions: [operation: string, request: AwsRequest][] = [
    ["GetSecretValue", { SecretId: "same/string" }],
    ["GetSecretValue", { SecretId: "same/binary" }],
    ["GetSecretValue", { SecretId: "same/string", VersionStage: "AWSPREVIOUS" }],
    ["GetSecretValue", { SecretId: "same/string", VersionStage: "absent" }],
    ["GetSecretValue", { SecretId: "absent" }],
    ["DescribeSecret", { SecretId: "same/string" }],
    ["DescribeSecret", { SecretId: "same/deleted" }],
    ["ListSecrets", { IncludePlannedDeletion: true }],
    ["ListSecrets", { Filters: [{ Key: "name", Values: ["same/b"] }] }],
    ["ListSecretVersionIds", { SecretId: "same/string", IncludeDeprecated: true }],
    // Writes that change nothing: each is answered as the leader does.
    [
      "PutSecretValue",
      { SecretId: "same/string", ClientRequestToken: token(1), SecretString: "a" },
    ],
    ["CreateSecret", { Name: "same/binary", ClientRequestToken: token(9), SecretString: "b" }],
    ["RestoreSecret", { SecretId: "same/string" }],
    ["TagResource", { SecretId: "same/deleted", Tags: [{ Key: "a", Value: "b" }] }],
  ];
  for (const [operation, request] of questions) {
    it(`gives the same answer as the others to ${operation} ${JSON.stringify(request)}`, async () => {
      const overGrpc = await Promise.all(
        clients.map((client) =>
          client.call(operation, forGrpc(request)).catch((error: unknown) => ({
            awsType: awsTypeOf(error),
            sentence: (error as { details?: string }).details,
          })),
        ),
      );
      const overHttps = await Promise.all(
        sdks.map((sdk) =>
          sdk.call(operation, request).catch((error: unknown) => {
            const { name, message } = error as Error;
            return { name, message };
          }),
        ),
      );

      assert.deepEqual(overGrpc[1], overGrpc[0]);
      assert.deepEqual(overGrpc[2], overGrpc[0]);
      assert.deepEqual(overHttps[1], overHttps[0]);
      assert.deepEqual(overHttps[2], overHttps[0]);
      assert.notDeepEqual(overGrpc[0], { awsType: "", sentence: undefined });
    });
  }

  it("reads over gRPC at once what another has acknowledged, 200 times", async () => {
    for (let count = 0; count < 200; count += 1) {
      const [writer, ...readers] = rotated(clients, count);
      const secretString = `value ${count}`;
      const secretId = `read/${Math.floor(count / 50)}`;
      const write = { clientRequestToken: randomUUID(), secretString };
      const method = count % 50 === 0 ? "CreateSecret" : "PutSecretValue";

      await writer.call(method, { ...write, secretId, name: secretId });
      const found = await Promise.all(
        readers.map((reader) => reader.call("GetSecretValue", { secretId })),
      );

      for (const reply of found) assert.equal(reply["secretString"], secretString);
    }
  });

  it("reads over HTTPS at once what another has acknowledged, 60 times", async () => {
    for (let count = 0; count < 60; count += 1) {
      const [writer, ...readers] = rotated(sdks, count);
      const SecretId = `read-https/${Math.floor(count / 30)}`;
      const SecretString = `value ${count}`;
      const operation = count % 30 === 0 ? "CreateSecret" : "PutSecretValue";

      await writer.call(operation, { SecretId, Name: SecretId, SecretString });
      const found = await Promise.all(
        readers.map((reader) => reader.call("GetSecretValue", { SecretId })),
      );

      for (const reply of found) assert.equal(reply["SecretString"], SecretString);
    }
  });

  it("lists at once what another has made, and no more what another has deleted", async () => {
    for (let count = 0; count < 30; count += 1) {
      const [writer, ...readers] = rotated(clients, count);
      const name = `brief/${count}`;
      const listed = async (): Promise<readonly unknown[]> =>
        Promise.all(
          readers.map(async (reader) => {
            const filters = [{ key: "name", values: ["brief/"] }];
            const { secretList } = await reader.call("ListSecrets", { filters });
            return ((secretList ?? []) as readonly { name: string }[]).map((entry) => entry.name);
          }),
        );

      await writer.call("CreateSecret", { name, clientRequestToken: randomUUID() });
      const withIt = await listed();
      await writer.call("DeleteSecret", { secretId: name, forceDeleteWithoutRecovery: true });
      const withoutIt = await listed();

      assert.deepEqual(withIt, [[name], [name]]);
      assert.deepEqual(withoutIt, [[], []]);
    }
  });
});

/** Secrets of every kind that the questions are about. */
async function prepare(client: PlainClient | undefined): Promise<void> {
  assert.ok(client !== undefined);
  const writes: [method: string, request: object][] = [
    ["CreateSecret", { name: "same/string", clientRequestToken: token(1), secretString: "a" }],
    [
      "PutSecretValue",
      { secretId: "same/string", clientRequestToken: token(2), secretString: "b" },
    ],
    ["TagResource", { secretId: "same/string", tags: [{ key: "k", value: "v" }] }],
    [
      "CreateSecret",
      {
        name: "same/binary",
        clientRequestToken: token(3),
        secretBinary: Buffer.of(0, 255, 128),
        description: "bytes",
      },
    ],
    ["CreateSecret", { name: "same/deleted", clientRequestToken: token(4), secretString: "c" }],
    ["DeleteSecret", { secretId: "same/deleted" }],
  ];
  for (const [method, request] of writes) await client.call(method, request);
}

/** Another of them first each time. */
function rotated<Item>(items: readonly Item[], by: number): readonly [Item, Item, Item] {
  const [first, second, third] = items;
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  const turns = [
    [first, second, third],
    [second, third, first],
    [third, first, second],
  ] as const;
  return turns[by % 3] ?? turns[0];
}
