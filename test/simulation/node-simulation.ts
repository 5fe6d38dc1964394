// One seed from beginning to end: first faults and what must never happen, then calm, in which
// everything that must happen does. A failure tells the seed, the event and what led to it.
import { drawSwarm, type FaultClass, type Swarm } from "./node-swarm.ts";
import { Faults } from "./node-faults.ts";
import { isJoint } from "../../src/raft/membership-change.ts";
import { knownLeader } from "../../src/raft/state.ts";
import type { SimNode } from "./node-machine.ts";
import { Region } from "./node-region.ts";
import { must, type Micros } from "./node-world.ts";

export interface SeedOptions {
  readonly seed: number;
  readonly without?: ReadonlySet<FaultClass>;
  /** Faults end after this much of their time: to find out how little a failure needs. */
  readonly safetyShare?: number;
}

export interface SeedOutcome {
  readonly seed: number;
  /** The same seed comes to the same, in every process. */
  readonly hash: number;
  readonly events: number;
  readonly micros: Micros;
  readonly nodes: number;
  readonly entries: number;
  readonly elections: number;
  readonly restarts: number;
  readonly snapshots: number;
  readonly faults: number;
  readonly writes: number;
  readonly reads: number;
  readonly unknown: number;
  readonly failure: SeedFailure | undefined;
}

export interface SeedFailure {
  readonly finding: string;
  readonly event: number;
  readonly faults: readonly FaultClass[];
  readonly history: readonly string[];
}

const second = 1_000_000;
/** What a node may need to start, before anybody counts election timeouts. */
const startMicros = 2 * second;
const settleMicros = 40 * second;

export function runSeed(options: SeedOptions): SeedOutcome {
  const swarm = drawSwarm(options.seed, options.without ?? new Set());
  const simulation = new NodeSimulation(options, swarm);
  const failure = simulation.run();
  const { world, reference, observer, acknowledged, restarts, snapshots } = simulation.region;
  return {
    seed: options.seed,
    hash: world.hash,
    events: world.events,
    micros: world.now,
    nodes: swarm.nodes,
    entries: reference.applied,
    elections: observer.elections,
    restarts,
    snapshots,
    faults: simulation.faults.counted,
    writes: acknowledged.writes,
    reads: acknowledged.reads,
    unknown: acknowledged.unknown,
    failure,
  };
}

class NodeSimulation {
  readonly region: Region;
  readonly faults: Faults;
  readonly #swarm: Swarm;
  readonly #safetyMicros: Micros;

  constructor({ seed, safetyShare = 1 }: SeedOptions, swarm: Swarm) {
    this.#swarm = swarm;
    this.#safetyMicros = swarm.safetyMicros * safetyShare;
    this.region = new Region(seed, swarm);
    this.faults = new Faults(this.region, seed, swarm);
  }

  run(): SeedFailure | undefined {
    const { world } = this.region;
    // Whoever throws where nobody listens is found out too.
    const onUnhandled = (error: unknown): void => {
      world.fail(error);
    };
    process.on("unhandledRejection", onUnhandled);
    try {
      this.region.begin();
      this.faults.begin();
      while (world.now < this.#safetyMicros) world.step();
      this.#recover();
      return undefined;
    } catch (error) {
      return {
        finding: error instanceof Error ? (error.stack ?? error.message) : String(error),
        event: world.events,
        faults: [...this.#swarm.present],
        history: world.history(),
      };
    } finally {
      process.off("unhandledRejection", onUnhandled);
    }
  }

  /** Liveness: a leader, every call answered, one state everywhere. */
  #recover(): void {
    const { clients } = this.region;
    this.faults.calm();
    const { tickMs, electionTicks } = this.#swarm.settings;
    const electionMicros = tickMs * electionTicks * 1000;
    this.region.calm();
    this.region.world.drain();
    this.#until(startMicros + 20 * electionMicros, "a leader that all follow", () =>
      isLed(this.region.runningMembers()),
    );
    const patience = 4 * this.#swarm.deadlineMs * 1000 + 20 * this.#swarm.thinkMicros;
    this.#until(patience, "every client is answered", () =>
      clients.every(({ answeredSinceCalm }) => answeredSinceCalm > 0),
    );
    for (const client of clients) client.isStopping = true;
    this.#until(patience, "every client ends", () => clients.every(({ hasStopped }) => hasStopped));
    this.#until(settleMicros, "all have applied the same", () =>
      isAgreed(this.region.runningMembers()),
    );
  }

  #until(limit: Micros, wish: string, isSo: () => boolean): void {
    const { world } = this.region;
    const end = world.now + limit;
    while (!isSo()) {
      must(world.now < end, `liveness: ${wish}`);
      world.step();
    }
  }
}

function isLed(nodes: readonly SimNode[]): boolean {
  const leader = nodes.find(({ state }) => state?.role.kind === "leader");
  return (
    leader !== undefined &&
    nodes.every(({ state }) => state !== undefined && knownLeader(state) === leader.id)
  );
}

function isAgreed(nodes: readonly SimNode[]): boolean {
  const [first, ...others] = nodes.map((node) => node.running?.store.state.applied);
  const leader = nodes.find(({ state }) => state?.role.kind === "leader");
  if (first === undefined || leader?.state === undefined) return false;
  const { lastIndex } = leader.state.log;
  if (first.position.index !== lastIndex) return false;
  if (isJoint(leader.state.configuration)) return false;
  if (others.some((applied) => applied?.position.index !== lastIndex)) return false;
  must(
    others.every((applied) => applied?.digest === first.digest),
    "13: nodes that have applied the same differ",
  );
  return true;
}
