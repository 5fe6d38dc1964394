// One node of a region's Raft group, running: its data, its driver, its peers, its clock. What the
// rest of the process sees of it is raft-group.ts.
import { setTimeout as pause } from "node:timers/promises";
import type { Clock } from "../base/clock.ts";
import type { Entropy } from "../base/entropy.ts";
import { refuseCall } from "../base/errors.ts";
import { logIndex, type LogIndex, type NodeId, type Term } from "../base/ids.ts";
import type { Command, CommandOutcome, ReplyTo } from "../machine/command.ts";
import type { StateView } from "../machine/state-view.ts";
import type { Message } from "../raft/input.ts";
import { isVoter } from "../raft/configuration.ts";
import { holdsUpTo } from "../raft/snapshot.ts";
import { knownLeader, startAsFollower, type RaftState } from "../raft/state.ts";
import { encodeEnvelope } from "../storage/command-codec.ts";
import { NodeStore } from "../storage/node-store.ts";
import type { OpenOptions } from "../storage/recovery.ts";
import { RaftDriver } from "./driver.ts";
import type { CompactionLimits } from "./compaction.ts";
import { handOver } from "./hand-over.ts";
import { encodeMessage } from "./peer-codec.ts";
import { clientCredentials, type PeerCertificates } from "./peer-identity.ts";
import { PeerLink } from "./peer-link.ts";
import { listenForPeers } from "./peer-listener.ts";
import { Proposals } from "./proposals.ts";
import type {
  HandedAnswer,
  HandedRequest,
  Leadership,
  RaftGroup,
  WaitOptions,
} from "./raft-group.ts";
import { ReadRounds } from "./read-rounds.ts";
import { SnapshotReceiver } from "./snapshot-receiver.ts";
import { SnapshotSender } from "./snapshot-sender.ts";

export interface RaftNodeParts {
  readonly storage: OpenOptions;
  /** Every other node, with the `host:port` of its peer listener. */
  readonly peers: readonly { readonly id: NodeId; readonly address: string }[];
  readonly listenAddress: string;
  readonly certificates: PeerCertificates;
  readonly timing: RaftTiming;
  readonly compaction: CompactionLimits;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Answers a request that another node handed over. */
  readonly onHandedOver: (request: HandedRequest) => Promise<HandedAnswer>;
  /** The role, the term or the leader changed, or entries were applied. Called often: be quick. */
  readonly onProgress: () => void;
  readonly onPeerRefused: (reason: string) => void;
  readonly onInternalError: (error: unknown) => void;
  /** The node must stop. Called once. */
  readonly onFatal: (error: unknown) => void;
}

export interface RaftTiming {
  readonly tickMs: number;
  readonly electionTicks: number;
}

const proposalLimits = { count: 1024, sizeBytes: 16 * 1024 * 1024 };
const flow = { maxInFlightMessages: 64, maxInFlightBytes: 8 * 1024 * 1024 };
/** Between two looks whether the successor leads: a hand-over takes a few milliseconds. */
const resignLookMs = 2;
const floorSyncMs = 5_000;
/** Room for 2^32 rounds in each life of a process, and for two million lives drawn at random. */
const readsOfALife = 2 ** 32;
const readLives = 2 ** 21 - 1;
/** A read round without an answer for this many ticks was lost on the way. */
const readLostTicks = 3;

export class RaftNode implements RaftGroup, AsyncDisposable {
  readonly #parts: RaftNodeParts;
  readonly #store: NodeStore;
  readonly #driver: RaftDriver;
  readonly #links = new Map<NodeId, PeerLink>();
  readonly #proposals = new Proposals(proposalLimits);
  readonly #reads: ReadRounds;
  readonly #snapshots: SnapshotSender;
  /** The stream whose snapshot is taken: a newer one takes the place of an older one. */
  #receiving: SnapshotReceiver | undefined;
  #isProposing = false;
  #closeListener: (() => void) | undefined;
  readonly #timers: NodeJS.Timeout[] = [];

