// One node: the production driver, proposals, reads, storage, recovery and snapshots, wired as
// raft-node.ts wires them, over a simulated process, disk and network.
import { refuseCall } from "../../src/base/errors.ts";
import { epochMs, logIndex, type LogIndex, type NodeId, type Term } from "../../src/base/ids.ts";
import { RaftDriver } from "../../src/consensus/driver.ts";
import { handOver } from "../../src/consensus/hand-over.ts";
import { Proposals } from "../../src/consensus/proposals.ts";
import type {
  AppliedOutcome,
  HandedAnswer,
  HandedRequest,
  Leadership,
} from "../../src/consensus/raft-group.ts";
import { ReadRounds } from "../../src/consensus/read-rounds.ts";
import { SnapshotReceiver } from "../../src/consensus/snapshot-receiver.ts";
import { SnapshotSender } from "../../src/consensus/snapshot-sender.ts";
import type { Command } from "../../src/machine/command.ts";
import type { ChangeMembership } from "../../src/machine/membership.ts";
import type { Configuration } from "../../src/raft/configuration.ts";
import type { Message } from "../../src/raft/input.ts";
import { mayChangeMembership } from "../../src/raft/membership.ts";
import { holdsUpTo } from "../../src/raft/snapshot.ts";
import { knownLeader, startAsFollower, type RaftState } from "../../src/raft/state.ts";
import { encodeEnvelope } from "../../src/storage/command-codec.ts";
import { NodeStore } from "../../src/storage/node-store.ts";
import { recoverFrom, type RecoveredContents } from "../../src/storage/recovery.ts";
import { simulatedCluster, type NodeSettings, type NodeSurroundings } from "./node-parts.ts";
import type { SimDisk } from "./node-disk.ts";
import { SimClock, SimProcess } from "./node-process.ts";
import type { Random } from "./node-random.ts";
import type { World } from "./node-world.ts";

/** What one process holds in memory. */
export interface Running {
  readonly store: NodeStore;
  readonly driver: RaftDriver;
  readonly proposals: Proposals;
  readonly reads: ReadRounds;
  readonly snapshots: SnapshotSender;
}

// As in raft-node.ts.
const proposalLimits = { count: 1024, sizeBytes: 16 * 1024 * 1024 };
const readsOfALife = 2 ** 32;
const readLives = 2 ** 21 - 1;
const readLostTicks = 3;

export class SimNode {
  readonly id: NodeId;
  readonly disk: SimDisk;
  readonly process: SimProcess;
  readonly clock: SimClock;
  readonly settings: NodeSettings;
  readonly #world: World;
  readonly #random: Random;
  readonly #around: NodeSurroundings;
  readonly #founders: Configuration;
  running: Running | undefined;
  /** Its data is damaged or gone: it is not started again. */
  isBeyondRepair = false;
  #receiving: SnapshotReceiver | undefined;
  #isProposing = false;
  #lastTickMs = 0;
  #isTickPending = false;

  constructor(parts: {
    readonly id: NodeId;
    readonly world: World;
    readonly random: Random;
    readonly disk: SimDisk;
    readonly settings: NodeSettings;
    /** Nobody for a node that joins. */
    readonly founders: Configuration;
    readonly around: NodeSurroundings;
  }) {
    this.id = parts.id;
    this.#founders = parts.founders;
    this.#world = parts.world;
    this.#random = parts.random;
    this.disk = parts.disk;
    this.settings = parts.settings;
    this.#around = parts.around;
    this.clock = new SimClock(parts.world, parts.settings.lookMs);
    this.process = new SimProcess({
      world: parts.world,
      afterTurn: () => {
        if (this.running !== undefined) this.#around.turned(this);
      },
      onThrow: (error) => {
        this.#around.fatal(this, error);
      },
    });
  }

  get state(): RaftState | undefined {
    return this.running?.driver.state;
  }

  /** The program starts: it recovers what is on its disk, by the production code. */
  start(): void {
    this.process.begin();
    this.#isProposing = false;
    const onFatal = this.#fatalOfThisLife();
    const database = this.disk.open(this.process.life, (carryOn) => {
      this.process.take(carryOn);
    });
    const options = {
      directory: this.id,
      identity: { clusterId: simulatedCluster, region: "simulated", nodeId: this.id },
      founders: this.#founders,
      now: epochMs(this.clock.now()),
    };
    const { life } = this.process;
    recoverFrom(database, options, this.disk.floorBatch).then((contents) => {
      if (life !== this.process.life || !this.process.isUp) return;
      const { floor } = this.disk;
      floor.write(contents.head.batch);
      const store = NodeStore.over({ ...contents, database, floor }, onFatal);
      this.#run(store, contents, onFatal);
    }, onFatal);
  }

  /** The process is gone from one moment to the next. */
  kill(): void {
    this.process.end();
    this.running?.snapshots.close();
    this.running = undefined;
    this.disk.cut();
  }

