import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { after, before, describe, it } from "mocha";
import { HoldfastClient, type WatchEvent, type WatchResponse } from "../../src/client/client.ts";
import { projectFolder } from "./plain-client.ts";
import { regionName, TestRegion, until, untilCaughtUp } from "./test-region.ts";
import { WriteLoad } from "./write-load.ts";

const cli = join(import.meta.dirname, "../../src/cli/main.js");
const kills = 3;

describe("watching a region of three nodes", function () {
  this.timeout(120_000);

  let region: TestRegion;

  before(async () => {
    region = await TestRegion.open();
  });

  after(() => region[Symbol.asyncDispose]());

  it("tells of every kind of change on every node, in order and with its position", async () => {
    const watchers = region.nodes().map(({ grpc: endpoint }) => new Watcher(region, [endpoint]));
    for (const watcher of watchers) await watcher.begun();

    const [client] = region.clients();
    assert.ok(client !== undefined);
    const secretId = "every/kind";
    const [v1, v2] = [randomUUID(), randomUUID()];
    const value = { secretString: "never-told" };
    await client.call("CreateSecret", { name: secretId, clientRequestToken: v1, ...value });
    await client.call("PutSecretValue", { secretId, clientRequestToken: v2, ...value });
    await client.call("UpdateSecret", {
      secretId,
      description: "d",
      clientRequestToken: randomUUID(),
    });
    await client.call("TagResource", { secretId, tags: [{ key: "k", value: "v" }] });
    await client.call("DeleteSecret", { secretId });
    await client.call("RestoreSecret", { secretId });
    await client.call("DeleteSecret", { secretId, forceDeleteWithoutRecovery: true });

    for (const watcher of watchers) {
      await watcher.until("it was told of the last", () =>
        watcher.kinds(secretId).includes("removed"),
      );
      assert.deepEqual(watcher.kinds(secretId), [
        "created",
        "value_changed",
        "described",
        "described",
        "deletion_planned",
        "restored",
        "removed",
      ]);
      assert.equal(JSON.stringify(watcher.events).includes("never-told"), false);
      assert.deepEqual(watcher.events, watchers[0]?.events);
    }
    for (const watcher of watchers) await watcher.stop();

    // Whoever comes later, with any position, to any node, is told the same from there on.
    const { events = [] } = watchers[0] ?? {};
    for (const { grpc: endpoint } of region.nodes()) {
      for (const [at, { position }] of events.slice(0, -1).entries()) {
        const late = new Watcher(region, [endpoint], position);
        const rest = events.slice(at + 1);
        await late.until("it was told of the rest", () => late.events.length >= rest.length);
        assert.deepEqual(late.events, rest);
        await late.stop();
      }
    }
  });

  it("misses nothing and tells nothing twice, though leaders are killed", async () => {
    const endpoints = region.nodes().map(({ grpc: endpoint }) => endpoint);
    // Each begins with a node drawn at random.
    const watchers = Array.from({ length: 6 }, () => new Watcher(region, endpoints));
    for (const watcher of watchers) await watcher.begun();
    const load = new WriteLoad(region.clients());

    try {
      for (let round = 0; round < kills; round += 1) {
        const leader = await region.fleet.waitLeader(regionName);
        const { pid } = region.node(leader.id);
        assert.ok(pid !== null);
        await load.untilMore(20);
        process.kill(pid, "SIGKILL");
        await load.untilMore(20);
        await until(`${leader.id} runs again`, () => (region.node(leader.id).pid ?? pid) !== pid);
        await untilCaughtUp(region, leader.id);
      }
    } finally {
      await load.stop();
    }

    const acknowledged = load.acknowledged.map(({ versionId }) => versionId);
    const lastOfAll = watchers[0];
    assert.ok(lastOfAll !== undefined);
    for (const [at, watcher] of watchers.entries()) {
      await watcher.until(`watcher ${at} was told of all that was acknowledged`, () =>
        acknowledged.every((versionId) => watcher.versions.has(versionId)),
      );
    }
    await until("all were told of the same", () =>
      watchers.every(({ events }) => events.length === lastOfAll.events.length),
    );
    for (const watcher of watchers) {
      assert.deepEqual(watcher.events, lastOfAll.events);
      const positions = watcher.events.map(({ position }) => position);
      assert.equal(new Set(positions).size, positions.length);
      const indexes = positions.map((position) => Number(position?.split(":")[2]?.split(".")[0]));
      assert.deepEqual(
        indexes,
        indexes.toSorted((one, other) => one - other),
      );
    }
    console.log(
      `      ${kills} leaders killed: ${acknowledged.length} acknowledged writes, ` +
        `${watchers.length} watchers were told ${lastOfAll.events.length} events each`,
    );
    for (const watcher of watchers) await watcher.stop();
  });

  it("refuses positions of other regions and of the future", async () => {
    const watcher = new Watcher(region, [region.nodes()[0]?.grpc ?? ""]);
    await watcher.begun();
    const position = watcher.heartbeats[0]?.heartbeat?.position ?? "";
    const [, cluster = ""] = position.split(":");
    await watcher.stop();

    for (const [wrong, code] of [
      [`eu-west-1:${cluster}:1`, "position_elsewhere"],
      [`${regionName}:another:1`, "position_elsewhere"],
      [`${regionName}:${cluster}:999999999`, "position_in_future"],
      ["12", "validation_failed"],
    ] as const) {
      const late = new Watcher(region, [region.nodes()[1]?.grpc ?? ""], wrong);
      await assert.rejects(late.ended, { code }, wrong);
    }
  });

  it("goes on with writes while a thousand watch one node, and tells each of them all", async () => {
    const [node] = region.nodes();
    assert.ok(node !== undefined);
    const crowd = new Crowd(region, node.grpc);
    await crowd.join(1_000);
    const [client] = region.clients();
    assert.ok(client !== undefined);
    const names = Array.from({ length: 20 }, (_, at) => `crowd/${at}`);

    const begun = performance.now();
    for (const name of names) {
      const clientRequestToken = randomUUID();
      await client.call("CreateSecret", { name, clientRequestToken, secretString: "v" });
    }
    const tookMs = performance.now() - begun;

    await until(
      "everybody was told of everything",
      () => crowd.told === 1_000 * names.length,
      60_000,
    );
    assert.equal(crowd.broken, 0);
    console.log(`      20 writes on the node that 1,000 watch: ${Math.round(tookMs)} ms`);
    crowd.leave();
  });

  it("is printed by the command line, a line a change, for as long as it is let", async () => {
    const secretId = `printed/${randomUUID()}`;
    const child = spawn(process.execPath, [cli, "--output", "json", "secret", "watch"], {
      env: { ...process.env, ...region.environment },
      stdio: ["ignore", "pipe", "ignore"],
    });
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const first = lines.next();
    const [client] = region.clients();
    assert.ok(client !== undefined);

    // What happened before the watch began is not told: tags are put on until one is.
    let isTold = false;
    void first.then(() => (isTold = true));
    await client.call("CreateSecret", { name: secretId, clientRequestToken: randomUUID() });
    await until("a change is printed", async () => {
      await client.call("TagResource", { secretId, tags: [{ key: "k", value: randomUUID() }] });
      return isTold;
    });
    child.kill("SIGTERM");

    const { Kind, Name } = JSON.parse((await first).value as string) as Record<string, string>;
    assert.deepEqual([Kind, Name], ["described", secretId]);
  });
});

