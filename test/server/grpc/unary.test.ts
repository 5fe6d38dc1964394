import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { describe, it } from "mocha";
import { systemClock } from "../../../src/base/clock.ts";
import { refuseCall } from "../../../src/base/errors.ts";
import { logIndex } from "../../../src/base/ids.ts";
import { packageFolder } from "../../../src/base/package-folder.ts";
import { HoldfastClient, type AnswerNote } from "../../../src/client/client.ts";
import type { ProtoGrpcType } from "../../../src/generated/public/secrets_manager.ts";
import type { SecretsManagerClient } from "../../../src/generated/public/holdfast/v1/SecretsManager.ts";
import type { Caller } from "../../../src/services/caller.ts";
import type { Message } from "../../../src/base/message-shape.ts";
import { unary } from "../../../src/server/grpc/unary.ts";
import { validateRequest } from "../../../src/services/operations/validate-request.ts";
import { administrator, serveRegion, token, type GrpcRegion } from "../../support/grpc-region.ts";

const bearer = { authorization: `Bearer ${token}` };

describe("unary", () => {
  it("hands over the operation, its request and who asks", async () => {
    const seen: [string, Caller, object][] = [];
    await using region = await serveRegion((operation, caller, request) => {
      seen.push([operation, caller, request]);
      return Promise.resolve({ name: "db", secretBinary: Uint8Array.of(1, 2) });
    });
    using client = plainClient(region);

    const { reply } = await client.get({ secretId: "db", versionStage: "" }, bearer);

    assert.equal(reply?.["name"], "db");
    assert.deepEqual(reply["secretBinary"], Buffer.of(1, 2));
    const [operation, caller, request] = seen[0] ?? assert.fail("nothing was handed over");
    assert.equal(operation, "GetSecretValue");
    assert.deepEqual(caller.principal, administrator);
    assert.match(caller.requestId, /^[0-9a-f-]{36}$/);
    assert.deepEqual(request, { secretId: "db", versionStage: "" });
  });

  it("tells the log index that an answer reflects, and none where there is none", async () => {
    await using region = await serveRegion((operation, { onReflected }) => {
      if (operation === "GetSecretValue") onReflected?.(logIndex(2 ** 40));
      return Promise.resolve({});
    });
    const told: AnswerNote[] = [];
    const { endpoint, ca } = region;
    using client = new HoldfastClient({
      ...{ endpoints: [endpoint], token, ca },
      onAnswer: (note) => told.push(note),
    });

    await client.getSecretValue({ secretId: "db" });
    await client.getRandomPassword();

    assert.deepEqual(told, [
      { method: "GetSecretValue", endpoint, index: 2 ** 40 },
      { method: "GetRandomPassword", endpoint, index: undefined },
    ]);
  });

  it("turns a refusal into its status, its sentence, its code and its AWS type", async () => {
    await using region = await serveRegion(() =>
      Promise.reject(refuseCall("secret_not_found", {})),
    );
    using client = plainClient(region);

    const { error } = await client.get({ secretId: "db" }, bearer);

    assert.equal(error?.code, grpc.status.NOT_FOUND);
    assert.equal(error.details, "Secrets Manager can't find the specified secret.");
    assert.deepEqual(error.metadata.get("holdfast-refusal"), ["secret_not_found"]);
    assert.deepEqual(error.metadata.get("holdfast-error"), ["ResourceNotFoundException"]);
    assert.match(String(error.metadata.get("holdfast-request-id")[0]), /^[0-9a-f-]{36}$/);
  });

  it("tells the log all of an internal error, and the caller nothing", async () => {
    const cause = new Error("disk sda is on fire");
    await using region = await serveRegion(() => Promise.reject(cause));
    using client = plainClient(region);

    const { error } = await client.get({ secretId: "db" }, bearer);

    assert.equal(error?.code, grpc.status.INTERNAL);
    assert.equal(error.details, "internal error");
    assert.equal(JSON.stringify(error.metadata.getMap()).includes("sda"), false);
    assert.equal(region.internalErrors[0]?.[0], cause);
    assert.equal(region.internalErrors[0][1].path, "/holdfast.v1.SecretsManager/GetSecretValue");
  });

  it("answers with a sentence that has half a character, and goes on", async () => {
    await using region = await serveRegion(() =>
      Promise.reject(refuseCall("secret_exists", { name: "a\ud83d" })),
    );
    using client = plainClient(region);

    for (const attempt of ["first", "second"]) {
      const { error } = await client.get({ secretId: "db" }, bearer);

      assert.equal(error?.code, grpc.status.ALREADY_EXISTS, attempt);
      assert.match(error.details, /secret a\ufffd already exists/);
    }
  });

  it("says what is wrong with a value of more characters than it shows", async () => {
    await using region = await serveRegion(async (_operation, _caller, request) =>
      validateRequest("GetSecretValue", request),
    );
    using client = plainClient(region);

    const { error } = await client.get({ secretId: `a${"😀".repeat(2048)}` }, bearer);

    assert.equal(error?.code, grpc.status.INVALID_ARGUMENT);
    assert.match(error.details, /^1 validation error detected: Value 'a(?:😀){511}\.\.\.' at/u);
  });

  it("cuts a sentence that would take the connection with it", async () => {
    await using region = await serveRegion(() =>
      Promise.reject(refuseCall("secret_exists", { name: "é".repeat(100_000) })),
    );
    using client = plainClient(region);

    const { error } = await client.get({ secretId: "db" }, bearer);

    assert.equal(error?.code, grpc.status.ALREADY_EXISTS);
    assert.ok(Buffer.byteLength(error.details) > 8_000);
    assert.ok(Buffer.byteLength(error.details) <= 8_192);
  });

  it("tells the log, and nobody else, when an answer cannot be sent", async () => {
    const cause = new Error("there is no stream any more");
    const told = new Promise((resolve) => {
      const handler = unary(
        {
          request: "GetSecretValueRequest",
          reply: "GetSecretValueResponse",
          answer: async () => ({}),
        },
        {
          authenticate: () => administrator,
          clock: systemClock,
          entropy: { uuid: () => "id" },
          onInternalError: resolve,
        },
      );
      const metadata = new grpc.Metadata();
      metadata.set("authorization", bearer.authorization);
      const call = {
        ...{ metadata, request: {}, cancelled: false, once: () => undefined },
        ...{ getPath: () => "/path", getDeadline: () => Infinity },
      };
      handler(call as unknown as grpc.ServerUnaryCall<Message, Message>, () => {
        throw cause;
      });
    });

    assert.equal(await told, cause);
  });

  it("sends an answer of almost four mebibytes, all that a caller takes", async () => {
    const name = "x".repeat(4 * 1024 * 1024 - 16);
    await using region = await serveRegion(() => Promise.resolve({ name }));
    using client = plainClient(region);

    const { error, reply } = await client.get({ secretId: "db" }, bearer);

    assert.equal(error, undefined);
    assert.equal(reply?.["name"], name);
  });

  const strangers: [why: string, metadata: Record<string, string>, refusal: string][] = [
    ["no token", {}, "missing_authentication"],
    ["a token nobody has", { authorization: "Bearer hft_other" }, "unrecognized_client"],
    ["another scheme", { authorization: `Basic ${token}` }, "unrecognized_client"],
    ["a token that is not ours", { authorization: "Bearer s3cr3t" }, "unrecognized_client"],
    ["an empty token", { authorization: "Bearer hft_" }, "unrecognized_client"],
    ["words after the token", { authorization: `Bearer ${token} x` }, "unrecognized_client"],
    ["a long token", { authorization: `Bearer hft_${"a".repeat(251)}` }, "unrecognized_client"],
    ["too much metadata", { ...bearer, extra: "x".repeat(8_192) }, "request_too_large"],
  ];
  for (const [why, metadata, refusal] of strangers) {
    it(`turns a caller with ${why} away before anything is done`, async () => {
      let calls = 0;
      await using region = await serveRegion(() => {
        calls += 1;
        return Promise.resolve({});
      });
      using client = plainClient(region);

      const { error } = await client.get({ secretId: "db" }, metadata);

      assert.deepEqual(error?.metadata.get("holdfast-refusal"), [refusal]);
      assert.equal(calls, 0);
    });
  }

  it("refuses a message of more than a mebibyte", async () => {
    await using region = await serveRegion(() => Promise.resolve({}));
    using client = plainClient(region);

    const { error } = await client.get({ secretId: "x".repeat(1024 * 1024) }, bearer);

    assert.equal(error?.code, grpc.status.RESOURCE_EXHAUSTED);
  });

  it("ends a call at the deadline of its caller, and tells the operation of it", async () => {
    const deadlines: number[] = [];
    await using region = await serveRegion((_operation, caller) => {
      deadlines.push(caller.deadlineMs - systemClock.monotonicMs());
      return new Promise(() => undefined);
    });
    using client = plainClient(region);

    const { error } = await client.get({ secretId: "db" }, bearer, 300);

    assert.equal(error?.code, grpc.status.DEADLINE_EXCEEDED);
    const [leftMs = Infinity] = deadlines;
    assert.ok(leftMs <= 300, `${leftMs} ms were left`);
  });

  const waits = [
    { asked: undefined, most: 10_000 },
    { asked: 3_600_000, most: 30_000 },
  ];
  for (const { asked, most } of waits) {
    it(`gives ${most} ms to a caller who asks for ${asked ?? "nothing"}`, async () => {
      const left: number[] = [];
      await using region = await serveRegion((_operation, caller) => {
        left.push(caller.deadlineMs - systemClock.monotonicMs());
        return Promise.resolve({});
      });
      using client = plainClient(region);

      await client.get({ secretId: "db" }, bearer, asked);

      const [leftMs = 0] = left;
      assert.ok(leftMs > most - 2_000 && leftMs <= most, `${leftMs} ms were left`);
    });
  }

  it("ends the process when the program contradicts itself", async () => {
    const server = join(import.meta.dirname, "contradicting-server.js");

    const child = spawn(process.execPath, [server], { stdio: ["ignore", "ignore", "pipe"] });
    const written: Buffer[] = [];
    child.stderr.on("data", (chunk: Buffer) => written.push(chunk));
    const [exitCode] = (await once(child, "close")) as [number | null];

    assert.equal(exitCode, 1);
    assert.match(Buffer.concat(written).toString(), /InvariantViolation: terms never go back/);
  }).timeout(10_000);
});

/** Loads proto/ by itself, as somebody who has nothing but the contract would. */
function plainClient(region: GrpcRegion): PlainClient {
  const definition = loadSync("holdfast/v1/secrets_manager.proto", {
    includeDirs: [join(packageFolder(), "proto")],
    longs: String,
  });
  const contract = grpc.loadPackageDefinition(definition) as unknown as ProtoGrpcType;
  const credentials = grpc.credentials.createSsl(Buffer.from(region.ca));
  return new PlainClient(new contract.holdfast.v1.SecretsManager(region.endpoint, credentials));
}

interface Result {
  readonly error: grpc.ServiceError | undefined;
  readonly reply: Readonly<Record<string, unknown>> | undefined;
}

class PlainClient implements Disposable {
  readonly #client: SecretsManagerClient;

  constructor(client: SecretsManagerClient) {
    this.#client = client;
  }

  get(request: object, headers: Record<string, string>, timeoutMs?: number): Promise<Result> {
    const metadata = new grpc.Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    const options = timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
    return new Promise((resolve) => {
      this.#client.getSecretValue(request, metadata, options, (error, reply) => {
        resolve({ error: error ?? undefined, reply: reply as Result["reply"] });
      });
    });
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}
