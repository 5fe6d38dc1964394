// Looks after the nodes of one home: starts them, keeps cluster.json true, does what it is asked.
import { existsSync, readFileSync } from "node:fs";
import { writeClusterFile, type ClusterFile, type ClusterNode } from "./cluster-file.ts";
import type { ControlAnswer, ControlRequest, FleetStatus, NodeStatus } from "./control.ts";
import { lastLines } from "./log-tail.ts";
import { HealthProbe } from "./node-health.ts";
import { NodeProcess, type StopMode } from "./node-process.ts";
import { nodePlaces, placesOf } from "./places.ts";
import { atRest } from "./orphans.ts";
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

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #layout: ClusterFile;
  readonly #nodes: ReadonlyMap<string, NodeProcess>;
  readonly #probes: ReadonlyMap<string, HealthProbe>;
  #timers: readonly NodeJS.Timeout[] = [];
  #published = "";
  #isEnding = false;

  constructor(options: SupervisorOptions, layout: ClusterFile) {
    this.#options = options;
    this.#layout = layout;
    this.#nodes = new Map(
      layout.regions.flatMap(({ name, nodes }) =>
        nodes.map(({ id }) => [id, this.#nodeProcess(name, id)] as const),
      ),
    );
    this.#probes = new Map(
      layout.regions.map(({ name, caFile }) => [
        name,
        new HealthProbe(readFileSync(caFile, "utf8")),
      ]),
    );
  }

  /** Starts the nodes of a part, and from then on looks after them. */
  begin(part: FleetPart): void {
    this.#start(part);
    this.#publish();
    this.#timers = this.#layout.regions.flatMap(({ name, nodes }) =>
      nodes.map((node) => this.#watch(name, node)),
    );
  }

  async answer(request: ControlRequest): Promise<ControlAnswer> {
    if (request.kind === "status") return { kind: "status", status: this.status() };
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

  #nodeProcess(region: string, nodeId: string): NodeProcess {
    const { home, program } = this.#options;
    const { config, log } = nodePlaces(home, region, nodeId);
    return new NodeProcess({
      region,
      nodeId,
      program,
      configFile: config,
      logFile: log,
      onChange: () => {
        this.#publish();
      },
    });
  }

  #start(part: FleetPart): void {
    for (const node of this.#inPart(part)) node.start();
  }

  async #stop(part: FleetPart, mode: StopMode): Promise<void> {
    await Promise.all(this.#inPart(part).map((node) => node.stop(mode)));
  }

  #inPart(part: FleetPart): readonly NodeProcess[] {
    return [...this.#nodes.values()].filter((node) => isInPart(part, node));
  }

  #watch(region: string, { id, https }: ClusterNode): NodeJS.Timeout {
    let askedAt = -Infinity;
    let isAsking = false;
    return setInterval(() => {
      const node = this.#nodes.get(id);
      const pid = node?.pid;
      const isSettled = node?.health?.locked === false && this.#isLed(region);
      const wait = isSettled ? settledIntervalMs : startingIntervalMs;
      if (pid === undefined || isAsking || performance.now() - askedAt < wait) return;
      isAsking = true;
      askedAt = performance.now();
      void this.#probes
        .get(region)
        ?.health(https, answerWithinMs)
        .then((health) => {
          isAsking = false;
          node?.hear(pid, health);
        });
    }, startingIntervalMs);
  }

  #isLed(region: string): boolean {
    return this.#inPart({ kind: "region", region }).some(({ role }) => role === "leader");
  }

  #statusOf(node: ClusterNode): NodeStatus {
    const running = this.#nodes.get(node.id);
    if (running === undefined) return atRest(node);
    const isWell = running.health !== undefined || running.role === "stopped";
    const [lastLogLine = null] = isWell ? [] : lastLines(running.logFile, 1);
    const { health = null, restarts, lastExit = null } = running;
    return { ...node, health, restarts, lastExit, lastLogLine };
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
