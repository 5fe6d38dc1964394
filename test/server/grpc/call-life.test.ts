import assert from "node:assert/strict";
import * as grpc from "@grpc/grpc-js";
import { describe, it } from "mocha";
import { publicService, type PublicService } from "../../../src/base/public-services.ts";
import { callTime, type TimedCall } from "../../../src/server/grpc/call-time.ts";
import type { Caller } from "../../../src/services/caller.ts";
import { serveRegion, type GrpcRegion } from "../../support/grpc-region.ts";
import { SetClock } from "../../support/set-clock.ts";
import { bearer, detailsOf, PlainCalls, rawMethod } from "./plain-call.ts";

const services: readonly PublicService[] = ["SecretsManager", "Cluster", "Backup", "Watch"];

/** Every method of every service, by the definition that callers have. */
const methods = services.flatMap((service) =>
  Object.keys(publicService(service)).map((method) => [service, method] as const),
);

describe("the life of a gRPC call", () => {
  it("ends at its deadline, on every method, with nothing left waiting", async () => {
    const callers: Caller[] = [];
    await using region = await serveWaiting(callers);
    using client = new PlainCalls(region);

    for (const method of methods) {
      callers.length = 0;
      const ended = await client.call(method, {}, { deadline: Date.now() + 150 });

      assert.equal(ended.code, grpc.status.DEADLINE_EXCEEDED, method.join("."));
      // The server keeps the deadline by itself, and may come to it a little later than we do.
      for (const { signal } of callers) await aborted(signal);
    }
  });

  it("does no work for a call whose deadline has passed, on any method", async () => {
    const callers: Caller[] = [];
    await using region = await serveWaiting(callers);
    using client = new PlainCalls(region);

    for (const method of methods) {
      // gRPC sends what is left of it: nothing. The server is what has to look.
      const headers = { ...bearer, "grpc-timeout": "0m" };
      const ended = await client.call(method, {}, { headers });

      assert.equal(ended.code, grpc.status.DEADLINE_EXCEEDED, method.join("."));
    }
    assert.deepEqual(callers, []);
  });

  it("ends when the caller hangs up, on every method: whoever works for it is told", async () => {
    const callers: Caller[] = [];
    await using region = await serveWaiting(callers);
    using client = new PlainCalls(region);

    for (const method of methods) {
      callers.length = 0;
      const hangUp = new AbortController();
      const ended = client.call(method, {}, { signal: hangUp.signal });
      await until(() => callers.length === 1);
      const [caller] = callers;
      assert.equal(caller?.signal?.aborted, false, method.join("."));

      hangUp.abort();

      assert.equal((await ended).code, grpc.status.CANCELLED);
      await aborted(caller.signal);
    }
  });

  it("is refused when it comes too late, or from somebody who has gone", () => {
    const clock = new SetClock();
    const call = (leftMs: number): TimedCall => ({
      cancelled: false,
      getDeadline: () => clock.now() + leftMs,
      once: () => undefined,
    });

    assert.equal(callTime(call(1), clock).deadlineMs, 1);
    for (const late of [call(0), call(-1), { ...call(1), cancelled: true }]) {
      assert.throws(() => callTime(late, clock), { name: "RefusedError" });
    }
  });

  it("ends with UNIMPLEMENTED where there is no such method or service", async () => {
    await using region = await serveRegion(() => Promise.resolve({}));
    using client = new PlainCalls(region);

    for (const path of [
      "/holdfast.v1.SecretsManager/StealSecretValue",
      "/holdfast.v1.Watch/watchOut",
      "/holdfast.v1.Nothing/Nothing",
      "/holdfast.internal.v1.Peer/Append",
      "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    ]) {
      const ended = await client.callPath(rawMethod(path), Buffer.of());

      assert.equal(ended.code, grpc.status.UNIMPLEMENTED, path);
    }
  });

  it("ends with RESOURCE_EXHAUSTED when its answer is longer than callers take", async () => {
    await using region = await serveRegion(() =>
      Promise.resolve({ name: "x".repeat(4 * 1024 * 1024) }),
    );
    using client = new PlainCalls(region, { "grpc.max_receive_message_length": -1 });

    const ended = await client.call(["SecretsManager", "GetSecretValue"], { secretId: "db" });

    assert.equal(ended.code, grpc.status.RESOURCE_EXHAUSTED);
    assert.match(ended.details, /larger than max/);
    assert.deepEqual(ended.messages, []);
  });

  it("takes 8 KiB of metadata and no more, also where anybody may ask", async () => {
    let calls = 0;
    await using region = await serveRegion(() => {
      calls += 1;
      return Promise.resolve({});
    });
    using client = new PlainCalls(region);
    const health = rawMethod("/grpc.health.v1.Health/Check");
    const method = rawMethod("/holdfast.v1.SecretsManager/GetSecretValue");

    for (const path of [health, method]) {
      const little = { ...bearer, extra: "x".repeat(7_500) };
      const much = { ...bearer, extra: "x".repeat(8_192) };
      const taken = await client.callPath(path, Buffer.of(), { headers: little });
      const refused = await client.callPath(path, Buffer.of(), { headers: much });

      assert.equal(taken.code, grpc.status.OK);
      assert.equal(refused.code, grpc.status.RESOURCE_EXHAUSTED);
      const { reason, metadata } = detailsOf(refused).details["ErrorInfo"] ?? {};
      assert.equal(reason, "RequestEntityTooLargeException");
      assert.equal((metadata as Record<string, string>)["limitBytes"], "8192");
    }
    assert.equal(calls, 1);
  });

  it("shows its services to everybody where that is wanted, and Watch among them", async () => {
    await using region = await serveRegion(() => Promise.resolve({}), { reflection: "on" });

    const listed = await listServices(region);

    for (const service of services) assert.ok(listed.includes(`holdfast.v1.${service}`), service);
  });
});

/** Whatever is called waits until its caller has gone. */
function serveWaiting(callers: Caller[]): Promise<GrpcRegion> {
  const waiting = (caller: Caller): Promise<never> => {
    callers.push(caller);
    return new Promise(() => undefined);
  };
  // eslint-disable-next-line require-yield -- it waits before it has anything to give
  async function* stream(caller: Caller): AsyncGenerator<never> {
    await waiting(caller);
  }
  return serveRegion((_operation, caller) => waiting(caller), {
    backup: stream,
    watch: stream,
    readStatus: waiting,
  });
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal === undefined) reject(new Error("nobody was told"));
    else if (signal.aborted) resolve();
    else {
      signal.addEventListener("abort", () => {
        resolve();
      });
    }
  });
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(setImmediate);
}

/** As `grpcurl list` does it: reflection has no method without streams. */
async function listServices({ endpoint, ca }: GrpcRegion): Promise<string> {
  const credentials = grpc.credentials.createSsl(Buffer.from(ca));
  const client = new grpc.Client(endpoint, credentials);
  const call = client.makeBidiStreamRequest(
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    (bytes: Buffer) => bytes,
    (bytes: Buffer) => bytes,
  );
  // Field 7 of ServerReflectionRequest: list_services.
  call.end(Buffer.of(0x3a, 0));
  const chunks: Buffer[] = [];
  for await (const chunk of call) chunks.push(chunk as Buffer);
  client.close();
  return Buffer.concat(chunks).toString("latin1");
}
