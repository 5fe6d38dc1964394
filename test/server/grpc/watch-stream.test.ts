import assert from "node:assert/strict";
import * as grpc from "@grpc/grpc-js";
import { describe, it } from "mocha";
import type { WatchRequest, WatchResponse } from "../../../src/generated/public-contract.ts";
import type { Caller } from "../../../src/services/caller.ts";
import { administrator, serveRegion } from "../../support/grpc-region.ts";
import { detailsOf, PlainCalls } from "./plain-call.ts";

const watchMethod = ["Watch", "Watch"] as const;

describe("Watch on gRPC", () => {
  it("brings a request there, and events and heartbeats back, as the contract has them", async () => {
    const seen: [Caller, WatchRequest][] = [];
    await using region = await serveRegion(() => Promise.resolve({}), {
      watch: async function* (caller, request) {
        seen.push([caller, request]);
        yield { heartbeat: { position: "p1", staleMs: 0, intervalMs: 5_000 } };
        yield {
          event: {
            kind: "created",
            name: "db",
            arn: "arn",
            versionIdsToStages: { v1: ["AWSCURRENT", "blue"] },
            time: 1_523_477_145_713,
            position: "p2",
          },
        };
      },
    });
    using client = new PlainCalls(region);

    const { code, messages } = await client.call(watchMethod, {
      namePrefixes: ["prod/"],
      tags: [{ key: "team" }, { key: "team", value: "" }],
      position: "p0",
    });

    assert.equal(code, grpc.status.OK);
    assert.deepEqual(seen[0]?.[1], {
      namePrefixes: ["prod/"],
      tags: [{ key: "team" }, { key: "team", value: "" }],
      position: "p0",
    });
    assert.deepEqual(seen[0][0].principal, administrator);
    const [beat, told] = messages as readonly Readonly<Record<string, Readonly<Wire>>>[];
    const { position, staleMs, intervalMs } = beat?.["heartbeat"] ?? {};
    assert.deepEqual([position, staleMs, intervalMs], ["p1", "0", "5000"]);
    const event = told?.["event"] ?? {};
    assert.deepEqual([event["kind"], event["name"], event["arn"]], ["created", "db", "arn"]);
    assert.deepEqual(event["versionIdsToStages"], { v1: { values: ["AWSCURRENT", "blue"] } });
    assert.deepEqual(event["time"], { seconds: "1523477145", nanos: 713_000_000 });
    assert.equal(event["position"], "p2");
  });

  it("ends when the token that it was begun with is good no more", async () => {
    let isKnown = true;
    let ended = false;
    await using region = await serveRegion(() => Promise.resolve({}), {
      authenticate: () => (isKnown ? administrator : undefined),
      watch: async function* () {
        try {
          for (;;) yield* beats(1);
        } finally {
          ended = true;
        }
      },
    });
    using client = new PlainCalls(region);

    const stream = await client.call(
      watchMethod,
      {},
      {
        onMessage: () => {
          isKnown = false;
          return undefined;
        },
      },
    );

    assert.equal(stream.code, grpc.status.UNAUTHENTICATED);
    assert.equal(detailsOf(stream).details["ErrorInfo"]?.["reason"], "UnrecognizedClientException");
    assert.ok(ended);
  });

  it("is not asked for more than its caller takes", async () => {
    let asked = 0;
    await using region = await serveRegion(() => Promise.resolve({}), {
      watch: async function* () {
        for (;;) {
          asked += 1;
          yield { event: { versionIdsToStages: {}, name: "x".repeat(60_000) } };
        }
      },
    });
    using client = new PlainCalls(region);
    const hangUp = new AbortController();

    const stalled = client.stalled(watchMethod, {}, hangUp.signal);
    let before = -1;
    while (asked !== before) {
      before = asked;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }

    // What fits into the windows of HTTP/2 and the queue of the stream.
    assert.ok(asked > 0 && asked < 60, `${asked} messages were made`);
    hangUp.abort();
    await stalled;
  });

  it("puts a message that goes to many in bytes once", async () => {
    let reads = 0;
    const shared: WatchResponse = {
      event: {
        get name() {
          reads += 1;
          return "db";
        },
        versionIdsToStages: {},
      },
    };
    await using region = await serveRegion(() => Promise.resolve({}), {
      watch: async function* () {
        yield shared;
        yield shared;
      },
    });
    using client = new PlainCalls(region);

    for (let time = 0; time < 3; time += 1) {
      const { messages } = await client.call(watchMethod, {});
      assert.deepEqual(
        messages.map((message) => (message as WatchResponse).event?.name),
        ["db", "db"],
      );
    }

    assert.equal(reads, 1);
  });
});

/** A message as proto-loader gives it. */
type Wire = Record<string, unknown>;

function* beats(count: number): Generator<WatchResponse> {
  for (let beat = 0; beat < count; beat += 1) yield { heartbeat: { position: "p" } };
}