/** Watches through the client library until it is told to stop. */
class Watcher {
  readonly events: WatchEvent[] = [];
  readonly heartbeats: WatchResponse[] = [];
  /** Every version that an event showed as the current one. */
  readonly versions = new Set<string>();
  readonly ended: Promise<void>;
  readonly #stop = new AbortController();

  constructor(region: TestRegion, endpoints: readonly string[], position?: string) {
    this.ended = this.#watch(region, endpoints, position);
    this.ended.catch(() => undefined);
  }

  async begun(): Promise<void> {
    await this.until("the watch has begun", () => this.heartbeats.length > 0);
  }

  /** Waits for a condition as long as the watch goes on. */
  async until(what: string, holds: () => boolean): Promise<void> {
    await Promise.race([until(what, holds), this.ended]);
  }

  kinds(name: string): readonly (string | undefined)[] {
    return this.events.filter((event) => event.name === name).map(({ kind }) => kind);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.ended;
  }

  async #watch(
    region: TestRegion,
    endpoints: readonly string[],
    position: string | undefined,
  ): Promise<void> {
    const token = region.environment["HOLDFAST_TOKEN"] ?? "";
    using client = new HoldfastClient({ endpoints, token, ca: region.ca });
    for await (const response of client.watch({ position, signal: this.#stop.signal })) {
      if (response.event === undefined) this.heartbeats.push(response);
      else this.#take(response.event);
    }
  }

  #take(event: WatchEvent): void {
    this.events.push(event);
    for (const [versionId, stages] of Object.entries(event.versionIdsToStages)) {
      if (stages.includes("AWSCURRENT")) this.versions.add(versionId);
    }
  }
}

