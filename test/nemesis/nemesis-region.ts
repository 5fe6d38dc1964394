// A region of three real node processes whose every wire and disk is in the hands of the nemesis.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { giveAmpleLimits } from "../../cluster/local/ample-limits.ts";
import { readEnvFile } from "../../cluster/local/env-file.ts";
import { foundFleet } from "../../cluster/local/found-fleet.ts";
import { writeStart } from "../../cluster/local/node-config.ts";
import { nodePlaces, regionPlaces } from "../../cluster/local/places.ts";
import { inviteNode } from "../../cluster/local/region-calls.ts";
import { packageFolder } from "../../src/base/package-folder.ts";
import type { ConfigurationFile } from "../../src/server/config.ts";
import { LinkProxy, type Chance } from "./link-proxy.ts";
import { NemesisNode } from "./nemesis-node.ts";
import { NodeCaller, type Access, type NodeStatus } from "./node-caller.ts";
import type { Shim } from "./shim.ts";
import { SmallDisk } from "./small-disk.ts";

const regionName = "us-east-1";
const foundedWithinMs = 40_000;

/** Elections somewhat sooner than by default: more of them fit into a history. */
const timing = { tickMs: 60, electionTicks: 10 };
export const electionMs: number = timing.tickMs * timing.electionTicks;

export interface RegionChoices {
  readonly shim: Shim;
  readonly chance: Chance;
}

export class NemesisRegion implements AsyncDisposable {
  readonly home: string = mkdtempSync(join(tmpdir(), "holdfast-nemesis-"));
  readonly nodes: NemesisNode[] = [];
  readonly disks = new Map<NemesisNode, SmallDisk>();
  /** By the node that calls and the node that is called. */
  readonly links = new Map<string, LinkProxy>();
  readonly #choices: RegionChoices;
  readonly #callers = new Map<NemesisNode, NodeCaller>();
  #access: Access | undefined;

  private constructor(choices: RegionChoices) {
    this.#choices = choices;
  }

  /** Resolves when every node answers and one of them leads. */
  static async open(choices: RegionChoices): Promise<NemesisRegion> {
    const region = new NemesisRegion(choices);
    try {
      await region.#found();
      return region;
    } catch (error) {
      await region[Symbol.asyncDispose]();
      throw error;
    }
  }

  get access(): Access {
    if (this.#access === undefined) throw new Error("the region is not founded");
    return this.#access;
  }

  link(from: NemesisNode, to: NemesisNode): LinkProxy | undefined {
    return this.links.get(`${from.id} ${to.id}`);
  }

  /** Nothing when it does not answer. */
  async statusOf(node: NemesisNode): Promise<NodeStatus | undefined> {
    return this.#callers.get(node)?.status();
  }

  async statuses(): Promise<readonly (NodeStatus | undefined)[]> {
    return Promise.all(this.nodes.map((node) => this.statusOf(node)));
  }

  /** Who leads, by the word of the most recent term. */
  async leader(): Promise<NemesisNode | undefined> {
    const known = (await this.statuses()).flatMap((status) =>
      status?.role === "leader" ? [status] : [],
    );
    const newest = known.sort((one, other) => other.term - one.term)[0];
    return this.nodes.find(({ id }) => id === newest?.nodeId);
  }

  /**
   * Resolves when every node answers, has applied the same entries and holds the same state.
   * Rejects with what is amiss when that does not come about.
   */
  async untilConverged(withinMs: number): Promise<void> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const statuses = await this.statuses();
      const complaint = divergence(statuses);
      if (complaint === undefined) return;
      if (performance.now() > deadline) {
        const seen = statuses.map((status, at) => {
          const said = status === undefined ? "is silent" : JSON.stringify(status);
          return `${this.nodes[at]?.id ?? ""} ${said}`;
        });
        throw new Error(`${complaint} after ${withinMs} ms: ${seen.join(", ")}`);
      }
      await pause(60);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const caller of this.#callers.values()) caller[Symbol.dispose]();
    await Promise.all(this.nodes.map((node) => node.kill()));
    for (const proxy of this.links.values()) await proxy[Symbol.asyncDispose]();
    for (const disk of this.disks.values()) disk[Symbol.dispose]();
    rmSync(this.home, { recursive: true, force: true });
  }

