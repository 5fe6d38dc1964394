// Carries out what the core decides: one input at a time in, effects out to the disk and the peers.
//
//   inputs ─► step ─┬─ send ────────────────► peers (after any vote listed before is durable)
//                   ├─ persist ─► batch ─► disk ─► acknowledgements ─► peers
//                   │               ▲       └────► persisted ─► step
//                   └─ commit ─► apply ─► rows ─┘
//
// One batch is under way at a time. What comes up meanwhile goes with the next one.
import { assert, unreachable } from "../base/assert.ts";
import { logIndex, type LogIndex, type NodeId, type Term } from "../base/ids.ts";
import type { CommandOutcome } from "../machine/command.ts";
import type { Effect, Persist, SendEntries } from "../raft/effect.ts";
import type { Entry, Input, Message } from "../raft/input.ts";
import { knownLeader, type RaftState } from "../raft/state.ts";
import { holdsUpTo } from "../raft/snapshot.ts";
import { step } from "../raft/step.ts";
import { CorruptionError } from "../storage/corruption.ts";
import { StorageWriteError, type NodeStore } from "../storage/node-store.ts";
import type { SnapshotStage } from "../storage/snapshot-stage.ts";
import { Applier } from "./applier.ts";
import { compactionTarget, type CompactionLimits } from "./compaction.ts";
import { DiskWatch } from "./disk-watch.ts";

export interface DriverParts {
  readonly store: NodeStore;
  readonly initialState: RaftState;
  readonly send: (to: NodeId, message: Message, sizeBytes: number) => void;
  /** Calls back in a later phase of this turn of the event loop, so that inputs gather. */
  readonly atEndOfTurn: (callback: () => void) => void;
  readonly monotonicMs: () => number;
  /** Calls back after a few milliseconds. Returns how to stop it. */
  readonly later: (ms: number, callback: () => void) => () => void;
  readonly onApplied: (entry: Entry, outcome: CommandOutcome | undefined) => void;
  readonly onAppliedUpTo: (index: LogIndex) => void;
  /** The state is that of a snapshot now; entries up to `index` were never applied one by one. */
  readonly onReplaced: (index: LogIndex) => void;
  readonly onRead: (answer: Extract<Effect, { kind: "read_ready" | "read_failed" }>) => void;
  readonly onLeadership: (state: RaftState) => void;
  /** Answered with `snapshot_ended`. */
  readonly sendSnapshot: (to: NodeId, term: Term) => void;
  readonly compaction: CompactionLimits;
  /** What the entries of one message may weigh together; one entry always fits. */
  readonly messageBytesMax?: number;
  /** A snapshot that is being sent: the log after it is kept. */
  readonly snapshotHeld: () => LogIndex | undefined;
  /** The node must stop: its data, its disk or its program cannot be trusted. */
  readonly onFatal: (error: unknown) => void;
}

const usualMessageBytesMax = 512 * 1024;
/** Applied rows alone may wait this long for company: no answer depends on them. */
const rowsWaitMs = 10;

interface HeldMessage {
  readonly after: number;
  readonly to: NodeId;
  readonly message: Message;
  readonly sizeBytes: number;
}

