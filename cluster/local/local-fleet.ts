// A local fleet as a library: what `npm start`, the system tests and the benchmarks are made of.
// Whoever uses it is a client of the supervisor, which is a process of its own.
import { fork, type ChildProcess } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import {
  askSupervisor,
  NotSupervised,
  type ControlRequest,
  type FleetStatus,
  type NodeStatus,
} from "./control.ts";
import { readEnvFile } from "./env-file.ts";
import { lastLines } from "./log-tail.ts";
import { HealthProbe, type NodeHealth } from "./node-health.ts";
import type { StopMode } from "./node-process.ts";
import { nodePlaces, placesOf, regionPlaces } from "./places.ts";
import { replaceNode, type Becoming } from "./region-calls.ts";
import { signalProcess } from "./running-process.ts";
import { isInPart, wholeFleet, type FleetPart, type FleetShape } from "./shape.ts";
import type { StartReport, SupervisorOrders } from "./supervisor-orders.ts";

export interface LaunchOptions {
  readonly home: string;
  /** Left out: the shape the fleet has, or the default for a new one. */
  readonly shape?: FleetShape | undefined;
  readonly contents?: "kept" | "fresh";
  /** The nodes to start; all of them unless told otherwise. */
  readonly part?: FleetPart;
  /** Tethered, the default: the fleet ends with this process, however that ends. */
  readonly lifetime?: "tethered" | "detached";
  /** The compiled node program; the real one unless told otherwise. */
  readonly program?: string;
}

/** A node that is in a region, with what the supervisor knows of it. */
export interface FleetNode extends NodeStatus {
  readonly region: string;
}

/** A start that was not made; the message says why. */
export class FleetRefused extends Error {
  override readonly name = "FleetRefused";
}

/** Something was not so in time; the message says of each node why, with the end of its log. */
export class FleetNotReady extends Error {
  override readonly name = "FleetNotReady";
}

const readyWithinMs = 60_000;
const askEveryMs = 100;
/** A node that is down for good may turn out to be none of its region any more. */
const judgedWithinMs = 2_500;
const answerWithinMs = 1_000;
/** Signals that leave nothing running, so that a new process id must follow. */
const fatalSignals: readonly NodeJS.Signals[] = ["SIGKILL", "SIGTERM", "SIGABRT"];

export class LocalFleet implements AsyncDisposable {
  readonly home: string;
  readonly #supervisor: ChildProcess | undefined;

  private constructor(home: string, supervisor: ChildProcess | undefined) {
    this.home = home;
    this.#supervisor = supervisor;
  }

  /**
   * Starts a supervisor and, through it, nodes. They are not ready yet when this resolves.
   *
   * Throws `FleetRefused` when one runs in this home already, or the home holds another shape.
   */
  static async launch(options: LaunchOptions): Promise<LocalFleet> {
    const home = resolve(options.home);
    const supervisor = await launchSupervisor({
      home,
      program: options.program ?? join(import.meta.dirname, "../../src/server/main.js"),
      shape: options.shape ?? null,
      contents: options.contents ?? "kept",
      part: options.part ?? wholeFleet,
      lifetime: options.lifetime ?? "tethered",
    });
    return new LocalFleet(home, supervisor);
  }

  /** The fleet that runs in a home already, or nothing. */
  static async attach(home: string): Promise<LocalFleet | undefined> {
    const fleet = new LocalFleet(resolve(home), undefined);
    try {
      await fleet.status();
      return fleet;
    } catch (error) {
      if (error instanceof NotSupervised) return undefined;
      throw error;
    }
  }

  /** The supervisor's process, if this one launched it. */
  get supervisorPid(): number | undefined {
    return this.#supervisor?.pid;
  }

  async status(): Promise<FleetStatus> {
    const answer = await this.#ask({ kind: "status" });
    if (answer.kind !== "status") throw new Error("The supervisor answered something else.");
    return answer.status;
  }

  /** The nodes of a part, in the order of cluster.json. */
  async nodes(part: FleetPart = wholeFleet): Promise<readonly FleetNode[]> {
    const { regions } = await this.status();
    return regions
      .flatMap(({ name, nodes }) => nodes.map((node) => ({ ...node, region: name })))
      .filter(({ id, region }) => isInPart(part, { nodeId: id, region }));
  }

