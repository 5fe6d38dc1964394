// One node of a region's Raft group, running: its data, its driver, its peers, its clock. What the
// rest of the process sees of it is raft-group.ts.
import { setTimeout as pause } from "node:timers/promises";
import type { Clock } from "../base/clock.ts";
import type { Entropy } from "../base/entropy.ts";
import { refuseCall } from "../base/errors.ts";
import type { LogIndex, NodeId, Term } from "../base/ids.ts";
import { later } from "../base/later.ts";
import type { Command, ReplyTo } from "../machine/command.ts";
import { ownFeatureLevel } from "../machine/feature-level.ts";
import type { MemberAddresses } from "../machine/member-record.ts";
import type { QueryView } from "../machine/state-view.ts";
import { holdsUpTo } from "../raft/snapshot.ts";
import { knownLeader } from "../raft/state.ts";
import { DiskSpace, type DiskSpaceParts, type Space } from "../storage/disk-space.ts";
import { NodeStore } from "../storage/node-store.ts";
import type { OpenOptions } from "../storage/recovery.ts";
import type { SnapshotSource } from "../storage/snapshot-source.ts";
import { AppliedListeners } from "./applied-listeners.ts";
import { RaftDriver } from "./driver.ts";
import type { CompactionLimits } from "./compaction.ts";
import { handOver } from "./hand-over.ts";
import { IndexBuilding } from "./index-building.ts";
import { encodeMessage } from "./peer-codec.ts";
import { furthestFollower, MembershipEngine } from "./membership-engine.ts";
import type { PeerCertificates } from "./peer-identity.ts";
import { listenForPeers } from "./peer-listener.ts";
import { promotionSettings, type PromotionSettings } from "./promotion.ts";
import { Proposals } from "./proposals.ts";
import { Proposer } from "./proposer.ts";
import type {
  AppliedOutcome,
  HandedAnswer,
  HandedRequest,
  Leadership,
  RaftGroup,
  WaitOptions,
} from "./raft-group.ts";
import { readRoundsOfALife } from "./node-reads.ts";
import type { NodeStatus } from "./node-status.ts";
import type { ReadRounds } from "./read-rounds.ts";
import { recoveredState } from "./recovered-state.ts";
import type { RegionMembership } from "./region-membership.ts";
import { resign } from "./resign.ts";
import { SelfWatch, walkedAtStart, type WatchSettings } from "./self-watch.ts";
import { SnapshotReceiver } from "./snapshot-receiver.ts";
import { SnapshotSender } from "./snapshot-sender.ts";

export interface RaftNodeParts {
  readonly storage: OpenOptions;
  /** Where other nodes listen for peers, `host:port`, as far as the state does not know better. */
  readonly peers: readonly { readonly id: NodeId; readonly address: string }[];
  readonly listenAddress: string;
  /** Where this node is reached, for all to know. */
  readonly addresses?: MemberAddresses | undefined;
  /** What this node says it knows, in place of what its release does: for tests of upgrades. */
  readonly featureLevel?: number;
  /** When a learner becomes a voter by itself. */
  readonly promotion?: PromotionSettings | undefined;
  readonly certificates: PeerCertificates;
  readonly timing: RaftTiming;
  readonly compaction: CompactionLimits;
  /** What is kept free on the disk; absent where nobody watches it. */
  readonly space?: Omit<DiskSpaceParts, "directory"> | undefined;
  readonly watch?: WatchSettings | undefined;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Answers a request that another node handed over. */
  readonly onHandedOver: (request: HandedRequest) => Promise<HandedAnswer>;
  /** The role, the term or the leader changed, or entries were applied. Called often: be quick. */
  readonly onProgress: () => void;
  readonly onPeerRefused: (reason: string) => void;
  readonly onInternalError: (error: unknown) => void;
  /** The disk has become nearly full, or is no more. */
  readonly onSpace?: (space: Space) => void;
  /** The node must stop. Called once. */
  readonly onFatal: (error: unknown) => void;
}

/** What a node stands on. */
interface Opened {
  readonly store: NodeStore;
  readonly disk: DiskSpace | undefined;
}

export interface RaftTiming {
  readonly tickMs: number;
  readonly electionTicks: number;
}

const proposalLimits = { count: 1024, sizeBytes: 16 * 1024 * 1024 };
const floorSyncMs = 5_000;

