// A whole group of cores in one thread, from one seed: disks that land late and lose, a network
// that loses, repeats, reorders and is cut, nodes that crash between any two effects and that
// pause, and clients that propose and read. After every event a witness looks at all of it.
import { nodeId } from "../../src/base/ids.ts";
import { members, votersOnly, type Configuration } from "../../src/raft/configuration.ts";
import type { Input } from "../../src/raft/input.ts";
import { mayChangeMembership } from "../../src/raft/membership.ts";
import type { RaftSettings } from "../../src/raft/state.ts";
import { Chance } from "./chance.ts";
import { isAgreed, isToldOfRemoval } from "./core-agreement.ts";
import { isolate, partition } from "./core-cuts.ts";
import { Operators } from "./core-operators.ts";
import { nobody, payloadOf } from "./model-membership.ts";
import { ModelNetwork, type Packet } from "./model-network.ts";
import { ModelNode, type NodeFaults, type Onlooker } from "./model-node.ts";
import { ModelSnapshots } from "./model-snapshots.ts";
import { describeChange, nameOf, pickHappening, type Happening } from "./core-happening.ts";
import { drawFlow, drawSwarm, type Swarm } from "./swarm.ts";
import { must, Witness } from "./witness.ts";

export interface SimulationOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly events: number;
  /** Whether it is all about changes of the membership, or about everything a little. */
  readonly membership?: "busy";
}

/** What a run came to. The same options give the same hash. */
export interface SimulationOutcome {
  readonly hash: number;
  readonly committed: number;
  readonly terms: number;
  readonly reads: number;
  readonly snapshots: number;
  readonly transfers: number;
  readonly changes: number;
}

const timing: Omit<RaftSettings, "flow"> = { electionTicks: 6, heartbeatTicks: 2 };

export class CoreSimulation {
  readonly #options: SimulationOptions;
  readonly #chance: Chance;
  readonly #swarm: Swarm;
  readonly #network: ModelNetwork;
  readonly #nodes: ModelNode[] = [];
  readonly #witness: Witness;
  readonly #operators: Operators;
  readonly #nodeChance: Chance;
  readonly #settings: RaftSettings;
  readonly #happenings: readonly Happening[];
  readonly #events: string[] = [];
  #hash = 0x811c9dc5;
  #nextId = 1;
  #reads = 0;
  #resets = 0;
  #transfers = 0;
  #changes = 0;
  readonly #faults: NodeFaults;
  readonly #snapshots: ModelSnapshots;

