import assert from "node:assert/strict";
import { setMaxListeners } from "node:events";
import * as grpc from "@grpc/grpc-js";
import { describe, it } from "mocha";
import { healthService } from "../../../src/server/grpc/health.ts";
import { serveRegion, type GrpcRegion } from "../../support/grpc-region.ts";
import { PlainCalls, type Streamed } from "./plain-call.ts";

const services = [
  "",
  "holdfast.v1.SecretsManager",
  "holdfast.v1.Cluster",
  "holdfast.v1.Backup",
  "holdfast.v1.Watch",
];

describe("the health service", () => {
  for (const service of services) {
    it(`tells by Check whether "${service}" serves`, async () => {
      await using region = await serveRegion(() => Promise.resolve({}));
      using client = new PlainCalls(region);

      const before = await ask(client, "Check", service);
      region.listener.setHealth("SERVING");
      const after = await ask(client, "Check", service);

      assert.deepEqual(before.messages, [{ status: "NOT_SERVING" }]);
      assert.deepEqual(after.messages, [{ status: "SERVING" }]);
    });

    it(`tells by Watch whenever it changes whether "${service}" serves`, async () => {
      await using region = await serveRegion(() => Promise.resolve({}));
      using client = new PlainCalls(region);

      const watched = await ask(client, "Watch", service, (messages) => {
        // What is no change is not told.
        region.listener.setHealth(messages % 2 === 1 ? "SERVING" : "NOT_SERVING");
        region.listener.setHealth(messages % 2 === 1 ? "SERVING" : "NOT_SERVING");
        return messages === 3 ? "cancel" : undefined;
      });

      assert.deepEqual(watched.messages.slice(0, 3), [
        { status: "NOT_SERVING" },
        { status: "SERVING" },
        { status: "NOT_SERVING" },
      ]);
    });
  }

  it("knows of no other service", async () => {
    await using region = await serveRegion(() => Promise.resolve({}));
    using client = new PlainCalls(region);
    region.listener.setHealth("SERVING");

    const checked = await ask(client, "Check", "holdfast.v1.Other");
    const watched = await ask(client, "Watch", "holdfast.v1.Other", () => "cancel");

    assert.equal(checked.code, grpc.status.NOT_FOUND);
    assert.deepEqual(watched.messages, [{ status: "SERVICE_UNKNOWN" }]);
  });

  it("lists all services by List", async () => {
    await using region = await serveRegion(() => Promise.resolve({}));
    using client = new PlainCalls(region);

    const { messages } = await ask(client, "List", "");

    const [{ statuses }] = messages as [{ readonly statuses: object }];
    assert.deepEqual(Object.keys(statuses).sort(), [...services].sort());
  });

  it("keeps no more than 256 streams open, and takes another when one has ended", async () => {
    await using region = await serveRegion(() => Promise.resolve({}));
    const clients = [new PlainCalls(region), lone(region), lone(region)];
    const [first, second, third] = clients;
    assert.ok(first !== undefined && second !== undefined && third !== undefined);
    const hangUp = new AbortController();
    setMaxListeners(256, hangUp.signal);
    // 128 streams are one connection's most.
    await open(second, 128, hangUp.signal);
    await open(third, 128, hangUp.signal);

    const refused = await ask(first, "Watch", "", () => "cancel");
    hangUp.abort();
    let taken = refused;
    // The server hears of the end a little later than we do.
    while (taken.code === grpc.status.RESOURCE_EXHAUSTED) {
      taken = await ask(first, "Watch", "", () => "cancel");
    }

    assert.equal(refused.code, grpc.status.RESOURCE_EXHAUSTED);
    assert.deepEqual(taken.messages, [{ status: "NOT_SERVING" }]);
    for (const client of clients) client[Symbol.dispose]();
  });

  it("says that nothing is served any more when the node stops", async () => {
    await using region = await serveRegion(() => Promise.resolve({}));
    using client = new PlainCalls(region);
    region.listener.setHealth("SERVING");
    let closed: Promise<void> | undefined;

    const { messages } = await ask(client, "Watch", "", (count) => {
      if (count === 1) closed = region.listener.close(10_000);
      return count === 2 ? "cancel" : undefined;
    });

    assert.deepEqual(messages, [{ status: "SERVING" }, { status: "NOT_SERVING" }]);
    // The last stream has ended: nothing is waited for.
    await closed;
  });
});

function ask(
  client: PlainCalls,
  method: "Check" | "List" | "Watch",
  service: string,
  onMessage?: (count: number) => "cancel" | undefined,
): Promise<Streamed> {
  const definition = healthService[method];
  assert.ok(definition !== undefined);
  let count = 0;
  return client.callPath(
    definition,
    { service },
    {
      // Nobody needs a token for it.
      headers: {},
      onMessage: () => {
        count += 1;
        return onMessage?.(count);
      },
    },
  );
}

/** On a connection of its own. */
function lone(region: GrpcRegion): PlainCalls {
  return new PlainCalls(region, { "grpc.use_local_subchannel_pool": 1 });
}

async function open(client: PlainCalls, count: number, signal: AbortSignal): Promise<void> {
  await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<void>((resolve) => {
          const { Watch } = healthService;
          assert.ok(Watch !== undefined);
          const onMessage = (): undefined => {
            resolve();
          };
          void client.callPath(Watch, { service: "" }, { headers: {}, onMessage, signal });
        }),
    ),
  );
}
