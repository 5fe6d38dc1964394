// A whole region in one thread: nodes, disks, ways between them and clients, with an observer that
// looks at all of it. What goes wrong here goes wrong because faults.ts says so.
import { nodeId, type NodeId } from "../../src/base/ids.ts";
import { votersOnly, type Configuration } from "../../src/raft/configuration.ts";
import { RefusedError } from "../../src/base/errors.ts";
import type { HandedAnswer, HandedRequest } from "../../src/consensus/raft-group.ts";
import type { Message } from "../../src/raft/input.ts";
import { CorruptionError } from "../../src/storage/corruption.ts";
import { StorageWriteError } from "../../src/storage/node-store.ts";
import { Calls } from "./node-calls.ts";
import { drawTemper, SimClient, type Acknowledged } from "./node-client.ts";
import { SimDisk, SimDiskError } from "./node-disk.ts";
import { SimNode } from "./node-machine.ts";
import type { NodeSurroundings } from "./node-parts.ts";
import { SimNetwork } from "./node-network.ts";
import { Observer } from "./node-observer.ts";
import { Random } from "./node-random.ts";
import { Reference } from "./node-reference.ts";
import { NodeService } from "./node-service.ts";
import { openSnapshotStream } from "./node-snapshots.ts";
import type { Swarm } from "./node-swarm.ts";
import { must, Violation, World, type Micros } from "./node-world.ts";

export class Region {
  readonly world = new World();
  readonly nodes = new Map<NodeId, SimNode>();
  readonly clients: readonly SimClient[];
  readonly network: SimNetwork<Message>;
  readonly observer: Observer;
  readonly reference: Reference;
  readonly acknowledged: Acknowledged = { index: 0, writes: 0, reads: 0, unknown: 0 };
  /** Nodes that stay down because their data is damaged or gone. */
  lost = 0;
  restarts = 0;
  snapshots = 0;
  readonly #seed: number;
  readonly #swarm: Swarm;
  readonly #random: Random;
  readonly #calls = new Calls(this.world);
  readonly #service: NodeService;
  /** Changes of the membership whose place in the log is not decided. */
  #proposed: readonly { readonly index: number; readonly voters: ReadonlySet<NodeId> }[] = [];
  #configuration: Configuration | undefined;
  #asked: readonly SimNode[] = [];
  snapshotBreaks: number;
  #isCalm = false;

