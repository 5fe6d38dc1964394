import assert from "node:assert/strict";
import * as grpc from "@grpc/grpc-js";
import { describe, it } from "mocha";
import { refuseCall, type RefusedError } from "../../../src/base/errors.ts";
import { statusDetails } from "../../../src/server/grpc/status-details.ts";
import { wireStatus } from "../../../src/server/wire-status.ts";
import { validateRequest } from "../../../src/services/operations/validate-request.ts";
import { serveRegion, type FakeCall } from "../../support/grpc-region.ts";
import {
  detailsOf,
  PlainCalls,
  rawMethod,
  type StatusDetails,
  type Streamed,
} from "./plain-call.ts";

describe("the details of a gRPC status", () => {
  it("name the AWS exception, our code, the facts and the request", async () => {
    const facts = { label: "AWSCURRENT", versionId: "v1" };
    const ended = await callRefusedWith(refuseCall("label_holder_required", facts));

    const { code, message, details } = detailsOf(ended);

    assert.equal(code, grpc.status.FAILED_PRECONDITION);
    assert.equal(code, ended.code);
    assert.equal(message, ended.details);
    const [requestId] = ended.metadata.get("holdfast-request-id");
    assert.deepEqual(details, {
      ErrorInfo: {
        reason: "InvalidParameterException",
        domain: "holdfast",
        metadata: { ...facts, refusal: "label_holder_required", requestId },
      },
    });
  });

  it("have every fact that is a number as text, and none that is not known", async () => {
    const tooMany = infoOf(await callRefusedWith(refuseCall("too_many_tags", { limit: 50 })));
    const facts = { principal: "p", action: "a", resource: undefined };
    const denied = infoOf(await callRefusedWith(refuseCall("access_denied", facts)));

    assert.equal(tooMany["limit"], "50");
    assert.deepEqual(Object.keys(denied).sort(), ["action", "principal", "refusal", "requestId"]);
  });

  it("name each field that was not as it must be", async () => {
    const ended = await call(
      async (_operation, _caller, request) => validateRequest("TagResource", request as never),
      { secretId: "x".repeat(2049), tags: [{ key: "k" }, { key: "" }] },
    );

    const { BadRequest } = detailsOf(ended).details;

    assert.equal(ended.code, grpc.status.INVALID_ARGUMENT);
    assert.deepEqual(BadRequest?.["fieldViolations"], [
      { field: "secretId", description: "Member must have length less than or equal to 2048" },
      {
        field: "tags.2.member.key",
        description: "Member must have length greater than or equal to 1",
      },
    ]);
  });

  it("name the field, whatever the value says of fields", async () => {
    const value = "' at 'name' failed to satisfy constraint: none; ";
    const ended = await call(
      async (_operation, _caller, request) => validateRequest("GetSecretValue", request as never),
      { secretId: value.repeat(50) },
    );

    const { BadRequest } = detailsOf(ended).details;

    assert.deepEqual(BadRequest?.["fieldViolations"], [
      { field: "secretId", description: "Member must have length less than or equal to 2048" },
    ]);
  });

  it("say when to try again, where that makes sense by itself", async () => {
    const waits: [refused: RefusedError, seconds: number, nanos: number][] = [
      [refuseCall("overloaded", {}), 0, 500_000_000],
      [refuseCall("rate_exceeded", {}), 1, 0],
      [refuseCall("no_leader", {}), 0, 250_000_000],
      [refuseCall("watch_ended", {}), 0, 100_000_000],
    ];
    for (const [refused, seconds, nanos] of waits) {
      const { RetryInfo } = detailsOf(await callRefusedWith(refused)).details;

      assert.deepEqual(RetryInfo, { retryDelay: { seconds, nanos } }, refused.refusal.code);
    }
    for (const refused of [
      refuseCall("secret_not_found", {}),
      refuseCall("outcome_unknown", { reason: "timed_out" }),
      refuseCall("access_denied", { principal: "p", action: "a", resource: "r" }),
    ]) {
      assert.equal(detailsOf(await callRefusedWith(refused)).details["RetryInfo"], undefined);
    }
  });

  it("tell of an internal error nothing but that there was one", async () => {
    const ended = await call(() => Promise.reject(new Error("disk sda is on fire")));

    const [requestId] = ended.metadata.get("holdfast-request-id");
    assert.deepEqual(detailsOf(ended), {
      code: grpc.status.INTERNAL,
      message: "internal error",
      details: {
        ErrorInfo: {
          reason: "InternalServiceError",
          domain: "holdfast",
          metadata: { requestId },
        },
      },
    });
  });

  it("come with a refusal before any handler, too", async () => {
    const stranger = await call(() => Promise.resolve({}), {}, {});

    assert.equal(stranger.code, grpc.status.UNAUTHENTICATED);
    assert.equal(infoOf(stranger)["refusal"], "missing_authentication");
  });

  it("come with the end of a stream", async () => {
    await using region = await serveRegion(() => Promise.resolve({}), {
      // eslint-disable-next-line require-yield -- it fails before it has anything to give
      watch: async function* () {
        await Promise.resolve();
        throw refuseCall("position_too_old", {});
      },
    });
    using client = new PlainCalls(region);

    const ended = await client.call(["Watch", "Watch"], {});

    assert.equal(ended.code, grpc.status.OUT_OF_RANGE);
    assert.equal(detailsOf(ended).details["ErrorInfo"]?.["reason"], "PositionTooOld");
  });

  it("stay small and well formed, whatever a refusal says", () => {
    const long = "\ud83dé".repeat(10_000);
    const violation = `Value '${long}' at '${long}' failed to satisfy constraint: ${long}`;
    const refused = [
      refuseCall("access_denied", { principal: long, action: long, resource: long }),
      refuseCall("validation_failed", { violations: Array<string>(50).fill(violation) }),
    ];
    for (const { refusal, message } of refused) {
      const { grpc: code, awsType: reason } = wireStatus[refusal.code];
      const bytes = statusDetails({ code, message, reason, requestId: "id", refusal });

      assert.ok(bytes.length < 8_192, `${bytes.length} bytes`);
      const metadata = new grpc.Metadata();
      metadata.set("grpc-status-details-bin", bytes);
      const read = detailsOf({ code, details: message, metadata });
      assert.equal(JSON.stringify(read).includes("\ud83d"), false);
      assert.equal(read.details["ErrorInfo"]?.["reason"], reason);
    }
  });

  it("come with messages that are too long for this server, as gRPC itself says it", async () => {
    await using region = await serveRegion(() => Promise.resolve({}));
    using client = new PlainCalls(region);

    const ended = await client.callPath(
      rawMethod("/holdfast.v1.SecretsManager/GetSecretValue"),
      Buffer.alloc(1024 * 1024 + 1),
    );

    assert.equal(ended.code, grpc.status.RESOURCE_EXHAUSTED);
    assert.match(ended.details, /larger than max/);
  });
});

async function callRefusedWith(error: RefusedError): Promise<Streamed> {
  return call(() => Promise.reject(error));
}

async function call(
  answer: FakeCall,
  request: object = { secretId: "db" },
  headers?: Readonly<Record<string, string>>,
): Promise<Streamed> {
  await using region = await serveRegion(answer);
  using client = new PlainCalls(region);
  return await client.call(
    ["SecretsManager", "TagResource"],
    request,
    headers === undefined ? {} : { headers },
  );
}

function infoOf(ended: Streamed): Readonly<Record<string, unknown>> {
  const { details }: StatusDetails = detailsOf(ended);
  return (details["ErrorInfo"]?.["metadata"] ?? {}) as Readonly<Record<string, unknown>>;
}
