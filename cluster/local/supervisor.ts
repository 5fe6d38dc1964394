// Looks after the nodes of one home: starts them, keeps cluster.json true, does what it is asked.
import { existsSync, readFileSync } from "node:fs";
import { Admissions } from "./admissions.ts";
import {
  presentNodes,
  roleAtRest,
  writeClusterFile,
  type ClusterFile,
  type ClusterNode,
  type ClusterRegion,
  type NodeRole,
} from "./cluster-file.ts";
import type { ControlAnswer, ControlRequest, FleetStatus, NodeStatus } from "./control.ts";
import { lastLines } from "./log-tail.ts";
import { pointEnvFile } from "./env-file.ts";
import { layOutNode } from "./found-fleet.ts";
import { startOf, writeStart } from "./node-config.ts";
import { HealthProbe, type NodeHealth } from "./node-health.ts";
import { NodeProcess, type StopMode } from "./node-process.ts";
import { nodePlaces, placesOf, regionPlaces } from "./places.ts";
import { atRest } from "./orphans.ts";
import type { Becoming } from "./region-calls.ts";
import { Strangers } from "./strangers.ts";
import { isInPart, nameOfPart, type FleetPart } from "./shape.ts";

export interface SupervisorOptions {
  readonly home: string;
  /** The compiled node program. */
  readonly program: string;
  /** Told when every node is down for good, by request: there is nothing left to look after. */
  readonly onEnd: () => void;
}

/** A node is asked how it is this often once its region is led, and more often until then. */
const settledIntervalMs = 1_000;
const startingIntervalMs = 150;
const answerWithinMs = 900;
const restingRoles: readonly NodeRole[] = ["stopped", "new", "removed"];

export class Supervisor {
  readonly #options: SupervisorOptions;
  #layout: ClusterFile;
  readonly #nodes: Map<string, NodeProcess>;
  readonly #probes: ReadonlyMap<string, HealthProbe>;
  readonly #admissions: Admissions;
  readonly #strangers: Strangers;
  /** Nodes that got a ticket and are no voters yet. */
  readonly #settling = new Set<string>();
  /** Nodes that are in their region, so that their configuration need not say how to begin. */
  readonly #begun = new Set<string>();
  readonly #timers: NodeJS.Timeout[] = [];
  #published = "";
  #isEnding = false;