  give(from: NodeId, message: Message): void {
    this.running?.driver.give({ kind: "message", from, message });
  }

  leadership(): Leadership {
    const state = this.state;
    if (state === undefined) return { kind: "follower", leader: undefined };
    const isLeading = state.role.kind === "leader" && state.role.transfer === undefined;
    if (isLeading) return { kind: "leader", term: state.term };
    if (state.role.kind === "leader") return { kind: "follower", leader: undefined };
    return { kind: "follower", leader: knownLeader(state) };
  }

  propose(command: Command, deadlineMs: number): Promise<AppliedOutcome> {
    return new Promise((resolve, reject) => {
      if (this.running === undefined) throw refuseCall("no_leader", {});
      if (this.leadership().kind !== "leader") throw refuseCall("no_leader", {});
      const payload = encodeEnvelope({ at: this.clock.now(), command });
      this.running.proposals.add({ payload, deadlineMs, resolve, reject });
      this.#proposeSoon();
    });
  }

  /** As `#proposeChange` of raft-node.ts. Told where in the log it would be. */
  proposeChange(
    command: ChangeMembership,
    deadlineMs: number,
    at: (index: LogIndex) => void,
  ): Promise<AppliedOutcome> {
    return new Promise((resolve, reject) => {
      const { running } = this;
      if (running === undefined || this.leadership().kind !== "leader") {
        throw refuseCall("no_leader", {});
      }
      const { state } = running.driver;
      if (!mayChangeMembership(state)) throw refuseCall("membership_changing", {});
      const payload = encodeEnvelope({ at: this.clock.now(), command });
      const proposal = { payload, deadlineMs, resolve, reject };
      const index = logIndex(state.log.lastIndex + 1);
      running.proposals.admit(proposal);
      running.proposals.await(index, state.term, proposal);
      at(index);
      running.driver.give({ kind: "propose_membership", payload });
    });
  }

  readBarrier(deadlineMs: number): Promise<LogIndex> {
    if (this.running === undefined) return Promise.reject(refuseCall("no_leader", {}));
    return this.running.reads.wait(deadlineMs);
  }

  handOver(request: HandedRequest): Promise<HandedAnswer> {
    // Only what hand-over.ts uses of a link.
    const linkTo = (peer: NodeId): { readonly isUp: boolean; handOver: unknown } => ({
      isUp: this.#around.isOpen(this.id, peer),
      handOver: () => this.#around.ask(this, peer, request).then(handedReply),
    });
    return handOver(
      {
        clusterId: simulatedCluster,
        self: this.id,
        answerHere: (again) => this.#around.answerHanded(this, again),
        leader: () => (this.state === undefined ? undefined : knownLeader(this.state)),
        linkTo: (peer) => (peer === this.id ? undefined : (linkTo(peer) as never)),
        monotonicMs: () => this.clock.monotonicMs(),
        pause: (ms) => this.pause(ms),
      },
      request,
    );
  }

  receiver(): SnapshotReceiver {
    const isCurrent = (): boolean => this.#receiving === receiver;
    const { running } = this;
    if (running === undefined) throw new Error("the node is down");
    const receiver: SnapshotReceiver = new SnapshotReceiver({
      objectionTo: (term) => {
        const { state } = running.driver;
        return term === state.term ? undefined : `this node is in term ${String(state.term)}`;
      },
      isHeld: ({ position }) => holdsUpTo(running.driver.state, position),
      begin: () => {
        this.#receiving = receiver;
      },
      isCurrent,
      stage: (meta) => running.store.stageSnapshot(meta),
      install: (stage) => running.driver.install(stage),
    });
    return receiver;
  }