  constructor(options: SimulationOptions) {
    const chance = new Chance(options.seed);
    this.#options = options;
    this.#chance = chance.split("events");
    const swarm = drawSwarm(chance.split("swarm"));
    const busy = { membership: 20 + swarm.membership, haste: 2 + swarm.haste / 4 };
    this.#swarm = options.membership === "busy" ? { ...swarm, ...busy } : swarm;
    this.#network = new ModelNetwork(chance.split("network"), this.#swarm);
    this.#snapshots = new ModelSnapshots(chance.split("snapshots"), this.#swarm);
    this.#nodeChance = chance.split("nodes");
    this.#settings = { ...timing, flow: drawFlow(this.#nodeChance) };
    this.#faults = { ...this.#swarm, entriesAMessage: 1 + this.#nodeChance.below(4) };
    const founders = Array.from({ length: options.nodes }, (_, at) => nodeId(`n${String(at + 1)}`));
    this.#witness = new Witness(votersOnly(founders), () => this.#nodes);
    while (this.#nodes.length < options.nodes) this.#createNode(votersOnly(founders));
    this.#operators = new Operators(chance.split("operators"), {
      nodes: () => this.#nodes,
      wasMember: (node) => this.#witness.wasMember(node),
      create: () => this.#createNode(nobody),
    });
    this.#happenings = this.#weigh(this.#swarm);
  }

  /** Runs to the end, or throws with the seed and what happened last. */
  run(): SimulationOutcome {
    try {
      for (let done = 0; done < this.#options.events; done += 1) {
        pickHappening(this.#happenings, this.#chance).happen();
      }
      this.#settle();
    } catch (error) {
      const { seed, nodes } = this.#options;
      const finding = error instanceof Error ? (error.stack ?? error.message) : String(error);
      const heading = `SEED=${String(seed)} with ${String(nodes)} nodes: ${finding}`;
      const swarm = JSON.stringify(this.#swarm);
      const states = this.#nodes.map((node) => node.describe());
      const lines = [
        heading,
        swarm,
        ...this.#events.slice(Number(process.env["TAILED"] ?? -60)),
        ...states,
      ];
      throw new Error(lines.join("\n"), { cause: error });
    }
    return {
      hash: this.#hash,
      committed: this.#witness.committed.length,
      terms: Math.max(...this.#nodes.map((node) => node.state?.term ?? 0)),
      reads: this.#reads,
      snapshots: this.#snapshots.installed,
      transfers: this.#transfers,
      changes: this.#changes,
    };
  }

  /** The next id, an empty disk, and what its founders told it. */
  #createNode(configuration: Configuration): ModelNode {
    const id = nodeId(`n${String(this.#nodes.length + 1)}`);
    const node = new ModelNode({
      id,
      configuration,
      settings: this.#settings,
      chance: this.#nodeChance.split(id),
      faults: this.#faults,
      onlooker: this.#onlooker(),
    });
    this.#nodes.push(node);
    return node;
  }

  #onlooker(): Onlooker {
    return {
      released: (node, letter) => {
        this.#witness.released(node, letter);
        this.#network.send({ from: node.id, to: letter.to, message: letter.message });
      },
      appended: this.#witness.appended.bind(this.#witness),
      landed: this.#witness.landed.bind(this.#witness),
      committedUpTo: this.#witness.committedUpTo.bind(this.#witness),
      applied: this.#witness.applied.bind(this.#witness),
      installed: this.#witness.installed.bind(this.#witness),
      snapshotWanted: (node, to, term) => {
        const receiver = this.#nodes.find(({ id }) => id === to);
        if (receiver !== undefined) this.#snapshots.ask(node, receiver, term);
      },
      readReady: (readId, index) => {
        this.#reads += 1;
        this.#witness.readReady(readId, index);
      },
    };
  }

  #weigh(swarm: Swarm): readonly Happening[] {
    const size = this.#nodes.length;
    const each =
      (happen: (node: ModelNode) => void): (() => void) =>
      () => {
        happen.call(this, this.#anyone());
      };
    const attack =
      (happen: (node: ModelNode) => void): (() => void) =>
      () => {
        happen.call(this, this.#victim());
      };
    const ofLeaders =
      (happen: (node: ModelNode) => void): (() => void) =>
      () => {
        const leaders = this.#leaders();
        if (leaders.length > 0) happen.call(this, this.#chance.pick(leaders));
      };
    return [
      { weight: 60, happen: this.#deliverNext.bind(this) },
      { weight: swarm.haste * size, happen: each(this.#tick) },
      { weight: 30, happen: each(this.#hearItself) },
      { weight: 30 * (1 - swarm.slowDisk), happen: each(this.#land) },
      { weight: 10, happen: each(this.#sendEntries) },
      { weight: 3, happen: ofLeaders(this.#propose) },
      { weight: 3, happen: each(this.#read) },
      { weight: 3, happen: ofLeaders(this.#read) },
      { weight: swarm.crash, happen: attack(this.#crash) },
      { weight: swarm.recovery, happen: each(this.#restart) },
      { weight: swarm.pause, happen: attack(this.#pause) },
      { weight: swarm.recovery, happen: each(this.#resume) },
      { weight: swarm.partition, happen: this.#partition.bind(this) },
      { weight: swarm.partition, happen: attack(this.#isolate) },
      { weight: swarm.recovery, happen: this.#heal.bind(this) },
      { weight: swarm.reset, happen: each(this.#reset) },
      { weight: swarm.compaction, happen: each(this.#compact) },
      { weight: swarm.snapshotHaste, happen: this.#moveSnapshot.bind(this) },
      { weight: swarm.transfer, happen: ofLeaders(this.#handOver) },
      { weight: swarm.membership, happen: ofLeaders(this.#changeMembership) },
      { weight: swarm.diskStall, happen: attack(this.#stall) },
      { weight: swarm.recovery, happen: each(this.#unstall) },
      { weight: 15, happen: each(this.#apply) },
    ];
  }

  #give(node: ModelNode, input: Input): void {
    const name = input.kind === "message" ? nameOf(input) : input.kind;
    this.#note(node, name);
    node.give(input);
    this.#witness.check(node);
  }

  #deliverNext(): void {
    this.#deliver(this.#network.take());
  }

  #deliver(packet: Packet | undefined): void {
    const node = this.#nodes.find(({ id }) => id === packet?.to);
    // What reaches a node that is down is lost; what reaches a paused one waits for it.
    if (packet === undefined || node?.state === undefined) return;
    if (node.isPaused) {
      this.#network.send(packet);
      return;
    }
    this.#give(node, { kind: "message", from: packet.from, message: packet.message });
  }

  #tick(node: ModelNode): void {
    if (node.state === undefined) return;
    node.missedTicks += 1;
    if (node.isPaused) return;
    const elapsedTicks = node.missedTicks;
    node.missedTicks = 0;
    node.stalledTicks = node.isStalled && node.disk.queued > 0 ? node.stalledTicks + 1 : 0;
    if (node.stalledTicks > 2 * timing.electionTicks) this.#give(node, { kind: "disk_stalled" });
    if (node.isUp) this.#give(node, { kind: "tick", elapsedTicks });
  }

  #hearItself(node: ModelNode): void {
    const input = node.isPaused ? undefined : node.inbox.shift();
    if (input !== undefined) this.#give(node, input);
  }

  #land(node: ModelNode): void {
    if (node.state === undefined || node.disk.queued === 0 || node.isStalled) return;
    this.#note(node, "lands");
    node.land(1 + this.#chance.below(3));
    this.#witness.check(node);
  }

  #sendEntries(node: ModelNode): void {
    if (node.isPaused || node.jobs.length === 0) return;
    this.#note(node, "sends entries");
    node.sendEntries();
  }

  #propose(node: ModelNode): void {
    if (node.isPaused || node.state?.role.kind !== "leader") return;
    if (node.state.role.transfer !== undefined) return;
    const count = 1 + this.#chance.below(3);
    const payloads = Array.from({ length: count }, () => new Uint8Array());
    this.#give(node, { kind: "propose", payloads });
  }

  #read(node: ModelNode): void {
    if (node.isPaused || node.state === undefined) return;
    const readId = this.#nextId++;
    this.#witness.readBegan(readId);
    this.#give(node, { kind: "read", readId });
  }

  #apply(node: ModelNode): void {
    if (node.isPaused || node.state === undefined) return;
    node.apply(1 + this.#chance.below(3));
    this.#witness.check(node);
  }

  #changeMembership(node: ModelNode): void {
    if (node.isPaused || node.state === undefined || !mayChangeMembership(node.state)) return;
    const change = this.#operators.nextChange(node.state);
    if (change === undefined) return;
    this.#note(node, describeChange(change));
    this.#give(node, { kind: "propose_membership", payload: payloadOf(change) });
    this.#changes += 1;
  }

  #stall(node: ModelNode): void {
    node.isStalled = node.isUp;
  }

  #unstall(node: ModelNode): void {
    node.isStalled = false;
  }

  #compact(node: ModelNode): void {
    if (node.isPaused || node.state === undefined) return;
    this.#note(node, "compacts");
    node.compact();
    this.#witness.check(node);
  }

  #moveSnapshot(): void {
    const moved = this.#snapshots.move();
    if (moved === undefined) return;
    this.#note(moved.node, moved.what);
    this.#witness.check(moved.node);
  }

  #handOver(node: ModelNode): void {
    if (node.isPaused || node.state?.role.kind !== "leader") return;
    const before = node.state.role.transfer;
    this.#give(node, { kind: "transfer", to: this.#anyone().id });
    // Looked up anew: it may have crashed over it.
    const role = this.#nodes.find(({ id }) => id === node.id)?.state?.role;
    if (role?.kind === "leader" && role.transfer !== before) this.#transfers += 1;
  }

  #crash(node: ModelNode): void {
    if (node.state === undefined) return;
    this.#note(node, "crashes");
    node.crash();
    this.#witness.check(node);
  }

  #restart(node: ModelNode): void {
    if (node.state !== undefined) return;
    this.#note(node, "starts");
    node.start();
    this.#witness.started(node);
    this.#witness.check(node);
  }

  #pause(node: ModelNode): void {
    node.isPaused = true;
  }

  #resume(node: ModelNode): void {
    if (!node.isPaused) return;
    node.isPaused = false;
  }

  #isolate(node: ModelNode): void {
    this.#note(node, isolate(this.#network, this.#chance, { node, nodes: this.#nodes }));
  }

  #partition(): void {
    this.#note(undefined, partition(this.#network, this.#chance, this.#nodes));
  }

  #heal(): void {
    this.#network.heal();
    this.#note(undefined, "the network heals");
  }

  #reset(from: ModelNode): void {
    const to = this.#anyone();
    if (from === to || from.state === undefined || from.isPaused) return;
    this.#network.reset(from.id, to.id);
    this.#give(from, { kind: "peer_unreachable", peer: to.id });
    this.#resets += 1;
    // Now and then it is not true: an address may be out of date.
    const isRefused = to.state === undefined || this.#resets % 4 === 0;
    if (isRefused && from.isUp) this.#give(from, { kind: "peer_gone", peer: to.id });
  }

  /** Faults end. Within twenty election timeouts there is one leader, and one log. */
  #settle(): void {
    this.#heal();
    this.#snapshots.calm();
    for (const node of this.#nodes) {
      node.calm();
      const isTold = isToldOfRemoval(node, this.#nodes, this.#witness);
      if (isTold && this.#chance.happens(0.5)) node.crash();
      else this.#restart(node);
      this.#resume(node);
    }
    const isSettled = (): boolean => this.#isAgreed();
    this.#rounds(isSettled, "one leader and one log");
    const leader = this.#leader();
    must(leader !== undefined, "there is a leader");
    const before = this.#witness.committed.length;
    this.#give(leader, { kind: "propose", payloads: [new Uint8Array()] });
    const readsBefore = this.#reads;
    this.#rounds(
      () => this.#isAgreed() && this.#members().every(({ applied }) => applied > before),
      "a new entry is applied everywhere",
    );
    this.#rounds(() => this.#reads > readsBefore, "a read is answered");
  }

  #rounds(isDone: () => boolean, wish: string): void {
    for (let round = 0; round < 20 * timing.electionTicks; round += 1) {
      if (isDone()) return;
      for (const node of this.#nodes) this.#tick(node);
      this.#read(this.#chance.pick(this.#members()));
      this.#quiet();
    }
    must(isDone(), `in time: ${wish}`);
  }

  /** Everything that is under way arrives. */
  #quiet(): void {
    for (let pass = 0; pass < 40; pass += 1) {
      const packets = this.#drain();
      for (const packet of packets) this.#deliver(packet);
      for (const node of this.#nodes) {
        while (node.jobs.length > 0) this.#sendEntries(node);
        while (node.inbox.length > 0) this.#hearItself(node);
        while (node.disk.queued > 0) this.#land(node);
      }
      this.#moveSnapshot();
    }
  }

  #drain(): readonly Packet[] {
    const packets: Packet[] = [];
    while (!this.#network.isQuiet) {
      const packet = this.#network.takeOldest();
      if (packet !== undefined) packets.push(packet);
    }
    return packets;
  }

  /** Everybody who is to have everything, by what was ever committed. */
  #members(): readonly ModelNode[] {
    const present = members(this.#witness.configuration);
    return this.#nodes.filter(({ id }) => present.has(id));
  }

  #leader(): ModelNode | undefined {
    const leaders = this.#leaders();
    return leaders.length === 1 ? leaders[0] : undefined;
  }

  /** Whoever believes that it leads. */
  #leaders(): readonly ModelNode[] {
    return this.#nodes.filter(({ state }) => state?.role.kind === "leader");
  }

  #isAgreed(): boolean {
    const leader = this.#leader();
    return leader !== undefined && isAgreed(leader, this.#members());
  }

  #victim(): ModelNode {
    const leaders = this.#leaders();
    const isHunted = leaders.length > 0 && this.#chance.happens(this.#swarm.hunting);
    return this.#chance.pick(isHunted ? leaders : this.#nodes);
  }

  #anyone(): ModelNode {
    return this.#chance.pick(this.#nodes);
  }

  #note(node: ModelNode | undefined, what: string): void {
    const state = node?.state;
    const role = state === undefined ? "" : `${state.role.kind} t${String(state.term)}`;
    const event = `${node?.id ?? "*"} ${role} ${what}`;
    this.#events.push(event);
    for (let at = 0; at < event.length; at += 1) {
      this.#hash = Math.imul(this.#hash ^ event.charCodeAt(at), 0x01000193) >>> 0;
    }
  }
}