export class RaftNode implements RaftGroup, AsyncDisposable {
  readonly #parts: RaftNodeParts;
  readonly #store: NodeStore;
  readonly #driver: RaftDriver;
  readonly #engine: MembershipEngine;
  readonly #watch: SelfWatch;
  readonly #incarnation: string;
  readonly #proposals = new Proposals(proposalLimits);
  readonly #reads: ReadRounds;
  readonly #snapshots: SnapshotSender;
  /** The stream whose snapshot is taken: a newer one takes the place of an older one. */
  #receiving: SnapshotReceiver | undefined;
  readonly #proposer: Proposer;
  readonly #indexing: IndexBuilding;
  #closeListener: (() => void) | undefined;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #appliedListeners = new AppliedListeners();
  readonly onApplied: RaftGroup["onApplied"] = (told) => this.#appliedListeners.add(told);

  private constructor(parts: RaftNodeParts, opened: Opened, onFatal: (error: unknown) => void) {
    const { store } = opened;
    this.#parts = parts;
    this.#store = store;
    this.#watch = this.#selfWatch(opened, onFatal);
    this.#incarnation = parts.entropy.uuid();
    this.#appliedListeners.add(parts.onProgress);
    this.#proposer = new Proposer({
      proposals: this.#proposals,
      clock: parts.clock,
      state: () => this.#driver.state,
      give: (input) => {
        this.#driver.give(input);
      },
      atEndOfTurn: setImmediate,
      objectionTo: ({ kind }) =>
        this.#watch.refuses(kind) ? refuseCall("low_space", {}) : undefined,
    });
    this.#engine = this.#membershipEngine(onFatal);
    this.#reads = readRoundsOfALife(parts, (readId) => {
      this.#driver.give({ kind: "read", readId });
    });
    this.#snapshots = this.#snapshotSender();
    this.#indexing = this.#indexBuilding(onFatal);
    this.#driver = new RaftDriver({
      store,
      initialState: recoveredState(store, {
        self: parts.storage.identity.nodeId,
        electionTicks: parts.timing.electionTicks,
        seed: parts.entropy.below(2 ** 32),
      }),
      send: (to, message, sizeBytes) => {
        this.#engine.links.get(to)?.send(encodeMessage(message), sizeBytes);
      },
      atEndOfTurn: setImmediate,
      monotonicMs: () => parts.clock.monotonicMs(),
      later,
      onApplied: (entry, outcome) => {
        this.#watch.onApplied(entry.index);
        this.#proposals.settle(entry.index, entry.term, outcome);
      },
      onAppliedUpTo: (index) => {
        this.#engine.onApplied();
        this.#reads.applied(index);
        this.#appliedListeners.tell();
      },
      onRead: (answer) => {
        if (answer.kind === "read_failed") this.#reads.failed(answer.readId);
        else this.#reads.ready(answer.readId, answer.index, this.#driver.applied);
      },
      onLeadership: parts.onProgress,
      sendSnapshot: this.#sendSnapshot.bind(this),
      compaction: parts.compaction,
      snapshotHeld: () => this.#snapshots.heldIndex,
      onReplaced: (index) => {
        this.#proposals.forget(index);
        this.#engine.onApplied();
        this.#reads.applied(index);
        store.dropFormerState().catch(onFatal);
        this.#indexing.start();
        this.#appliedListeners.tell();
      },
      onFatal,
    });
  }

  /**
   * Throws `CorruptionError` or `IdentityMismatchError` of the data, `NodeRemovedError` of a node
   * that knows it was removed, or the error of the listener.
   */
  static async start(parts: RaftNodeParts): Promise<RaftNode> {
    let isFatal = false;
    const onFatal = (error: unknown): void => {
      if (isFatal) return;
      isFatal = true;
      parts.onFatal(error);
    };
    const { directory } = parts.storage;
    // A full disk would not let the data be opened.
    const disk = parts.space && (await DiskSpace.prepare({ ...parts.space, directory }));
    const store = await NodeStore.open({ walkedAtStart, ...parts.storage }, onFatal);
    const node = new RaftNode(parts, { store, disk }, onFatal);
    store.dropFormerState().catch(onFatal);
    try {
      await node.#connect();
    } catch (error) {
      await node[Symbol.asyncDispose]();
      throw error;
    }
    return node;
  }

  get view(): QueryView {
    return this.#store.state;
  }

  get membership(): RegionMembership {
    return this.#engine.changes;
  }

  /** For people and metrics. */
  status(): NodeStatus {
    const { role, term, commitIndex } = this.#driver.state;
    const leader = knownLeader(this.#driver.state);
    const { position, digest } = this.#store.state.applied;
    const { space } = this.#watch;
    return { role: role.kind, term, leader, commitIndex, applied: position.index, digest, space };
  }

  leadership(): Leadership {
    const { state } = this.#driver;
    const isLeading = state.role.kind === "leader" && state.role.transfer === undefined;
    if (isLeading) return { kind: "leader", term: state.term };
    // A leader that hands over has no say any more: what comes in waits for its successor.
    if (state.role.kind === "leader") return { kind: "follower", leader: undefined };
    return { kind: "follower", leader: knownLeader(state) };
  }

  propose<C extends Command>(
    command: C,
    options: WaitOptions,
  ): Promise<AppliedOutcome<ReplyTo<C>>> {
    return this.#proposer.propose(command, options);
  }

  readBarrier({ deadlineMs }: WaitOptions): Promise<LogIndex> {
    return this.#reads.wait(deadlineMs);
  }

  /**
   * The state as it is on the disk, which may be a batch behind `view`; it stays while it is read.
   * Throws `CorruptionError`.
   */
  openSnapshot(): SnapshotSource {
    return this.#store.openSnapshot(this.#parts.entropy.uuid());
  }

  handOver(request: HandedRequest): Promise<HandedAnswer> {
    return handOver(
      {
        clusterId: this.#parts.storage.identity.clusterId,
        self: this.#parts.storage.identity.nodeId,
        answerHere: this.#parts.onHandedOver,
        leader: () => knownLeader(this.#driver.state),
        linkTo: (peer) => this.#engine.links.get(peer),
        monotonicMs: () => this.#parts.clock.monotonicMs(),
        pause: (ms) => pause(ms),
      },
      request,
    );
  }

  /**
   * Hands the lead to the follower that has come furthest, if this node has it: for a stop that
   * nobody notices. Resolves when somebody else leads, or when that does not come about in time.
   */
  resign(): Promise<void> {
    const { clock, timing } = this.#parts;
    return resign({
      state: () => this.#driver.state,
      give: (input) => {
        this.#driver.give(input);
      },
      monotonicMs: () => clock.monotonicMs(),
      patienceMs: 2 * timing.tickMs * timing.electionTicks,
    });
  }

  /** Stops talking, waits for the batch under way, closes the data. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    this.#snapshots.close();
    this.#closeListener?.();
    this.#engine.close();
    await this.#driver.stop();
    this.#proposals.refuse(this.#proposals.takeQueued());
    this.#proposals.expire(Infinity);
    this.#reads.close();
    await this.#indexing.close();
    await this.#watch.close();
    await this.#store[Symbol.asyncDispose]();
  }

  async #connect(): Promise<void> {
    const { storage, certificates, listenAddress, onFatal } = this.#parts;
    const engine = this.#engine;
    const listener = await listenForPeers({
      identity: storage.identity,
      standingOf: (node) => engine.standingOf(node),
      onGreeting: (node, greeting) => {
        engine.onGreeting(node, greeting);
      },
      onJoin: (attempt) => engine.admit(attempt),
      certificates,
      incarnation: this.#incarnation,
      address: listenAddress,
      monotonicMs: () => this.#parts.clock.monotonicMs(),
      // Who is heard, and who counts, are two questions: Raft asks the second by itself, and a node
      // that this one does not know yet may be a voter already.
      onMessage: (from, message) => {
        this.#driver.give({ kind: "message", from, message });
      },
      onReport: (from, report) => {
        this.#watch.take(from, report);
      },
      snapshotReceiver: () => this.#snapshotReceiver(),
      onHandedOver: this.#parts.onHandedOver,
      onRefused: this.#parts.onPeerRefused,
      onInternalError: this.#parts.onInternalError,
    });
    this.#closeListener = listener.close;
    engine.start();
    this.#watch.start();
    this.#indexing.start();
    this.#startTicking();
    const syncFloor = (): void => {
      try {
        this.#store.syncFloor();
      } catch (error) {
        onFatal(error);
      }
    };
    this.#timers.push(setInterval(syncFloor, floorSyncMs));
  }

  #sendSnapshot(to: NodeId, term: Term): void {
    const isWanted = (): boolean => {
      const { role, term: current } = this.#driver.state;
      if (role.kind !== "leader" || current !== term) return false;
      return role.progress.get(to)?.mode === "snapshot";
    };
    this.#snapshots.send(to, term, isWanted).then(
      (outcome) => {
        this.#driver.give({ kind: "snapshot_ended", to, term, outcome });
      },
      (error: unknown) => {
        this.#parts.onFatal(error);
      },
    );
  }

  #snapshotSender(): SnapshotSender {
    const { clock, entropy, onPeerRefused } = this.#parts;
    return new SnapshotSender({
      openSource: () => this.#store.openSnapshot(entropy.uuid()),
      offer: (to, term, source) => {
        const link = this.#engine.links.get(to);
        if (link === undefined) throw new Error("the follower is not known any more");
        return link.openSnapshot(term, source.meta);
      },
      pause: (ms) => pause(ms),
      later,
      monotonicMs: () => clock.monotonicMs(),
      onFailed: (to, reason) => {
        onPeerRefused(`a snapshot for node "${to}" did not arrive: ${reason}`);
      },
    });
  }

  #snapshotReceiver(): SnapshotReceiver {
    const isCurrent = (): boolean => this.#receiving === receiver;
    const receiver: SnapshotReceiver = new SnapshotReceiver({
      objectionTo: (term) => {
        const { state } = this.#driver;
        // The term first becomes known by the leader's own word, and durable.
        return term === state.term ? undefined : `this node is in term ${state.term}`;
      },
      isHeld: ({ position }) => holdsUpTo(this.#driver.state, position),
      begin: () => {
        this.#receiving = receiver;
      },
      isCurrent,
      stage: (meta) => this.#store.stageSnapshot(meta),
      install: (stage) => this.#driver.install(stage),
    });
    return receiver;
  }

  #startTicking(): void {
    const { clock, timing } = this.#parts;
    let lastMs = clock.monotonicMs();
    const tick = (): void => {
      // One may be under way in this turn when the node stops.
      if (this.#timers.length === 0) return;
      const nowMs = clock.monotonicMs();
      const elapsedTicks = Math.max(1, Math.round((nowMs - lastMs) / timing.tickMs));
      lastMs = nowMs;
      this.#driver.give({ kind: "tick", elapsedTicks });
      this.#proposals.expire(nowMs);
      this.#reads.onTick(() => knownLeader(this.#driver.state) !== undefined);
      this.#engine.onTick();
    };
    // What waits in the sockets comes first: a heartbeat that arrived during a stall counts.
    this.#timers.push(setInterval(() => setImmediate(tick), timing.tickMs));
  }

  #indexBuilding(onFatal: (error: unknown) => void): IndexBuilding {
    return new IndexBuilding({
      state: this.#store.state,
      monotonicMs: () => this.#parts.clock.monotonicMs(),
      write: () => {
        this.#driver.writeRows();
      },
      hasRoom: () => this.#watch.space === "enough",
      onFatal,
    });
  }

  #selfWatch(opened: Opened, onFatal: (error: unknown) => void): SelfWatch {
    return SelfWatch.of(this.#parts, {
      ...opened,
      send: (to, frame, sizeBytes) => {
        this.#engine.links.get(to)?.send(frame, sizeBytes);
      },
      onBetterLeader: (isFit) => {
        const successor = furthestFollower(this.#driver.state, isFit);
        if (successor !== undefined) this.#driver.give({ kind: "transfer", to: successor });
      },
      onFatal,
    });
  }

  #membershipEngine(onFatal: (error: unknown) => void): MembershipEngine {
    const { storage, timing, peers, addresses, promotion, ...parts } = this.#parts;
    return new MembershipEngine({
      featureLevel: ownFeatureLevel,
      ...parts,
      identity: storage.identity,
      incarnation: this.#incarnation,
      ownAddresses: addresses,
      given: new Map(peers.map(({ id, address }) => [id, address])),
      store: this.#store,
      pause: (ms) => pause(ms),
      electionTimeoutMs: timing.electionTicks * timing.tickMs,
      promotion: promotion ?? promotionSettings,
      state: () => this.#driver.state,
      isLeading: () => this.leadership().kind === "leader",
      give: (input) => {
        this.#driver.give(input);
      },
      readBarrier: (options) => this.readBarrier(options),
      propose: (command, options) => this.propose(command, options),
      proposeChange: (command, options) => this.#proposer.proposeChange(command, options),
      onFatal,
    });
  }
}
