import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { refuseCall, type RefusalCode, type RefusalFacts } from "../../src/base/errors.ts";
import { realWorld, type World } from "../../src/client/client-calls.ts";
import { HoldfastClient, HoldfastError, type WatchOptions } from "../../src/client/client.ts";
import type { WatchRequest, WatchResponse } from "../../src/generated/public-contract.ts";
import type { WatchSecrets } from "../../src/server/grpc/watch-handlers.ts";
import type { Caller } from "../../src/services/caller.ts";
import { serveRegion, token, type GrpcRegion } from "../support/grpc-region.ts";

/** Clients begin with the first node, and do not wait. */
const eager: World = {
  ...realWorld,
  entropy: { ...realWorld.entropy, below: () => 0 },
  wait: async () => {
    await new Promise(setImmediate);
  },
};

describe("HoldfastClient.watch", () => {
  it("gives heartbeats and events as they come, and asks for what was asked for", async () => {
    const asked: WatchRequest[] = [];
    await using region = await serve(async function* (caller, request) {
      asked.push(request);
      yield beat("p0");
      yield event("p1");
      await gone(caller);
    });
    using client = clientOf([region]);

    const options = { namePrefixes: ["prod/"], tags: [{ key: "team", value: "a" }], position: "p" };
    const found = await take(client, 2, options);

    assert.deepEqual(found, [beat("p0"), event("p1")]);
    assert.deepEqual(asked, [options]);
  });

  const interruptions: [code: RefusalCode, facts: RefusalFacts[RefusalCode]][] = [
    ["watch_ended", {}],
    ["watcher_too_slow", { limitBytes: 1 }],
    ["no_leader", {}],
    ["timed_out", {}],
    ["overloaded", {}],
    ["node_locked", { reason: "it has no key" }],
  ];
  for (const [code, facts] of interruptions) {
    it(`goes on at the last position, on another node, after ${code}`, async () => {
      const asked: [string, string | undefined][] = [];
      const serveOn = (name: string): Promise<GrpcRegion> =>
        serve(async function* (_caller, { position = "p0" }) {
          asked.push([name, position]);
          const at = Number(position.slice(1));
          yield beat(position);
          yield event(`p${at + 1}`);
          yield event(`p${at + 2}`);
          throw refuseCall(code, facts as never);
        });
      await using first = await serveOn("first");
      await using second = await serveOn("second");
      using client = clientOf([first, second]);

      const found = await take(client, 9);

      const positions = found.flatMap((response) => response.event?.position ?? []);
      assert.deepEqual(positions, ["p1", "p2", "p3", "p4", "p5", "p6"]);
      assert.deepEqual(asked, [
        ["first", "p0"],
        ["second", "p2"],
        ["first", "p4"],
      ]);
    });
  }

  it("goes on elsewhere when a node dies, and comes back when there is no other", async () => {
    let streams = 0;
    async function* watch(
      caller: Caller,
      { position = "p0" }: WatchRequest,
    ): AsyncGenerator<WatchResponse> {
      streams += 1;
      yield event(`p${Number(position.slice(1)) + 1}`);
      await gone(caller);
    }
    const first = await serve(watch);
    const { port } = first;
    using client = clientOf([first]);
    const watching = client.watch();
    assert.deepEqual((await watching.next()).value, event("p1"));

    const next = watching.next();
    await first[Symbol.asyncDispose]();
    await using again = await serveRegion(() => Promise.resolve({}), { port, watch });

    assert.deepEqual((await next).value, event("p2"));
    assert.equal(streams, 2);
    await watching.return(undefined);
    assert.equal(again.port, port);
  }).timeout(20_000);

  it("leaves a node that has fallen silent", async () => {
    await using silent = await serve(async function* (caller) {
      // Three of them and a second may be missing.
      yield { heartbeat: { position: "p1", intervalMs: 1 } };
      await gone(caller);
    });
    const asked: WatchRequest[] = [];
    await using lively = await serve(async function* (caller, request) {
      asked.push(request);
      yield event("p2");
      await gone(caller);
    });
    using client = clientOf([silent, lively]);

    const found = await take(client, 2);

    assert.deepEqual(found[1], event("p2"));
    assert.equal(asked[0]?.position, "p1");
  });

  it("does not call a node silent because its own caller is busy", async () => {
    let streams = 0;
    await using region = await serve(async function* (caller) {
      streams += 1;
      yield { heartbeat: { position: "p0", intervalMs: 1 } };
      yield event("p1");
      yield event("p2");
      await gone(caller);
    });
    using client = clientOf([region]);
    const watching = client.watch();
    await watching.next();
    await watching.next();

    await new Promise((resolve) => setTimeout(resolve, 1_300));

    assert.deepEqual((await watching.next()).value, event("p2"));
    assert.equal(streams, 1);
    await watching.return(undefined);
  });

  it("asks every node once whether a position is too old, and then says so", async () => {
    let asked = 0;
    const tooOld: WatchSecrets = () => {
      asked += 1;
      throw refuseCall("position_too_old", {});
    };
    await using first = await serve(tooOld);
    await using second = await serve(tooOld);
    using client = clientOf([first, second]);

    const error = await failureOf(take(client, 1, { position: "p0" }));

    assert.equal(error.code, "position_too_old");
    assert.equal(error.awsType, "PositionTooOld");
    assert.equal(asked, 2);
  });

  it("goes on at a node that still knows what another has forgotten", async () => {
    await using first = await serve(() => {
      throw refuseCall("position_too_old", {});
    });
    await using second = await serve(async function* (caller) {
      yield event("p1");
      await gone(caller);
    });
    using client = clientOf([first, second]);

    assert.deepEqual(await take(client, 1, { position: "p0" }), [event("p1")]);
  });

  const final: [code: RefusalCode, facts: object][] = [
    ["position_elsewhere", { region: "eu-west-1" }],
    ["position_in_future", {}],
    ["access_denied", { principal: "p", action: "a", resource: undefined }],
    ["unrecognized_client", {}],
    ["validation_failed", { violations: ["Value at 'x' ..."] }],
  ];
  for (const [code, facts] of final) {
    it(`throws ${code} at once: no other node would answer otherwise`, async () => {
      let asked = 0;
      await using region = await serve(() => {
        asked += 1;
        throw refuseCall(code, facts as never);
      });
      using client = clientOf([region, region]);

      const error = await failureOf(take(client, 1));

      assert.equal(error.code, code);
      assert.equal(asked, 1);
    });
  }

  it("says that nobody can be reached when a watch cannot be begun", async () => {
    const region = await serve(async function* () {
      yield* [];
    });
    await region[Symbol.asyncDispose]();
    using client = clientOf([region]);

    const error = await failureOf(take(client, 1));

    assert.equal(error.code, "unreachable");
    assert.match(error.message, /ECONNREFUSED/);
  });

  it("ends without an error when its signal aborts, at whatever moment", async () => {
    await using region = await serve(async function* (caller) {
      yield event("p1");
      await gone(caller);
    });
    using client = clientOf([region]);

    const before = client.watch({ signal: AbortSignal.abort() });
    assert.equal((await before.next()).done, true);

    const busy = new AbortController();
    const watching = client.watch({ signal: busy.signal });
    await watching.next();
    busy.abort();
    assert.equal((await watching.next()).done, true);

    const waiting = new AbortController();
    const another = client.watch({ signal: waiting.signal });
    await another.next();
    const end = another.next();
    waiting.abort();
    assert.equal((await end).done, true);
  });

  it("ends while it waits to try again", async () => {
    const region = await serve(async function* () {
      yield event("p1");
    });
    const stop = new AbortController();
    let isWaiting: () => void = () => undefined;
    const waits = new Promise<void>((resolve) => {
      isWaiting = resolve;
    });
    const world: World = {
      ...eager,
      wait: () => {
        isWaiting();
        return new Promise(() => undefined);
      },
    };
    using client = clientOf([region], world);
    const watching = client.watch({ signal: stop.signal });
    await watching.next();
    const next = watching.next();
    await waits;

    stop.abort();

    assert.equal((await next).done, true);
    await region[Symbol.asyncDispose]();
  });

  it("lets the node go when its caller has seen enough", async () => {
    let isGone: () => void = () => undefined;
    const left = new Promise<void>((resolve) => {
      isGone = resolve;
    });
    await using region = await serve(async function* (caller) {
      caller.signal?.addEventListener("abort", isGone);
      yield event("p1");
      await gone(caller);
    });
    using client = clientOf([region]);

    for await (const response of client.watch()) {
      assert.deepEqual(response, event("p1"));
      break;
    }

    await left;
  });
});