  constructor(seed: number, swarm: Swarm) {
    this.#seed = seed;
    this.#swarm = swarm;
    this.#random = Random.of(seed, "region");
    this.snapshotBreaks = swarm.snapshotBreaks;
    const ids = Array.from({ length: swarm.nodes }, (_, at) => nodeId(`n${String(at + 1)}`));
    const founders = votersOnly(ids);
    this.reference = new Reference(founders);
    this.observer = new Observer(this.world, () => this.nodes, this.reference);
    this.network = new SimNetwork({
      world: this.world,
      random: Random.of(seed, "network"),
      faults: swarm.network,
      isUp: (id) => this.nodes.get(id)?.running !== undefined,
      deliver: (from, to, message) => {
        const node = this.nodes.get(to);
        node?.process.take(() => {
          // As peer-listener.ts: elections of a removed node would only disturb.
          const isCampaign = message.kind === "vote_request" || message.kind === "pre_vote_request";
          const isBurned = isCampaign && node.running?.store.state.removedNode(from) !== undefined;
          if (!isBurned) node.give(from, message);
        });
      },
      broken: (from, to) => {
        const node = this.nodes.get(from);
        node?.process.take(() => {
          node.running?.driver.give({ kind: "peer_unreachable", peer: to });
        });
      },
    });
    this.#service = new NodeService({
      random: Random.of(seed, "service"),
      planRefused: (plan) => {
        this.reference.planRefused(plan);
      },
    });
    for (const id of ids) this.nodes.set(id, this.#createNode(id, founders));
    this.#asked = [...this.nodes.values()];
    this.clients = Array.from({ length: swarm.clients }, (_, at) => this.#createClient(at + 1));
  }

  begin(): void {
    for (const node of this.nodes.values()) node.start();
    for (const client of this.clients) client.begin();
    this.world.drain();
  }

  crash(node: SimNode): void {
    if (!node.process.isUp) return;
    this.#end(node);
    if (!node.isBeyondRepair) this.#restartLater(node);
  }

  /** Its data is gone with it. A node without data is never started under the same name. */
  lose(node: SimNode): void {
    this.#end(node);
    node.isBeyondRepair = true;
    this.lost += 1;
  }

  /** Whether it may lose its data, and a majority of all who may count still has everything. */
  mayLose(node: SimNode): boolean {
    return this.#electorates().every((voters) => this.#isMajorityIntact(voters, node));
  }

  /** A node on its way in: it knows nobody, and nobody knows it. */
  addNode(): SimNode {
    const id = nodeId(`n${String(this.nodes.size + 1)}`);
    const node = this.#createNode(id, votersOnly([]));
    this.nodes.set(id, node);
    this.#start(node);
    return node;
  }

  /** These may be the voters, as soon as the entry at `index` is applied. */
  mayCount(index: number, voters: ReadonlySet<NodeId>): void {
    this.#proposed = [...this.#proposed, { index, voters }];
  }

  /** Whether these voters could go on by themselves. */
  hasHealthyMajority(voters: ReadonlySet<NodeId>): boolean {
    const healthy = [...voters].filter((id) => {
      const node = this.nodes.get(id);
      return node !== undefined && isIntact(node) && node.process.isUp;
    });
    return healthy.length * 2 > voters.size && this.#isMajorityIntact(voters, undefined);
  }

  /** Nodes that were removed stop, once nobody counts on them any more. */
  dismissRemoved(): void {
    const needed = new Set(this.#electorates().flatMap((voters) => [...voters]));
    for (const node of this.nodes.values()) {
      if (!this.reference.isRemoved(node.id) || needed.has(node.id)) continue;
      if (this.#random.happens(0.5)) this.lose(node);
    }
  }

  /** What may come of asking a leader for something. */
  expectRefusal(error: unknown): void {
    if (!(error instanceof RefusedError)) this.world.fail(error);
  }

  /** The members, and of them whoever runs. */
  runningMembers(): readonly SimNode[] {
    const { voters, outgoingVoters, learners } = this.reference.configuration;
    const ids = new Set([...voters, ...outgoingVoters, ...learners]);
    return [...this.nodes.values()].filter(({ id, process }) => ids.has(id) && process.isUp);
  }

  /** Whoever believes that it leads. */
  leaders(): readonly SimNode[] {
    return [...this.nodes.values()].filter(({ state }) => state?.role.kind === "leader");
  }

  /** Faults end, a majority comes back, everybody else is down for good. */
  calm(): void {
    this.#isCalm = true;
    this.snapshotBreaks = 0;
    this.network.calm();
    const fit = this.#chooseFit();
    for (const node of this.nodes.values()) {
      node.clock.calm();
      if (!fit.includes(node)) {
        this.#end(node);
        continue;
      }
      node.disk.calm();
      node.process.wake();
      if (!node.process.isUp) this.#start(node);
    }
    for (const client of this.clients) client.calm();
  }

  /** At least a majority of all who may count, and maybe no more. */
  #chooseFit(): readonly SimNode[] {
    const electorates = this.#electorates();
    const members = new Set(electorates.flatMap((voters) => [...voters]));
    for (const learner of this.reference.configuration.learners) members.add(learner);
    let fit = [...this.nodes.values()].filter((node) => members.has(node.id) && isIntact(node));
    const isEnough = (nodes: readonly SimNode[]): boolean =>
      electorates.every(
        (voters) => 2 * nodes.filter(({ id }) => voters.has(id)).length > voters.size,
      );
    must(isEnough(fit), "faults leave a majority its data");
    for (const node of [...fit]) {
      const others = fit.filter((one) => one !== node);
      if (this.#random.happens(0.5) && isEnough(others)) fit = others;
    }
    return fit;
  }

  /** Every set of voters by which anybody may come to decide anything. */
  #electorates(): readonly ReadonlySet<NodeId>[] {
    const { applied, configuration } = this.reference;
    this.#proposed = this.#proposed.filter(({ index }) => index > applied);
    const { voters, outgoingVoters, learners } = configuration;
    const known = [configuration];
    for (const id of new Set([...voters, ...outgoingVoters, ...learners])) {
      const node = this.nodes.get(id);
      const held = node !== undefined && isIntact(node) ? node.disk.configuration() : undefined;
      if (held !== undefined) known.push(held);
      if (node?.state !== undefined && isIntact(node)) known.push(node.state.configuration);
    }
    return [
      ...known.flatMap((one) => [one.voters, one.outgoingVoters]),
      ...this.#proposed.map((one) => one.voters),
    ].filter((set) => set.size > 0);
  }

  #isMajorityIntact(voters: ReadonlySet<NodeId>, without: SimNode | undefined): boolean {
    const intact = [...voters].filter((id) => {
      const node = this.nodes.get(id);
      return node !== undefined && node !== without && isIntact(node);
    });
    return 2 * intact.length > voters.size;
  }

  /** Whom clients ask: the members, as the region itself would tell. */
  #endpoints(): readonly SimNode[] {
    const { configuration } = this.reference;
    if (this.#configuration !== configuration) {
      this.#configuration = configuration;
      const { voters, learners } = configuration;
      this.#asked = [...this.nodes.values()].filter(({ id }) => voters.has(id) || learners.has(id));
    }
    return this.#asked;
  }

  #createNode(id: NodeId, founders: Configuration): SimNode {
    const random = Random.of(this.#seed, id);
    const disk = new SimDisk({
      world: this.world,
      random: Random.of(this.#seed, `${id} disk`),
      who: id,
      faults: this.#swarm.disk,
    });
    const { settings } = this.#swarm;
    const around = this.#around();
    return new SimNode({ id, world: this.world, random, disk, settings, founders, around });
  }

  #around(): NodeSurroundings {
    const { observer } = this;
    return {
      send: (node, to, message) => {
        observer.sent(node, to, message);
        this.network.send(node.id, to, message);
      },
      isOpen: (from, to) => this.network.isOpen(from, to),
      offer: (node, to, offer) => {
        const ways = {
          world: this.world,
          random: this.#random,
          nodeOf: (id: NodeId) => this.nodes.get(id),
          isPassable: (from: NodeId, other: NodeId) => this.network.isPassable(from, other),
          delay: (from: NodeId, other: NodeId) => this.network.delay(from, other),
          breaks: () => this.snapshotBreaks,
        };
        return openSnapshotStream(ways, node, { to, offer });
      },
      ask: (node, to, request) => this.#ask(node, to, request),
      answerHanded: (node, request) => this.#service.answerHanded(node, request),
      started: (node, contents) => {
        observer.started(node, contents);
        this.network.began(node.id, this.nodes.keys());
      },
      applied: observer.applied.bind(observer),
      replaced: (node) => {
        this.snapshots += 1;
        observer.replaced(node);
      },
      turned: observer.turned.bind(observer),
      fatal: this.#fatal.bind(this),
    };
  }

  #createClient(number: number): SimClient {
    const name = `c${String(number)}`;
    const { secrets, thinkMicros, deadlineMs, requestLoss } = this.#swarm;
    return new SimClient({
      name,
      world: this.world,
      random: Random.of(this.#seed, name),
      calls: this.#calls,
      nodes: () => this.#endpoints(),
      service: this.#service,
      reference: this.reference,
      acknowledged: this.acknowledged,
      secrets: Array.from({ length: secrets }, (_, at) => `secret-${String(at + 1)}`),
      thinkMicros,
      deadlineMs,
      faults: { loss: requestLoss },
      temper: drawTemper(Random.of(this.#seed, `${name}, its temper`)),
    });
  }

  #ask(node: SimNode, to: NodeId, request: HandedRequest): Promise<HandedAnswer> {
    const leader = this.nodes.get(to);
    must(leader !== undefined, "who leads is a node");
    const leg = (from: NodeId, other: NodeId): Micros | undefined =>
      this.network.isPassable(from, other) ? this.network.delay(from, other) : undefined;
    const leftMs = request.deadlineMs - node.clock.monotonicMs();
    const legs = {
      there: leg(node.id, to),
      back: () => leg(to, node.id),
      timeout: Math.max(0, leftMs) * 1000,
    };
    const { life } = node.process;
    // What comes back reaches the process that asked, when it has time.
    return new Promise((resolve, reject) => {
      const back = (settle: () => void): void => {
        if (life === node.process.life) node.process.take(settle);
      };
      this.#calls
        .call(leader, legs, () =>
          this.#service.answerHanded(leader, {
            ...request,
            deadlineMs: leader.clock.monotonicMs() + leftMs,
          }),
        )
        .then(
          (answer) => {
            back(() => {
              resolve(answer);
            });
          },
          (error: unknown) => {
            back(() => {
              reject(error instanceof Error ? error : new Error("no error"));
            });
          },
        );
    });
  }

  #fatal(node: SimNode, error: unknown): void {
    if (error instanceof Violation) {
      this.world.fail(error);
      return;
    }
    const isExpected =
      error instanceof CorruptionError
        ? node.disk.isDamaged
        : (rootOf(error) instanceof SimDiskError || isHang(node, error)) && !this.#isCalm;
    if (!isExpected) {
      this.world.fail(error);
      return;
    }
    if (error instanceof CorruptionError) {
      this.lose(node);
      return;
    }
    this.crash(node);
  }

  #end(node: SimNode): void {
    if (!node.process.isUp) return;
    node.kill();
    this.#calls.ended(node);
    this.network.ended(node.id);
  }

  #restartLater(node: SimNode): void {
    this.world.after(this.#random.wait(this.#swarm.recoveryMicros), {
      label: "starts",
      who: node.id,
      detail: undefined,
      happen: () => {
        if (!this.#isCalm && !node.process.isUp) this.#start(node);
      },
    });
  }

  #start(node: SimNode): void {
    this.restarts += 1;
    node.start();
  }
}

function isIntact({ disk, isBeyondRepair }: SimNode): boolean {
  return !isBeyondRepair && !disk.isDamaged;
}

/** Half a minute by a clock that is fast: no disk here stalls for that long. */
function isHang({ disk }: SimNode, error: unknown): boolean {
  return error instanceof StorageWriteError && error.cause === undefined && disk.isWriting;
}

function rootOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? rootOf(error.cause) : error;
}
