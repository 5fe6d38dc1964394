// A real region of three nodes, each a process of its own, in a home that is thrown away with it.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { giveAmpleLimits } from "../../cluster/local/ample-limits.ts";
import { readClusterFile, type ClusterNode } from "../../cluster/local/cluster-file.ts";
import { LocalFleet } from "../../cluster/local/local-fleet.ts";
import { placesOf, regionPlaces } from "../../cluster/local/places.ts";
import { PlainClient } from "./plain-client.ts";

export const regionName = "us-east-1";

export class TestRegion implements AsyncDisposable {
  readonly home: string = mkdtempSync(join(tmpdir(), "holdfast-system-"));
  #fleet: LocalFleet | undefined;
  #clients: readonly PlainClient[] = [];

  /** Resolves when every node answers. */
  static async open(): Promise<TestRegion> {
    const region = new TestRegion();
    try {
      await region.launch();
      return region;
    } catch (error) {
      await region[Symbol.asyncDispose]();
      throw error;
    }
  }

  get fleet(): LocalFleet {
    assert.ok(this.#fleet !== undefined, "the region was launched");
    return this.#fleet;
  }

  /** Starts it, or starts it again when nothing of it runs any more. */
  async launch(): Promise<void> {
    giveAmpleLimits(this.home);
    this.#fleet = await LocalFleet.launch({
      home: this.home,
      shape: { regions: [regionName], nodesPerRegion: 3 },
    });
    await this.#fleet.waitReady();
  }

  /** What a shell has after it has sourced the file that the fleet wrote. */
  get environment(): Readonly<Record<string, string>> {
    return this.fleet.environment(regionName);
  }

  get envFile(): string {
    return regionPlaces(this.home, regionName).envFile;
  }

  get ca(): string {
    return readFileSync(regionPlaces(this.home, regionName).clientCa.cert, "utf8");
  }

  /** The nodes as cluster.json has them at this moment. */
  nodes(): readonly ClusterNode[] {
    const nodes = readClusterFile(placesOf(this.home).clusterFile)?.regions[0]?.nodes ?? [];
    assert.ok(nodes.length >= 3);
    return nodes;
  }

  node(nodeId: string): ClusterNode {
    const found = this.nodes().find(({ id }) => id === nodeId);
    assert.ok(found !== undefined, `cluster.json has ${nodeId}`);
    return found;
  }

  /** One client for each node, in the order of cluster.json; opened once. */
  clients(): readonly PlainClient[] {
    if (this.#clients.length === 0) {
      const token = this.environment["HOLDFAST_TOKEN"] ?? "";
      const { ca } = this;
      this.#clients = this.nodes().map(({ grpc }) => new PlainClient(grpc, { ca, token }));
    }
    return this.#clients;
  }

  client(nodeId: string): PlainClient {
    const client = this.clients()[this.nodes().findIndex(({ id }) => id === nodeId)];
    assert.ok(client !== undefined);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client[Symbol.dispose]();
    await this.#fleet?.[Symbol.asyncDispose]();
    rmSync(this.home, { recursive: true, force: true });
  }
}

/** Waits for a condition; fails with its name when it has not come true in time. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs = 20_000,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, `within ${withinMs} ms: ${what}`);
    await pause(40);
  }
}

/** The index up to which a node has applied the log; nothing while it does not answer. */
async function appliedIndex(client: PlainClient): Promise<number | undefined> {
  try {
    const { appliedIndex: applied } = await client.call("Status", {}, 1_000);
    return Number(applied);
  } catch {
    return undefined;
  }
}

/** Waits until a node answers and has applied all that the others had applied when this began. */
export async function untilCaughtUp(region: TestRegion, nodeId: string): Promise<void> {
  const others = region.nodes().filter(({ id }) => id !== nodeId);
  const indexes = await Promise.all(others.map(({ id }) => appliedIndex(region.client(id))));
  const goal = Math.max(...indexes.map((index) => index ?? 0));
  assert.ok(goal > 0, "another node answers");
  await until(`${nodeId} has applied up to ${goal}`, async () => {
    const applied = await appliedIndex(region.client(nodeId));
    return applied !== undefined && applied >= goal;
  });
}