function serve(watch: WatchSecrets): Promise<GrpcRegion> {
  return serveRegion(() => Promise.resolve({}), { watch });
}

function clientOf(regions: readonly GrpcRegion[], world: World = eager): HoldfastClient {
  const [{ ca } = { ca: "" }] = regions;
  return new HoldfastClient(
    { endpoints: regions.map(({ endpoint }) => endpoint), token, ca },
    world,
  );
}

function beat(position: string): WatchResponse {
  return { heartbeat: { position, staleMs: 3, intervalMs: 5_000 } };
}

function event(position: string): WatchResponse {
  return { event: { kind: "created", name: "db", versionIdsToStages: { v: ["A"] }, position } };
}

function gone({ signal }: Caller): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) resolve();
    signal?.addEventListener("abort", () => {
      resolve();
    });
  });
}

async function take(
  client: HoldfastClient,
  count: number,
  options: WatchOptions = {},
): Promise<readonly WatchResponse[]> {
  const found: WatchResponse[] = [];
  for await (const response of client.watch(options)) {
    found.push(response);
    if (found.length === count) break;
  }
  return found;
}

async function failureOf(watched: Promise<unknown>): Promise<HoldfastError> {
  try {
    await watched;
  } catch (error) {
    assert.ok(error instanceof HoldfastError, String(error));
    return error;
  }
  return assert.fail("it did not fail");
}
