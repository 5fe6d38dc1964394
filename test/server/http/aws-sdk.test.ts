import assert from "node:assert/strict";
import {
  BatchGetSecretValueCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  InternalServiceError,
  ListSecretsCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
  TagResourceCommand,
} from "@aws-sdk/client-secrets-manager";
import { describe, it } from "mocha";
import { systemClock } from "../../../src/base/clock.ts";
import { refuseCall } from "../../../src/base/errors.ts";
import { epochMs } from "../../../src/base/ids.ts";
import { accessKeyId, administrator, region, secretAccessKey } from "./signed-request.ts";
import { openEndpoint, type TestEndpoint } from "./test-endpoint.ts";

const versionId = "11111111-2222-4333-8444-555555555555";
const arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:prod/db-AbCdEf";

describe("awsGateway, called by the SDK of AWS", () => {
  it("hands over the operation, who asks and what", async () => {
    await using endpoint = await openEndpoint({ clock: systemClock });
    using sdk = openSdk(endpoint);

    await sdk.client.send(
      new PutSecretValueCommand({
        SecretId: "prod/db",
        ClientRequestToken: versionId,
        SecretBinary: Uint8Array.of(0, 255, 7),
        VersionStages: ["AWSPENDING"],
      }),
    );

    const [call] = endpoint.calls;
    assert.equal(call?.operation, "PutSecretValue");
    assert.deepEqual(call.caller.principal, administrator);
    assert.equal(call.caller.requestId, "00000000-0000-4000-8000-000000000001");
    assert.deepEqual(call.draft, {
      secretId: "prod/db",
      clientRequestToken: versionId,
      secretBinary: Uint8Array.of(0, 255, 7),
      versionStages: ["AWSPENDING"],
    });
  });

  it("gives back strings, bytes, times, lists and maps", async () => {
    const answers: Record<string, object> = {
      GetSecretValue: {
        arn,
        name: "prod/db",
        versionId,
        secretString: 'pass"wörd\n🔑',
        versionStages: ["AWSCURRENT"],
        createdDate: epochMs(1_795_317_342_007),
      },
      BatchGetSecretValue: {
        secretValues: [{ arn, secretBinary: Uint8Array.of(1, 2, 3) }],
        errors: [{ secretId: "x", errorCode: "ResourceNotFoundException", message: "no" }],
      },
      DescribeSecret: {
        arn,
        rotationLambdaArn: "arn:aws:lambda:us-east-1:000000000000:function:f",
        rotationEnabled: false,
        tags: [],
        versionIdsToStages: new Map([[versionId, ["AWSCURRENT", "AWSPENDING"]]]),
      },
      ListSecrets: { secretList: [{ name: "prod/db", tags: [{ key: "a", value: "" }] }] },
      TagResource: {},
    };
    await using endpoint = await openEndpoint({
      clock: systemClock,
      call: async (operation) => answers[operation] ?? {},
    });
    using sdk = openSdk(endpoint);

    const value = await sdk.client.send(new GetSecretValueCommand({ SecretId: "prod/db" }));
    const batch = await sdk.client.send(new BatchGetSecretValueCommand({ SecretIdList: ["x"] }));
    const secret = await sdk.client.send(new DescribeSecretCommand({ SecretId: "prod/db" }));
    const list = await sdk.client.send(new ListSecretsCommand({ MaxResults: 1 }));
    const tagged = await sdk.client.send(
      new TagResourceCommand({ SecretId: "prod/db", Tags: [{ Key: "a", Value: "b" }] }),
    );

    assert.equal(value.SecretString, 'pass"wörd\n🔑');
    assert.equal(value.CreatedDate?.getTime(), 1_795_317_342_007);
    assert.deepEqual(value.VersionStages, ["AWSCURRENT"]);
    assert.deepEqual(batch.SecretValues?.[0]?.SecretBinary, Uint8Array.of(1, 2, 3));
    assert.equal(batch.Errors?.[0]?.ErrorCode, "ResourceNotFoundException");
    assert.equal(secret.RotationLambdaARN, "arn:aws:lambda:us-east-1:000000000000:function:f");
    assert.equal(secret.RotationEnabled, false);
    assert.deepEqual(secret.Tags, []);
    assert.deepEqual(secret.VersionIdsToStages, { [versionId]: ["AWSCURRENT", "AWSPENDING"] });
    assert.deepEqual(list.SecretList?.[0]?.Tags, [{ Key: "a", Value: "" }]);
    assert.equal(tagged.$metadata.httpStatusCode, 200);
    assert.equal(tagged.$metadata.requestId, "00000000-0000-4000-8000-000000000001");
  });

  it("turns refusals into the exceptions of the SDK", async () => {
    await using endpoint = await openEndpoint({
      clock: systemClock,
      call: (operation) =>
        Promise.reject(
          operation === "GetSecretValue"
            ? refuseCall("secret_not_found", {})
            : refuseCall("access_denied", {
                principal: administrator.arn,
                action: "secretsmanager:ListSecrets",
                resource: undefined,
              }),
        ),
    });
    using sdk = openSdk(endpoint);

    await assert.rejects(sdk.client.send(new GetSecretValueCommand({ SecretId: "x" })), (error) => {
      assert.ok(error instanceof ResourceNotFoundException);
      assert.equal(error.message, "Secrets Manager can't find the specified secret.");
      assert.equal(error.$metadata.httpStatusCode, 400);
      return true;
    });
    await assert.rejects(sdk.client.send(new ListSecretsCommand({})), {
      name: "AccessDeniedException",
      message: /^User: arn:aws:iam::000000000000:user\/administrator is not authorized/,
    });
  });

  it("tells the log all of an internal error, and the caller nothing", async () => {
    const cause = new Error("disk sda is on fire");
    await using endpoint = await openEndpoint({
      clock: systemClock,
      call: () => Promise.reject(cause),
    });
    using sdk = openSdk(endpoint);

    await assert.rejects(sdk.client.send(new ListSecretsCommand({})), (error) => {
      assert.ok(error instanceof InternalServiceError);
      assert.equal(error.message, "An error occurred on the server side.");
      return true;
    });
    assert.deepEqual(endpoint.internalErrors, [cause]);
  });

  it("takes a value of 65,536 bytes, however long it is in JSON", async () => {
    await using endpoint = await openEndpoint({ clock: systemClock });
    using sdk = openSdk(endpoint);

    await sdk.client.send(
      new PutSecretValueCommand({ SecretId: "x", SecretBinary: new Uint8Array(65_536).fill(255) }),
    );
    await sdk.client.send(
      new PutSecretValueCommand({ SecretId: "x", SecretString: '"'.repeat(65_000) }),
    );

    assert.equal(endpoint.calls.length, 2);
  });
});

interface OpenSdk extends Disposable {
  readonly client: SecretsManagerClient;
}

function openSdk(endpoint: TestEndpoint): OpenSdk {
  const client = new SecretsManagerClient({
    endpoint: `https://localhost:${endpoint.port}`,
    region,
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 1,
    requestHandler: { httpsAgent: { ca: endpoint.certificate.cert } },
  });
  return {
    client,
    [Symbol.dispose]: () => {
      client.destroy();
    },
  };
}