  private constructor(parts: RaftNodeParts, store: NodeStore, onFatal: (error: unknown) => void) {
    this.#parts = parts;
    this.#store = store;
    this.#reads = new ReadRounds({
      monotonicMs: () => parts.clock.monotonicMs(),
      ask: (readId) => {
        this.#driver.give({ kind: "read", readId });
      },
      atEndOfTurn: setImmediate,
      lostAfterMs: readLostTicks * parts.timing.tickMs,
      firstReadId: parts.entropy.below(readLives) * readsOfALife,
    });
    this.#snapshots = new SnapshotSender({
      openSource: () => store.openSnapshot(parts.entropy.uuid()),
      offer: (to, term, source) => {
        const link = this.#links.get(to);
        if (link === undefined) throw new Error("the follower is not known any more");
        return link.openSnapshot(term, source.meta);
      },
      pause: (ms) => pause(ms),
      monotonicMs: () => parts.clock.monotonicMs(),
      onFailed: (to, reason) => {
        parts.onPeerRefused(`a snapshot for node "${to}" did not arrive: ${reason}`);
      },
    });
    this.#driver = new RaftDriver({
      store,
      initialState: initialState(parts, store),
      send: (to, message, sizeBytes) => {
        this.#links.get(to)?.send(encodeMessage(message), sizeBytes);
      },
      atEndOfTurn: setImmediate,
      monotonicMs: () => parts.clock.monotonicMs(),
      later: (ms, callback) => {
        const timer = setTimeout(callback, ms);
        return () => {
          clearTimeout(timer);
        };
      },
      onApplied: (entry, outcome) => {
        this.#proposals.settle(entry.index, entry.term, outcome);
      },
      onAppliedUpTo: (index) => {
        this.#reads.applied(index);
        parts.onProgress();
      },
      onRead: (answer) => {
        if (answer.kind === "read_failed") this.#reads.failed(answer.readId);
        else this.#reads.ready(answer.readId, answer.index, this.#driver.applied);
      },
      onLeadership: () => {
        parts.onProgress();
      },
      sendSnapshot: (to, term) => {
        this.#sendSnapshot(to, term);
      },
      compaction: parts.compaction,
      snapshotHeld: () => this.#snapshots.heldIndex,
      onReplaced: (index) => {
        this.#proposals.forget(index);
        this.#reads.applied(index);
        store.dropFormerState().catch(onFatal);
        parts.onProgress();
      },
      onFatal,
    });
  }

  /** Throws `CorruptionError` or `IdentityMismatchError` of the data, or that of the listener. */
  static async start(parts: RaftNodeParts): Promise<RaftNode> {
    let isFatal = false;
    const onFatal = (error: unknown): void => {
      if (isFatal) return;
      isFatal = true;
      parts.onFatal(error);
    };
    const store = await NodeStore.open(parts.storage, onFatal);
    const node = new RaftNode(parts, store, onFatal);
    store.dropFormerState().catch(onFatal);
    try {
      await node.#connect();
    } catch (error) {
      await node[Symbol.asyncDispose]();
      throw error;
    }
    return node;
  }

  get view(): StateView {
    return this.#store.state;
  }

  /** For people and metrics. */
  status(): {
    readonly role: RaftState["role"]["kind"];
    readonly term: number;
    readonly leader: NodeId | undefined;
    readonly commitIndex: number;
    readonly applied: number;
  } {
    const { role, term, commitIndex } = this.#driver.state;
    const leader = knownLeader(this.#driver.state);
    return { role: role.kind, term, leader, commitIndex, applied: this.#driver.applied };
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
    { deadlineMs }: WaitOptions,
  ): Promise<CommandOutcome<ReplyTo<C>>> {
    return new Promise((resolve, reject) => {
      if (this.leadership().kind !== "leader") throw refuseCall("no_leader", {});
      const payload = encodeEnvelope({ at: this.#parts.clock.now(), command });
      this.#proposals.add({
        payload,
        deadlineMs,
        // The state machine answers each command with the reply of its kind.
        resolve: resolve,
        reject,
      });
      this.#proposeSoon();
    });
  }

  readBarrier({ deadlineMs }: WaitOptions): Promise<void> {
    return this.#reads.wait(deadlineMs);
  }

  handOver(request: HandedRequest): Promise<HandedAnswer> {
    return handOver(
      {
        clusterId: this.#parts.storage.identity.clusterId,
        self: this.#parts.storage.identity.nodeId,
        answerHere: this.#parts.onHandedOver,
        leader: () => knownLeader(this.#driver.state),
        linkTo: (peer) => this.#links.get(peer),
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
  async resign(): Promise<void> {
    const successor = furthestFollower(this.#driver.state);
    if (successor === undefined) return;
    this.#driver.give({ kind: "transfer", to: successor });
    const isHandingOver = (): boolean => {
      const { role } = this.#driver.state;
      return role.kind === "leader" && role.transfer !== undefined;
    };
    // The core gives a hand-over up by its own ticks; a node that has stopped has none.
    const { tickMs, electionTicks } = this.#parts.timing;
    const untilMs = this.#parts.clock.monotonicMs() + 2 * tickMs * electionTicks;
    while (isHandingOver() && this.#parts.clock.monotonicMs() < untilMs) await pause(resignLookMs);
  }

  /** Stops talking, waits for the batch under way, closes the data. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#snapshots.close();
    this.#closeListener?.();
    for (const link of this.#links.values()) link.close();
    await this.#driver.stop();
    this.#proposals.refuse(this.#proposals.takeQueued());
    this.#proposals.expire(Infinity);
    this.#reads.close();
    await this.#store[Symbol.asyncDispose]();
  }

  async #connect(): Promise<void> {
    const { storage, certificates, listenAddress, onFatal } = this.#parts;
    const { identity } = storage;
    const incarnation = this.#parts.entropy.uuid();
    const peerIds = new Set(this.#parts.peers.map(({ id }) => id));
    const listener = await listenForPeers({
      identity,
      isPeer: (node) => peerIds.has(node),
      certificates,
      incarnation,
      address: listenAddress,
      monotonicMs: () => this.#parts.clock.monotonicMs(),
      onMessage: (from, message) => {
        this.#takeMessage(from, message);
      },
      snapshotReceiver: () => this.#snapshotReceiver(),
      onHandedOver: this.#parts.onHandedOver,
      onRefused: this.#parts.onPeerRefused,
      onInternalError: this.#parts.onInternalError,
    });
    this.#closeListener = listener.close;
    for (const { id, address } of this.#parts.peers) {
      const credentials = clientCredentials(certificates, identity, id);
      const onBroken = (peer: NodeId): void => {
        this.#driver.give({ kind: "peer_unreachable", peer });
      };
      const link = new PeerLink({
        identity,
        peer: id,
        address,
        credentials,
        incarnation,
        onBroken,
      });
      this.#links.set(id, link);
    }
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

  #takeMessage(from: NodeId, message: Message): void {
    // Who is known to this node by its certificate, and who counts, are two questions: Raft asks
    // the second by itself, and a node it does not know yet may be a voter already.
    if (this.#links.has(from)) this.#driver.give({ kind: "message", from, message });
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
      const nowMs = clock.monotonicMs();
      const elapsedTicks = Math.max(1, Math.round((nowMs - lastMs) / timing.tickMs));
      lastMs = nowMs;
      this.#driver.give({ kind: "tick", elapsedTicks });
      this.#proposals.expire(nowMs);
      this.#reads.onTick(() => knownLeader(this.#driver.state) !== undefined);
    };
    // What waits in the sockets comes first: a heartbeat that arrived during a stall counts.
    this.#timers.push(setInterval(() => setImmediate(tick), timing.tickMs));
  }

  /** All proposals of one turn go into the log together. */
  #proposeSoon(): void {
    if (this.#isProposing) return;
    this.#isProposing = true;
    setImmediate(() => {
      this.#isProposing = false;
      this.#proposeQueued();
    });
  }

  #proposeQueued(): void {
    const proposals = this.#proposals.takeQueued();
    const { role, term, log } = this.#driver.state;
    if (role.kind !== "leader" || role.transfer !== undefined) {
      this.#proposals.refuse(proposals);
      return;
    }
    proposals.forEach((proposal, offset) => {
      this.#proposals.await(after(log.lastIndex, offset), term, proposal);
    });
    this.#driver.give({ kind: "propose", payloads: proposals.map(({ payload }) => payload) });
  }
}

function initialState({ storage, timing, entropy }: RaftNodeParts, store: NodeStore): RaftState {
  const { position, configuration } = store.state.applied;
  return startAsFollower({
    self: storage.identity.nodeId,
    configuration,
    settings: { electionTicks: timing.electionTicks, heartbeatTicks: 1, flow },
    hardState: store.recoveredHardState,
    log: store.recoveredLog,
    commitIndex: position.index,
    seed: entropy.below(2 ** 32),
  });
}

/** The voter that lacks the least; of equals, one that was heard lately. */
function furthestFollower({ role, configuration }: RaftState): NodeId | undefined {
  if (role.kind !== "leader") return undefined;
  const fit = [...role.progress].filter(
    ([peer, { mode }]) => mode === "replicate" && isVoter(configuration, peer),
  );
  fit.sort(
    ([, one], [, other]) =>
      other.matchIndex - one.matchIndex || Number(other.isActive) - Number(one.isActive),
  );
  return fit[0]?.[0];
}

function after(last: LogIndex, offset: number): LogIndex {
  return logIndex(last + 1 + offset);
}