  async #found(): Promise<void> {
    giveAmpleLimits(this.home);
    const { regions } = await foundFleet(this.home, { regions: [regionName], nodesPerRegion: 3 });
    const members = regions[0]?.nodes ?? [];
    const places = regionPlaces(this.home, regionName);
    const token = readEnvFile(places.envFile)["HOLDFAST_TOKEN"] ?? "";
    this.#access = { token, ca: readFileSync(places.clientCa.cert, "utf8") };
    const ports = new Map(members.map(({ id, peer }) => [id, Number(peer.split(":")[1])]));
    for (const { id, grpc } of members) {
      const routes = await this.#routesOf(id, ports);
      const node = this.#prepare({ id, grpc, peerPort: ports.get(id) ?? 0, routes });
      this.nodes.push(node);
      this.#callers.set(node, new NodeCaller(node, this.#access));
    }
    await this.#bringUp();
  }

  /** The first node founds the region, and the others join it with a ticket each. */
  async #bringUp(): Promise<void> {
    const [first, ...others] = this.nodes;
    if (first === undefined) throw new Error("a region has a node");
    first.start();
    await until("the first node leads", async () => (await this.leader()) === first);
    const region = { name: regionName, nodes: [{ pid: 0, grpc: first.parts.grpc }] };
    for (const node of others) {
      const asked = { nodeId: node.id, becomes: "voter" } as const;
      writeStart(node.parts.configFile, await inviteNode(this.home, region, asked));
      node.start();
    }
    await until("every node counts", async () => {
      const status = await this.statusOf(first);
      return status?.voters.length === this.nodes.length;
    });
    // Told once: a node that lost its data must not begin a second time.
    for (const node of this.nodes) writeStart(node.parts.configFile, undefined);
    await this.untilConverged(foundedWithinMs);
  }

  /**
   * The one place where the nodes' addresses come in: each node's connections to the others' peer
   * listeners go through proxies. Nodes know their true addresses; the preloaded library turns the
   * connections aside, so that it does not matter whence a node has an address.
   */
  async #routesOf(from: string, ports: ReadonlyMap<string, number>): Promise<string> {
    if (this.#choices.shim.kind !== "built") return "";
    const routes: string[] = [];
    for (const [to, port] of ports) {
      if (to === from) continue;
      const proxy = await LinkProxy.listen(port, this.#choices.chance);
      this.links.set(`${from} ${to}`, proxy);
      routes.push(`${port}=${proxy.port}`);
    }
    return routes.join(",");
  }

  #prepare({ id, grpc, peerPort, routes }: PreparedNode): NemesisNode {
    const { config: configFile, folder, log: logFile } = nodePlaces(this.home, regionName, id);
    const disk = SmallDisk.mount(join(folder, "disk"));
    const dataDir = join(folder, "disk/data");
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const configuration = JSON.parse(readFileSync(configFile, "utf8")) as ConfigurationFile;
    const changed: ConfigurationFile = { ...configuration, dataDir, raft: timing };
    writeFileSync(configFile, JSON.stringify(changed));
    const controlFile = join(folder, "faults");
    const syncedFile = join(folder, "synced");
    const { shim } = this.#choices;
    const node = new NemesisNode({
      id,
      grpc,
      peerPort,
      program: join(packageFolder(), "dist/src/server/main.js"),
      configFile,
      logFile,
      dataDir,
      controlFile,
      syncedFile,
      environment: {
        PATH: process.env["PATH"] ?? "",
        UV_THREADPOOL_SIZE: "16",
        ...(shim.kind === "built"
          ? {
              LD_PRELOAD: shim.path,
              HOLDFAST_FAULT_CONTROL: controlFile,
              HOLDFAST_FAULT_SYNCED: syncedFile,
              HOLDFAST_FAULT_ROUTES: routes,
            }
          : {}),
      },
    });
    if (disk !== undefined) this.disks.set(node, disk);
    return node;
  }
}

interface PreparedNode {
  readonly id: string;
  readonly grpc: string;
  readonly peerPort: number;
  readonly routes: string;
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + foundedWithinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`Within ${foundedWithinMs} ms: ${what}`);
    await pause(50);
  }
}

/** Why the nodes are not all in one state; nothing when they are. */
function divergence(statuses: readonly (NodeStatus | undefined)[]): string | undefined {
  const [first] = statuses;
  const known = statuses.flatMap((status) => (status === undefined ? [] : [status]));
  if (known.length < statuses.length) return "a node does not answer";
  if (known.some(({ leader, locked }) => leader === undefined || locked)) return "nobody leads";
  if (known.some(({ applied }) => applied !== first?.applied)) return "nodes lag behind";
  return known.some(({ digest }) => digest !== first?.digest)
    ? "nodes that have applied the same entries hold different states"
    : undefined;
}