type WatchMethod = grpc.MethodDefinition<object, WatchResponse>;

/** Many streams of one node, as gRPC alone has them: a hundred a connection. */
class Crowd {
  told = 0;
  broken = 0;
  readonly #region: TestRegion;
  readonly #endpoint: string;
  readonly #clients: grpc.Client[] = [];
  readonly #calls: { cancel(): void }[] = [];

  constructor(region: TestRegion, endpoint: string) {
    this.#region = region;
    this.#endpoint = endpoint;
  }

  /** Resolves when each has its first heartbeat. */
  async join(count: number): Promise<void> {
    const definition = loadSync("holdfast/v1/watch.proto", {
      includeDirs: [join(projectFolder(), "proto")],
    })["holdfast.v1.Watch"] as grpc.ServiceDefinition;
    const method = definition["Watch"] as WatchMethod | undefined;
    assert.ok(method !== undefined);
    const metadata = new grpc.Metadata();
    metadata.set("authorization", `Bearer ${this.#region.environment["HOLDFAST_TOKEN"] ?? ""}`);
    const begun = Array.from({ length: count }, (_, at) => {
      if (at % 100 === 0) this.#connect();
      return this.#begin(method, metadata);
    });
    await Promise.all(begun);
  }

  leave(): void {
    for (const call of this.#calls) call.cancel();
    for (const client of this.#clients) client.close();
  }

  #connect(): void {
    const credentials = grpc.credentials.createSsl(Buffer.from(this.#region.ca));
    const options = { "grpc.use_local_subchannel_pool": 1 };
    this.#clients.push(new grpc.Client(this.#endpoint, credentials, options));
  }

  #begin(
    { path, requestSerialize, responseDeserialize }: WatchMethod,
    metadata: grpc.Metadata,
  ): Promise<void> {
    const client = this.#clients.at(-1);
    assert.ok(client !== undefined);
    const asked = { namePrefixes: ["crowd/"] };
    const call = client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      asked,
      metadata,
    );
    let isLeaving = false;
    this.#calls.push({
      cancel: () => {
        isLeaving = true;
        call.cancel();
      },
    });
    return new Promise((resolve) => {
      call.on("data", (response: WatchResponse) => {
        // proto-loader sets both members of the message, one of them to nothing.
        if (response.event === undefined) resolve();
        else this.told += 1;
      });
      call.on("error", () => {
        if (!isLeaving) this.broken += 1;
      });
    });
  }
}
