import assert from "node:assert/strict";
import { Metadata, status, type ServiceError } from "@grpc/grpc-js";
import { describe, it } from "mocha";
import { failureOf } from "../../src/client/call-errors.ts";
import { retryWishMs } from "../../src/client/retry-wish.ts";
import { google } from "../../src/generated/rpc-status.js";

interface Delay {
  readonly seconds: number;
  readonly nanos: number;
}

function errorWith(bytes: Uint8Array | undefined): ServiceError {
  const metadata = new Metadata();
  metadata.set("holdfast-refusal", "rate_exceeded");
  if (bytes !== undefined) metadata.set("grpc-status-details-bin", Buffer.from(bytes));
  const error = new Error("Rate exceeded");
  return Object.assign(error, {
    code: status.RESOURCE_EXHAUSTED,
    details: error.message,
    metadata,
  });
}

function statusWith(retryDelay: Delay, type = "google.rpc.RetryInfo"): Uint8Array {
  const value = google.rpc.RetryInfo.encode({ retryDelay }).finish();
  const other = { type_url: "type.googleapis.com/google.rpc.ErrorInfo", value: new Uint8Array() };
  const wish = { type_url: `type.googleapis.com/${type}`, value };
  return google.rpc.Status.encode({ code: 8, details: [other, wish] }).finish();
}

describe("retryWishMs", () => {
  const cases: [what: string, bytes: Uint8Array | undefined, ms: number | undefined][] = [
    ["nothing", undefined, undefined],
    ["a wish", statusWith({ seconds: 2, nanos: 500_000_000 }), 2_500],
    ["a wish of less than a millisecond", statusWith({ seconds: 0, nanos: 1 }), 1],
    ["a wish below zero", statusWith({ seconds: -5, nanos: 0 }), 0],
    ["a wish for a year", statusWith({ seconds: 31_536_000, nanos: 0 }), 60_000],
    ["other details", statusWith({ seconds: 2, nanos: 0 }, "google.rpc.Other"), undefined],
    ["bytes that are no status", Uint8Array.of(0xff, 0xff, 0xff), undefined],
  ];
  for (const [what, bytes, ms] of cases) {
    it(`reads ${what} as ${ms === undefined ? "none" : `${ms} ms`}`, () => {
      assert.equal(retryWishMs(errorWith(bytes)), ms);
    });
  }

  it("is what a call that asked too much waits for at least", () => {
    const failure = failureOf(errorWith(statusWith({ seconds: 3, nanos: 0 })), "once");

    assert.equal(failure.again, "retry");
    assert.deepEqual(failure.throttle, { leastMs: 3_000 });
  });
});