/** A snapshot that waits for its turn, and who waits for it. */
interface Install {
  readonly stage: SnapshotStage;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class RaftDriver {
  readonly #parts: DriverParts;
  readonly #applier: Applier;
  readonly #disk: DiskWatch;
  #state: RaftState;
  readonly #inputs: Input[] = [];
  #isStepping = false;
  #isStopped = false;

  /** Sequences of `persist` effects: issued, holding a vote or a term, and on the disk. */
  #issued = 0;
  #lastVote = 0;
  #landed = 0;
  #held: HeldMessage[] = [];

  #isFlushing = false;
  #flushedApplied: LogIndex;
  #isPumpScheduled = false;
  #rowsTimer: (() => void) | undefined;
  readonly #idle: (() => void)[] = [];
  #installing: Install | undefined;
  #isReplacing = false;

  constructor(parts: DriverParts) {
    this.#parts = parts;
    this.#state = parts.initialState;
    this.#applier = new Applier({
      ...parts,
      onMembership: (index, configuration) => {
        this.give({ kind: "membership_applied", index, configuration });
      },
    });
    this.#disk = new DiskWatch(2 * parts.initialState.settings.electionTicks);
    this.#flushedApplied = parts.store.state.applied.position.index;
    // What is known to be committed from the start is applied without waiting for news: until then
    // the node may not stand (raft/membership.ts).
    if (parts.initialState.commitIndex > this.applied) this.#schedulePump();
  }

  get state(): RaftState {
    return this.#state;
  }

  get applied(): LogIndex {
    return this.#applier.applied;
  }

  give(input: Input): void {
    if (input.kind === "tick" && !this.#isStopped) this.#watchDisk();
    if (this.#isStopped) return;
    this.#inputs.push(input);
    // While the state is being replaced, what comes in waits.
    if (this.#isStepping || this.#isReplacing) return;
    this.#drainInputs();
  }

  /**
   * Makes a staged snapshot this node's state, between two batches, unless the log has brought the
   * same meanwhile: either way everything up to its position is durably here when it resolves.
   * Rejects when another snapshot has come; after a failing write it never ends, for the node does.
   */
  install(stage: SnapshotStage): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#installing?.reject(new Error("Cannot install a snapshot: another one has come"));
      this.#installing = { stage, resolve, reject };
      this.#schedulePump();
    });
  }

  /** Something was derived of the state, which no entry brings to the disk: it is written soon. */
  writeRows(): void {
    this.#schedulePump();
  }

  /** Takes no more inputs; resolves when the batch under way has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#rowsTimer?.();
    if (!this.#isFlushing) return;
    await new Promise<void>((resolve) => {
      this.#idle.push(resolve);
    });
  }

  /** A node whose disk hangs neither leads nor stands, and does not wait for it for ever. */
  #watchDisk(): void {
    const disk = this.#disk.onTick(this.#parts.monotonicMs());
    if (disk === "stalled") this.#inputs.push({ kind: "disk_stalled" });
    if (disk === "hung") {
      this.#fail(new StorageWriteError("Cannot write to the data directory: the disk hangs"));
    }
  }

  #drainInputs(): void {
    this.#isStepping = true;
    try {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
        this.#step(next);
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#isStepping = false;
    }
  }

  #step(input: Input): void {
    const before = this.#state;
    const { state, effects } = step(before, input);
    this.#state = state;
    // In memory first: a leader's entries may be sent ahead of their own write.
    for (const effect of effects) {
      if (effect.kind === "persist") this.#parts.store.log.append(effect.entries);
    }
    for (const effect of effects) this.#perform(effect);
    const isSame =
      before.role.kind === state.role.kind &&
      before.term === state.term &&
      knownLeader(before) === knownLeader(state);
    if (!isSame) this.#parts.onLeadership(state);
  }

  #perform(effect: Effect): void {
    switch (effect.kind) {
      case "persist":
        this.#issue(effect);
        return;
      case "send":
        this.#sendAfter(this.#lastVote, effect.to, effect.message);
        return;
      case "acknowledge":
        this.#sendAfter(this.#issued, effect.to, effect.message);
        return;
      case "send_entries":
        this.#sendEntries(effect);
        return;
      case "commit":
        this.#schedulePump();
        return;
      case "send_snapshot":
        this.#parts.sendSnapshot(effect.to, effect.term);
        return;
      case "read_ready":
      case "read_failed":
        this.#parts.onRead(effect);
        return;
      case "halt":
        throw new CorruptionError(
          "the log",
          `this node acknowledged entries up to ${effect.expectedIndex} and holds them only up to ` +
            `${effect.lastIndex}`,
        );
      default:
        unreachable(effect, "raft effect");
    }
  }

  #issue({ sequence, hardState }: Persist): void {
    this.#issued = sequence;
    if (hardState !== undefined) this.#lastVote = sequence;
    this.#schedulePump();
  }

  #sendAfter(sequence: number, to: NodeId, message: Message): void {
    this.#sendHeld({ after: sequence, to, message, sizeBytes: 64 });
  }

  #sendHeld(held: HeldMessage): void {
    if (held.after <= this.#landed) this.#parts.send(held.to, held.message, held.sizeBytes);
    else this.#held.push(held);
  }

  #sendEntries(effect: SendEntries): void {
    const { to, prev, upTo, term, commitIndex, readRound } = effect;
    const first = logIndex(prev.index + 1);
    const maxBytes = this.#parts.messageBytesMax ?? usualMessageBytesMax;
    const entries = upTo < first ? [] : this.#parts.store.log.slice(first, upTo, maxBytes);
    const last = logIndex(prev.index + entries.length);
    const sizeBytes = entries.reduce((sum, entry) => sum + entry.bytes.length, 64);
    const message = {
      kind: "append_request",
      term,
      prev,
      entries,
      commitIndex,
      readRound,
    } as const;
    // A leader's entries may travel before its own copy has landed; its term and vote may not.
    this.#sendHeld({ after: this.#lastVote, to, message, sizeBytes });
    this.give({ kind: "entries_sent", to, term, last, sizeBytes });
  }

  #schedulePump(): void {
    if (this.#isPumpScheduled || this.#isStopped) return;
    this.#isPumpScheduled = true;
    this.#parts.atEndOfTurn(() => {
      this.#isPumpScheduled = false;
      try {
        this.#pump();
      } catch (error) {
        this.#fail(error);
      }
    });
  }

  #pump(): void {
    // The log may be gone from the disk by now, and still be here in memory.
    if (this.#isStopped || this.#isReplacing) return;
    const { commitIndex, durability } = this.#state;
    const upTo = logIndex(Math.min(commitIndex, durability.index));
    if (this.#applier.applyUpTo(upTo) === "more") this.#schedulePump();
    if (this.#isFlushing) return;
    if (this.#installing !== undefined && this.#issued === this.#landed) {
      this.#startInstall(this.#installing);
      return;
    }
    if (this.#issued > this.#landed) this.#startFlush();
    else if (this.#hasRows()) this.#flushRowsSoon();
  }

  #hasRows(): boolean {
    return this.applied > this.#flushedApplied || this.#parts.store.state.unlandedCount > 0;
  }

  #flushRowsSoon(): void {
    this.#rowsTimer ??= this.#parts.later(rowsWaitMs, () => {
      this.#rowsTimer = undefined;
      if (!this.#isFlushing && !this.#isStopped) this.#startFlush();
    });
  }

  #startFlush(): void {
    this.#rowsTimer?.();
    this.#rowsTimer = undefined;
    this.#isFlushing = true;
    this.#disk.begin(this.#parts.monotonicMs());
    const sequence = this.#issued;
    const applied = this.applied;
    const { term, votedFor, commitIndex } = this.#state;
    this.#parts.store.flush({ hardState: { term, votedFor }, commitIndex }).then(
      () => {
        this.#afterFlush(() => {
          this.#onLanded(sequence, applied);
        });
      },
      (error: unknown) => {
        this.#afterFlush(() => {
          this.#fail(error);
        });
      },
    );
  }

  #startInstall(install: Install): void {
    this.#installing = undefined;
    const { position, configuration } = install.stage.meta;
    if (install.stage.isRetired || this.#state.role.kind === "leader") {
      install.reject(
        new Error("Cannot install a snapshot: another one has come, or no use is left"),
      );
      this.#schedulePump();
      return;
    }
    if (holdsUpTo(this.#state, position)) {
      install.stage.discard().then(install.resolve, this.#fail.bind(this));
      this.#schedulePump();
      return;
    }
    this.#isFlushing = true;
    this.#isReplacing = true;
    this.#disk.begin(this.#parts.monotonicMs());
    const { term, votedFor } = this.#state;
    this.#parts.store.install(install.stage, { term, votedFor }).then(
      () => {
        this.#isReplacing = false;
        this.#afterFlush(() => {
          this.#flushedApplied = position.index;
          install.resolve();
          if (this.#isStopped) return;
          this.#step({ kind: "snapshot_installed", position, configuration });
          this.#parts.onReplaced(position.index);
          this.#drainInputs();
          this.#schedulePump();
        });
      },
      (error: unknown) => {
        this.#afterFlush(() => {
          this.#fail(error);
        });
      },
    );
  }

  /** Drops what nobody near needs any more; it goes with the next batch. */
  #compact(): void {
    const { log } = this.#parts.store;
    const upTo = compactionTarget(
      {
        log,
        appliedDurably: this.#flushedApplied,
        state: this.#state,
        snapshotHeld: this.#parts.snapshotHeld(),
      },
      this.#parts.compaction,
    );
    if (upTo === undefined) return;
    log.compactTo(upTo);
    this.give({ kind: "compacted", upTo });
  }

  /** However a batch ends, whoever waits to close the data may go on. */
  #afterFlush(carryOn: () => void): void {
    this.#isFlushing = false;
    this.#disk.end();
    for (const resolve of this.#idle.splice(0)) resolve();
    try {
      carryOn();
    } catch (error) {
      this.#fail(error);
    }
  }

  #onLanded(sequence: number, applied: LogIndex): void {
    this.#flushedApplied = applied;
    if (this.#isStopped) return;
    assert(sequence >= this.#landed, "batches land in order");
    this.#landed = sequence;
    const ready = this.#held.filter((message) => message.after <= sequence);
    this.#held = this.#held.filter((message) => message.after > sequence);
    for (const held of ready) this.#sendHeld(held);
    this.give({ kind: "persisted", sequence });
    this.#compact();
    this.#schedulePump();
  }

  #fail(error: unknown): void {
    this.#isStopped = true;
    this.#parts.onFatal(error);
  }
}