  later(ms: number, callback: () => void): () => void {
    let isOn = true;
    const { life } = this.process;
    this.#world.after(this.clock.micros(ms), {
      label: "is due",
      who: this.id,
      detail: undefined,
      happen: () => {
        if (!isOn || life !== this.process.life) return;
        this.process.take(() => {
          if (isOn) callback();
        });
      },
    });
    return () => {
      isOn = false;
    };
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.later(ms, resolve);
    });
  }

  #fatalOfThisLife(): (error: unknown) => void {
    const { life } = this.process;
    return (error) => {
      if (life === this.process.life && this.process.isUp) this.#around.fatal(this, error);
    };
  }

  #run(store: NodeStore, contents: RecoveredContents, onFatal: (error: unknown) => void): void {
    const atEndOfTurn = (callback: () => void): void => {
      this.process.atEndOfTurn(callback);
    };
    const monotonicMs = (): number => this.clock.monotonicMs();
    const later = this.later.bind(this);
    const proposals = new Proposals(proposalLimits);
    const reads = new ReadRounds({
      monotonicMs,
      ask: (readId) => {
        driver.give({ kind: "read", readId });
      },
      atEndOfTurn,
      lostAfterMs: readLostTicks * this.settings.tickMs,
      firstReadId: this.#random.below(readLives) * readsOfALife,
    });
    const snapshots = new SnapshotSender({
      openSource: () => store.openSnapshot(this.#random.uuid(), this.settings.chunkBytes),
      offer: (to, term, source) => this.#around.offer(this, to, { term, meta: source.meta }),
      pause: (ms) => this.pause(ms),
      later,
      monotonicMs,
      onFailed: () => undefined,
    });
    const driver = new RaftDriver({
      store,
      initialState: this.#initialState(store),
      send: (to, message) => {
        this.#around.send(this, to, message);
      },
      atEndOfTurn,
      monotonicMs,
      later,
      messageBytesMax: this.settings.messageBytes,
      onApplied: (entry, outcome) => {
        this.#around.applied(this, entry, outcome);
        proposals.settle(entry.index, entry.term, outcome);
      },
      onAppliedUpTo: (index) => {
        reads.applied(index);
      },
      onRead: (answer) => {
        if (answer.kind === "read_failed") reads.failed(answer.readId);
        else reads.ready(answer.readId, answer.index, driver.applied);
      },
      onLeadership: () => undefined,
      sendSnapshot: (to, term) => {
        this.#sendSnapshot(to, term);
      },
      compaction: this.settings.compaction,
      snapshotHeld: () => snapshots.heldIndex,
      onReplaced: (index) => {
        this.#around.replaced(this);
        proposals.forget(index);
        reads.applied(index);
        store.dropFormerState().catch(onFatal);
      },
      onFatal,
    });
    this.running = { store, driver, proposals, reads, snapshots };
    store.dropFormerState().catch(onFatal);
    this.#around.started(this, contents);
    this.#lastTickMs = this.clock.monotonicMs();
    this.#isTickPending = false;
    this.#tickLater();
  }

  #initialState(store: NodeStore): RaftState {
    const { position, configuration } = store.state.applied;
    const { electionTicks, flow } = this.settings;
    return startAsFollower({
      self: this.id,
      configuration,
      settings: { electionTicks, heartbeatTicks: 1, flow },
      hardState: store.recoveredHardState,
      log: store.recoveredLog,
      commitIndex: position.index,
      unappliedMemberships: store.recoveredMemberships,
      seed: this.#random.next(),
    });
  }

  #sendSnapshot(to: NodeId, term: Term): void {
    const { running } = this;
    if (running === undefined) return;
    const isWanted = (): boolean => {
      const { role, term: current } = running.driver.state;
      if (role.kind !== "leader" || current !== term) return false;
      return role.progress.get(to)?.mode === "snapshot";
    };
    running.snapshots.send(to, term, isWanted).then((outcome) => {
      running.driver.give({ kind: "snapshot_ended", to, term, outcome });
    }, this.#fatalOfThisLife());
  }

  /** As an interval: one that is due while the process is paused fires once when it wakes. */
  #tickLater(): void {
    const { life } = this.process;
    this.#world.after(this.clock.micros(this.settings.tickMs), {
      label: "ticks",
      who: this.id,
      detail: undefined,
      happen: () => {
        if (life !== this.process.life || !this.process.isUp) return;
        this.#tickLater();
        if (this.#isTickPending) return;
        this.#isTickPending = true;
        this.process.take(() => {
          this.#isTickPending = false;
          this.process.atEndOfTurn(() => {
            this.#tick();
          });
        });
      },
    });
  }

  #tick(): void {
    const { running } = this;
    if (running === undefined) return;
    const nowMs = this.clock.monotonicMs();
    const elapsedTicks = Math.max(1, Math.round((nowMs - this.#lastTickMs) / this.settings.tickMs));
    this.#lastTickMs = nowMs;
    running.driver.give({ kind: "tick", elapsedTicks });
    running.proposals.expire(nowMs);
    running.reads.onTick(() => knownLeader(running.driver.state) !== undefined);
  }

  #proposeSoon(): void {
    if (this.#isProposing) return;
    this.#isProposing = true;
    this.process.atEndOfTurn(() => {
      this.#isProposing = false;
      this.#proposeQueued();
    });
  }

  #proposeQueued(): void {
    if (this.running === undefined) return;
    const { proposals, driver } = this.running;
    const queued = proposals.takeQueued();
    const { role, term, log } = driver.state;
    if (role.kind !== "leader" || role.transfer !== undefined) {
      proposals.refuse(queued);
      return;
    }
    queued.forEach((proposal, offset) => {
      proposals.await(logIndex(log.lastIndex + 1 + offset), term, proposal);
    });
    driver.give({ kind: "propose", payloads: queued.map(({ payload }) => payload) });
  }
}

/** A reply as it comes over the wire. */
function handedReply(answer: HandedAnswer): object {
  if (!answer.ok) {
    const { code, facts } = answer.refusal;
    return { refusal: { code, factsJson: JSON.stringify(facts) } };
  }
  return { body: answer.body, logIndex: answer.index };
}
