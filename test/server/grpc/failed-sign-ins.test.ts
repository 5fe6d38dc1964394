import assert from "node:assert/strict";
import { status } from "@grpc/grpc-js";
import { describe, it } from "mocha";
import { refuseCall } from "../../../src/base/errors.ts";
import { FailedSignIns } from "../../../src/server/failed-sign-ins.ts";
import { serveRegion } from "../../support/grpc-region.ts";
import { SetClock } from "../../support/set-clock.ts";
import { PlainCalls } from "./plain-call.ts";

const describeSecret = ["SecretsManager", "DescribeSecret"] as const;
const wrong = { headers: { authorization: "Bearer hft_wrong" } };
const none = { headers: {} };

describe("gRPC calls of who fails to sign in", () => {
  it("are held, and nobody else's", async () => {
    const held: (readonly [string | undefined, string | undefined, string])[] = [];
    await using region = await serveRegion(() => Promise.reject(refuseCall("access_denied", who)), {
      failedSignIns: {
        hold: ({ address, accessKeyId, refused }) => {
          held.push([address, accessKeyId, refused.refusal.code]);
          return Promise.resolve(refuseCall("rate_exceeded", {}));
        },
      },
    });
    using calls = new PlainCalls(region);
    const request = { secretId: "db" };

    const strangers = [
      await calls.call(describeSecret, request, wrong),
      await calls.call(describeSecret, request, none),
    ];
    const known = await calls.call(describeSecret, request);

    assert.deepEqual(
      strangers.map(({ code }) => code),
      [status.RESOURCE_EXHAUSTED, status.RESOURCE_EXHAUSTED],
    );
    assert.equal(known.code, status.PERMISSION_DENIED);
    assert.deepEqual(held, [
      ["127.0.0.1", undefined, "unrecognized_client"],
      ["127.0.0.1", undefined, "missing_authentication"],
    ]);
  });

  it("wait, from the eleventh in a minute on, and are then answered as the first", async () => {
    const waits: number[] = [];
    const failedSignIns = new FailedSignIns({
      clock: new SetClock(),
      pause: (ms) => {
        waits.push(ms);
        return Promise.resolve();
      },
    });
    await using region = await serveRegion(() => Promise.resolve({}), { failedSignIns });
    using calls = new PlainCalls(region);

    const codes: status[] = [];
    for (let at = 0; at < 12; at += 1) {
      codes.push((await calls.call(describeSecret, { secretId: "db" }, wrong)).code);
    }

    assert.deepEqual(codes, Array(12).fill(status.UNAUTHENTICATED));
    assert.deepEqual(waits, [1_000, 1_000]);
  });
});

const who = { principal: "arn:aws:iam::000000000000:user/a", action: "x", resource: undefined };
