// The client and its cache against a region of three processes that change, lead and stop.
import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import {
  HoldfastClient,
  optionsFromEnvironment,
  SecretCache,
  type CacheEvent,
  type ClientOptions,
} from "../../src/client/client.ts";
import { TestRegion, until } from "../system/test-region.ts";

describe("a client of a real region", function () {
  this.timeout(60_000);

  let region: TestRegion;
  let client: HoldfastClient;

  before(async () => {
    region = await TestRegion.open();
    client = clientWith({});
  });

  after(async () => {
    client.close();
    await region[Symbol.asyncDispose]();
  });

  function clientWith(options: Partial<ClientOptions>): HoldfastClient {
    const endpoints = region.nodes().map(({ grpc }) => grpc);
    const fromShell = optionsFromEnvironment(region.environment);
    return new HoldfastClient({ ...fromShell, endpoints, ...options });
  }

  it("sends writes to the leader after a while, and spreads reads over all nodes", async () => {
    const answers: { readonly method: string; readonly endpoint: string }[] = [];
    using busy = clientWith({ reads: "spread", onAnswer: (answer) => void answers.push(answer) });
    const { leader } = await busy.listMembers();
    await busy.createSecret({ name: "routed", secretString: "one" });

    await until("a write goes to the leader", async () => {
      await busy.putSecretValue({ secretId: "routed", secretString: "two" });
      return answers.at(-1)?.endpoint === region.node(leader ?? "").grpc;
    });
    answers.length = 0;
    for (let count = 0; count < 6; count += 1) {
      await busy.getSecretValue({ secretId: "routed" });
      await busy.putSecretValue({ secretId: "routed", secretString: `${count}` });
    }

    const endpointsOf = (method: string): ReadonlySet<string> =>
      new Set(answers.filter((answer) => answer.method === method).map((one) => one.endpoint));
    assert.equal(endpointsOf("GetSecretValue").size, 3);
    assert.deepEqual(endpointsOf("PutSecretValue"), new Set([region.node(leader ?? "").grpc]));
  });

  it("has the new value in the cache at once when somebody changes a secret", async () => {
    const events: CacheEvent[] = [];
    using cache = new SecretCache(client, { onEvent: (event) => void events.push(event) });
    await client.createSecret({ name: "watched", secretString: "one" });
    await cache.get("watched");
    await until("the watch lives", () => events.some(({ kind }) => kind === "watch"));
    await cache.get("watched");
    const readsBefore = events.filter(({ kind }) => kind === "read").length;

    await client.putSecretValue({ secretId: "watched", secretString: "two" });

    await until("it is read again without being asked for", () => {
      return events.filter(({ kind }) => kind === "read").length > readsBefore;
    });
    using secret = await cache.get("watched");
    assert.deepEqual([secret.secretString, events.at(-1)?.kind], ["two", "hit"]);
  });

  it("has the last good value while no node answers, and the next when they are back", async () => {
    using hasty = clientWith({ deadlineMs: 2_000 });
    using cache = new SecretCache(hasty, { ttlMs: 0 });
    await client.createSecret({ name: "kept", secretString: "one" });
    await cache.get("kept");

    await region.fleet.stop();
    using stale = await cache.get("kept");
    await region.launch();

    assert.deepEqual([stale.secretString, stale.isStale], ["one", true]);
    await client.putSecretValue({ secretId: "kept", secretString: "two" });
    await until("the new value is there", async () => {
      using secret = await cache.get("kept");
      return secret.secretString === "two" && !secret.isStale;
    });
  });
});