  constructor(options: SupervisorOptions, layout: ClusterFile) {
    this.#options = options;
    this.#layout = layout;
    this.#nodes = new Map(
      layout.regions.flatMap(({ name, nodes }) =>
        nodes.map((node) => [node.id, this.#nodeProcess(name, node)] as const),
      ),
    );
    this.#probes = new Map(
      layout.regions.map(({ name, caFile }) => [
        name,
        new HealthProbe(readFileSync(caFile, "utf8")),
      ]),
    );
    const { home } = options;
    const ledRegion = (name: string): ClusterRegion | undefined =>
      this.#isLed(name) ? this.#regionNamed(name) : undefined;
    this.#strangers = new Strangers({
      home,
      ledRegion,
      isDown: (nodeId) => !this.#isEnding && this.#nodes.get(nodeId)?.role === "failed",
      onStranger: async (nodeId) => {
        await this.#nodes.get(nodeId)?.retire();
      },
    });
    this.#admissions = new Admissions({
      home,
      ledRegion,
      onTicket: (nodeId) => {
        this.#nodes.get(nodeId)?.start();
      },
    });
  }

  /** Starts the nodes of a part, and from then on looks after them. */
  begin(part: FleetPart): void {
    this.#start(part);
    this.#publish();
    for (const { name, nodes } of this.#layout.regions) {
      for (const node of nodes) this.#watch(name, node);
    }
  }

  async answer(request: ControlRequest): Promise<ControlAnswer> {
    if (request.kind === "status") return { kind: "status", status: this.status() };
    if (request.kind === "add") return this.#add(request.region, request.becomes);
    if (request.kind === "retire") return this.#retire(request.nodeId);
    if (this.#inPart(request.part).length === 0) {
      const known = [...this.#nodes.keys()].join(", ");
      return {
        kind: "refused",
        sentence: `There is no ${nameOfPart(request.part)} here: the nodes are ${known}.`,
      };
    }
    if (request.kind === "start") this.#start(request.part);
    else if (request.part.kind === "all") await this.end(request.mode);
    else await this.#stop(request.part, request.mode);
    return { kind: "done" };
  }

  /** Stops every node, and then looking after them. */
  async end(mode: StopMode): Promise<void> {
    this.#isEnding = true;
    for (const timer of this.#timers) clearInterval(timer);
    for (const id of this.#nodes.keys()) this.#admissions.giveUp(id);
    await this.#stop({ kind: "all" }, mode);
    for (const probe of this.#probes.values()) probe[Symbol.dispose]();
    this.#options.onEnd();
  }

  status(): FleetStatus {
    const regions = this.#currentFile().regions.map((region) => ({
      ...region,
      nodes: region.nodes.map((node) => this.#statusOf(node)),
    }));
    return { supervised: true, regions };
  }

  #nodeProcess(region: string, node: ClusterNode): NodeProcess {
    const { home, program } = this.#options;
    const { config, log } = nodePlaces(home, region, node.id);
    const begins = roleAtRest(node);
    const created: NodeProcess = new NodeProcess({
      region,
      nodeId: node.id,
      program,
      configFile: config,
      logFile: log,
      begins,
      onChange: () => {
        this.#publish();
        this.#onChange(created);
      },
    });
    return created;
  }

  #onChange({ region, nodeId, role }: NodeProcess): void {
    // One that was let in and has not come yet is no member, and no stranger either.
    const isJoining = (): boolean =>
      startOf(nodePlaces(this.#options.home, region, nodeId).config) !== undefined;
    if (role === "failed" && !isJoining()) void this.#strangers.ask(region, nodeId);
    if (role !== "removed") return;
    this.#settling.delete(nodeId);
    this.#pointEnvFile(region);
  }

  #pointEnvFile(region: string): void {
    const present = presentNodes(this.#regionNamed(region));
    if (present.length === 0) return;
    pointEnvFile(regionPlaces(this.#options.home, region).envFile, present);
  }

  async #add(region: string, becomes: Becoming): Promise<ControlAnswer> {
    const before = this.#layout.regions.find(({ name }) => name === region);
    if (before === undefined) {
      const known = this.#layout.regions.map(({ name }) => name).join(", ");
      return { kind: "refused", sentence: `There is no region ${region} here: there is ${known}.` };
    }
    const node = await layOutNode(this.#options.home, before);
    const regions = this.#layout.regions.map((each) =>
      each.name === region ? { ...each, nodes: [...each.nodes, node] } : each,
    );
    this.#layout = { regions };
    this.#nodes.set(node.id, this.#nodeProcess(region, node));
    this.#watch(region, node);
    this.#admit(region, node.id, becomes);
    this.#pointEnvFile(region);
    this.#publish();
    return { kind: "added", nodeId: node.id };
  }

  async #retire(nodeId: string): Promise<ControlAnswer> {
    await this.#nodes.get(nodeId)?.retire();
    return { kind: "done" };
  }

  #admit(region: string, nodeId: string, becomes: Becoming): void {
    if (becomes === "voter") this.#settling.add(nodeId);
    this.#admissions.begin({ region, nodeId, becomes });
  }

  #start(part: FleetPart): void {
    for (const node of this.#inPart(part)) {
      if (node.role === "new") this.#admit(node.region, node.nodeId, "voter");
      else node.start();
    }
  }

  async #stop(part: FleetPart, mode: StopMode): Promise<void> {
    const nodes = this.#inPart(part);
    for (const { nodeId } of nodes) this.#admissions.giveUp(nodeId);
    await Promise.all(nodes.map((node) => node.stop(mode)));
  }

  #inPart(part: FleetPart): readonly NodeProcess[] {
    return [...this.#nodes.values()].filter((node) => isInPart(part, node));
  }

  #watch(region: string, { id, https }: ClusterNode): void {
    let askedAt = -Infinity;
    let isAsking = false;
    const look = (): void => {
      const node = this.#nodes.get(id);
      const pid = node?.pid;
      const wait = this.#isSettled(region, node) ? settledIntervalMs : startingIntervalMs;
      if (pid === undefined || isAsking || performance.now() - askedAt < wait) return;
      isAsking = true;
      askedAt = performance.now();
      void this.#probes
        .get(region)
        ?.health(https, answerWithinMs)
        .then((health) => {
          isAsking = false;
          node?.hear(pid, health);
          if (health !== undefined) this.#onStanding(region, id, health);
        });
    };
    this.#timers.push(setInterval(look, startingIntervalMs));
  }

  #isSettled(region: string, node: NodeProcess | undefined): boolean {
    const isWell = node?.health?.locked === false;
    return isWell && this.#settling.size === 0 && this.#isLed(region);
  }

  /** What a node is told for its beginning is taken out again once it has begun. */
  #onStanding(region: string, nodeId: string, { standing }: NodeHealth): void {
    if (standing === undefined || standing === null) return;
    if (standing === "voter") this.#settling.delete(nodeId);
    if (this.#begun.has(nodeId)) return;
    this.#begun.add(nodeId);
    const { config } = nodePlaces(this.#options.home, region, nodeId);
    if (startOf(config) !== undefined) writeStart(config, undefined);
  }

  #regionNamed(name: string): ClusterRegion {
    const region = this.#currentFile().regions.find((each) => each.name === name);
    if (region === undefined) throw new Error(`There is no region ${name}.`);
    return region;
  }

  #isLed(region: string): boolean {
    return this.#inPart({ kind: "region", region }).some(({ role }) => role === "leader");
  }

  #statusOf(node: ClusterNode): NodeStatus {
    const running = this.#nodes.get(node.id);
    if (running === undefined) return atRest(node);
    const isWell = running.health !== undefined || restingRoles.includes(running.role);
    const [lastLogLine = null] = isWell ? [] : lastLines(running.logFile, 1);
    const { health = null, restarts, lastExit = null } = running;
    const settling = this.#settling.has(node.id);
    return { ...node, health, restarts, lastExit, lastLogLine, settling };
  }

  #currentFile(): ClusterFile {
    const regions = this.#layout.regions.map((region) => ({
      ...region,
      nodes: region.nodes.map((node) => {
        const running = this.#nodes.get(node.id);
        return { ...node, pid: running?.pid ?? null, role: running?.role ?? node.role };
      }),
    }));
    return { regions };
  }

  #publish(): void {
    const file = this.#currentFile();
    const text = JSON.stringify(file);
    if (text === this.#published) return;
    try {
      writeClusterFile(placesOf(this.#options.home).clusterFile, file);
      this.#published = text;
    } catch (error) {
      // The nodes matter more than the file that tells of them; the next change tries again.
      console.error(`cluster.json cannot be written: ${String(error)}`);
      if (!this.#isEnding && !existsSync(this.#options.home)) void this.end("at_once");
    }
  }
}