  async node(nodeId: string): Promise<FleetNode> {
    const [node] = await this.nodes({ kind: "node", nodeId });
    if (node === undefined) throw new Error(`There is no node ${nodeId}.`);
    return node;
  }

  /** What env/<region>.env exports. */
  environment(region: string): Readonly<Record<string, string>> {
    return readEnvFile(regionPlaces(this.home, region).envFile);
  }

  /**
   * Resolves when every node of a part answers `/readyz` with 200 and cluster.json names a leader.
   *
   * Throws `FleetNotReady` after `withinMs`, and soon when a node is down for good.
   */
  async waitReady({
    part = wholeFleet,
    withinMs = readyWithinMs,
  }: { readonly part?: FleetPart; readonly withinMs?: number } = {}): Promise<void> {
    const deadline = performance.now() + withinMs;
    let hasFailedAt = Infinity;
    for (;;) {
      const unready = await this.#unready(part);
      if (unready.length === 0) return;
      if (!unready.some(({ role }) => role === "failed")) hasFailedAt = Infinity;
      else hasFailedAt = Math.min(hasFailedAt, performance.now());
      const isHopeless = performance.now() - hasFailedAt > judgedWithinMs;
      if (isHopeless || performance.now() > deadline) {
        throw new FleetNotReady(unready.map((node) => this.#describe(node)).join("\n"));
      }
      await pause(askEveryMs);
    }
  }

  /** The node of a region that leads it by its own word; of two, the one of the newer term. */
  async leader(region: string): Promise<FleetNode | undefined> {
    using probe = this.#probe(region);
    const nodes = await this.nodes({ kind: "region", region });
    const asked = await Promise.all(
      nodes.map(async (node) => ({ node, health: await probe.health(node.https, answerWithinMs) })),
    );
    const termOf = (health: NodeHealth | undefined): number => health?.term ?? 0;
    return asked
      .filter(({ health }) => health?.role === "leader")
      .sort((one, other) => termOf(other.health) - termOf(one.health))[0]?.node;
  }

  /** Waits for a leader other than `otherThan`, such as the one that was just killed. */
  async waitLeader(
    region: string,
    {
      otherThan,
      withinMs = readyWithinMs,
    }: { readonly otherThan?: string; readonly withinMs?: number } = {},
  ): Promise<FleetNode> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const leader = await this.leader(region);
      if (leader !== undefined && leader.id !== otherThan) return leader;
      if (performance.now() > deadline) {
        const nodes = await this.nodes({ kind: "region", region });
        throw new FleetNotReady(nodes.map((node) => this.#describe(node)).join("\n"));
      }
      await pause(askEveryMs);
    }
  }

  /**
   * Signals a node as a failure would: nobody ordered it, so the supervisor starts it again.
   *
   * Resolves when the supervisor knows that this process has ended, if the signal ends it.
   */
  async kill(nodeId: string, signal: NodeJS.Signals): Promise<void> {
    const { pid } = await this.node(nodeId);
    if (pid === null) throw new Error(`Node ${nodeId} does not run.`);
    signalProcess(pid, signal);
    if (!fatalSignals.includes(signal)) return;
    while ((await this.node(nodeId)).pid === pid) await pause(20);
  }

  /** Stops a part for good. The whole fleet takes its supervisor with it. */
  async stop(part: FleetPart = wholeFleet, mode: StopMode = "orderly"): Promise<void> {
    await this.#ask({ kind: "stop", part, mode });
  }

  /** Starts the nodes of a part that do not run. They are not ready yet when this resolves. */
  async start(part: FleetPart = wholeFleet): Promise<void> {
    await this.#ask({ kind: "start", part });
  }

  /**
   * One more node for a region: laid out, admitted with a ticket, started. It has not joined yet
   * when this resolves to its id.
   */
  async addNode(region: string, becomes: Becoming = "voter"): Promise<string> {
    const answer = await this.#ask({ kind: "add", region, becomes });
    if (answer.kind !== "added") throw new Error("The supervisor answered something else.");
    return answer.nodeId;
  }

  /**
   * Puts a fresh node in the place of another, which is removed for good, and resolves to its id.
   * Throws a `HoldfastError` with what the region refuses; the fresh node stays a learner then.
   */
  async replaceNode(nodeId: string): Promise<string> {
    const { region } = await this.node(nodeId);
    const replacementId = await this.addNode(region, "learner");
    const { regions } = await this.status();
    const asked = regions.find(({ name }) => name === region);
    if (asked === undefined) throw new Error(`There is no region ${region}.`);
    const withinMs = readyWithinMs;
    await replaceNode(this.home, asked, { nodeId, replacementId, withinMs });
    await this.#ask({ kind: "retire", nodeId });
    return replacementId;
  }

  /** Resolves when the supervisor that this process launched has ended. */
  async ended(): Promise<void> {
    const supervisor = this.#supervisor;
    if (supervisor === undefined) return;
    if (supervisor.exitCode !== null || supervisor.signalCode !== null) return;
    supervisor.ref();
    supervisor.channel?.ref();
    await new Promise((settle) => supervisor.once("exit", settle));
  }

  /** Stops everything, if it still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.stop(wholeFleet, "at_once");
    } catch (error) {
      if (!(error instanceof NotSupervised)) throw error;
    }
    await this.ended();
  }

  #ask(request: ControlRequest): ReturnType<typeof askSupervisor> {
    return askSupervisor(placesOf(this.home).controlSocket, request);
  }

  #probe(region: string): HealthProbe {
    return new HealthProbe(readFileSync(regionPlaces(this.home, region).clientCa.cert, "utf8"));
  }

  async #unready(part: FleetPart): Promise<readonly FleetNode[]> {
    const all = await this.nodes();
    const nodes = all.filter(
      ({ id, region, role }) => role !== "removed" && isInPart(part, { nodeId: id, region }),
    );
    const readiness = await Promise.all(
      nodes.map(async ({ region, https, health, settling }) => {
        if (settling) return false;
        const isLed = all.some((node) => node.region === region && node.role === "leader");
        if (health?.locked !== false || !isLed) return false;
        using probe = this.#probe(region);
        return await probe.isReady(https, answerWithinMs);
      }),
    );
    return nodes.filter((_node, position) => readiness[position] !== true);
  }

  #describe({ region, id, role, lastExit, health }: FleetNode): string {
    const { log } = nodePlaces(this.home, region, id);
    const facts = [
      role,
      ...(lastExit === null ? [] : [`last ended with ${lastExit}`]),
      ...(health?.locked === true ? ["locked: it has no root key"] : []),
    ];
    const lines = lastLines(log, 5).map((line) => `    ${line}`);
    return [`  ${id} is not ready: ${facts.join(", ")}. The end of ${log}:`, ...lines].join("\n");
  }
}

async function launchSupervisor(orders: SupervisorOrders): Promise<ChildProcess> {
  mkdirSync(orders.home, { recursive: true, mode: 0o700 });
  const log = openSync(placesOf(orders.home).supervisorLog, "a", 0o600);
  // A session of its own: Ctrl-C is for us, and we ask it to stop in order.
  const supervisor = fork(
    join(import.meta.dirname, "supervisor-main.js"),
    [JSON.stringify(orders)],
    { stdio: ["ignore", log, log, "ipc"], detached: true, execArgv: [] },
  );
  closeSync(log);
  const report = await firstReport(supervisor);
  if (report.kind === "refused") throw new FleetRefused(report.sentence);
  if (orders.lifetime === "detached") supervisor.disconnect();
  // It keeps nobody alive who does not wait for it.
  supervisor.channel?.unref();
  supervisor.unref();
  return supervisor;
}

function firstReport(supervisor: ChildProcess): Promise<StartReport> {
  return new Promise((settle) => {
    supervisor.once("message", (message) => {
      settle(message as StartReport);
    });
    supervisor.once("exit", () => {
      settle({ kind: "refused", sentence: "The supervisor ended before it had started." });
    });
  });
}
