// A node around the core: the driver's side of the contract in effect.ts, without a real disk or a
// real network, and with a crash between any two effects.
import { assert, unreachable } from "../../src/base/assert.ts";
import { logIndex, type NodeId, type Term } from "../../src/base/ids.ts";
import type { Configuration } from "../../src/raft/configuration.ts";
import type { Effect, Persist, SendEntries } from "../../src/raft/effect.ts";
import type { Entry, Input, Message } from "../../src/raft/input.ts";
import { extend, positionAt, type LogPosition, type LogTerms } from "../../src/raft/log-terms.ts";
import { startAsFollower, type RaftSettings, type RaftState } from "../../src/raft/state.ts";
import { step } from "../../src/raft/step.ts";
import { isMembershipEntry } from "../../src/raft/unapplied.ts";
import type { Chance } from "./chance.ts";
import { ModelDisk, type ModelState } from "./model-disk.ts";
import { configurationAfter, describeConfiguration } from "./model-membership.ts";

/** What the world sees of a node. */
export interface Onlooker {
  released(node: ModelNode, letter: Letter): void;
  appended(node: ModelNode, entries: readonly Entry[]): void;
  landed(node: ModelNode, replaced: readonly Entry[]): void;
  committedUpTo(node: ModelNode, index: number): void;
  applied(node: ModelNode, entry: Entry): void;
  readReady(readId: number, index: number): void;
  snapshotWanted(node: ModelNode, to: NodeId, term: Term): void;
  installed(node: ModelNode, replaced: readonly Entry[]): void;
}

export interface Letter {
  readonly to: NodeId;
  readonly message: Message;
  /** The write that must be durable before this leaves. */
  readonly needs: number;
  /** What an answer promises to hold, as the log was when it was given. */
  readonly promised: Entry | undefined;
}

export interface NodeFaults {
  readonly crashAtEffect: number;
  readonly crashAtElection: number;
  /** How often entries are looked up later than asked. */
  readonly laziness: number;
  /** How often what is committed is not applied at once. */
  readonly applyLag: number;
  /** How often what is applied is not on the disk at once. */
  readonly rowLag: number;
  readonly entriesAMessage: number;
}

export interface NodeParts {
  readonly id: NodeId;
  readonly configuration: Configuration;
  readonly settings: RaftSettings;
  readonly chance: Chance;
  readonly faults: NodeFaults;
  readonly onlooker: Onlooker;
}

export class ModelNode {
  readonly id: NodeId;
  readonly disk: ModelDisk;
  /** Undefined while it is down. */
  state: RaftState | undefined;
  /** With what was dropped from its beginning: that is in the state, and read from there only. */
  log: readonly Entry[] = [];
  applied = 0;
  /** As of what is applied. */
  configuration: Configuration;
  /** Counts the starts: what was for an earlier life does not reach this one. */
  life = 0;
  missedTicks = 0;
  isPaused = false;
  /** Its disk takes writes and lands none. */
  isStalled = false;
  stalledTicks = 0;
  /** What it will hear from itself: its disk, its own sending. */
  inbox: Input[] = [];
  jobs: { readonly job: SendEntries; readonly needs: number }[] = [];
  #outbox: Letter[] = [];
  #lastWrite = 0;
  #lastHardState = 0;
  #isCalm = false;
  readonly #parts: NodeParts;

  constructor(parts: NodeParts) {
    this.#parts = parts;
    this.id = parts.id;
    this.configuration = parts.configuration;
    this.disk = new ModelDisk(parts.configuration);
    this.start();
  }

  start(): void {
    const { disk } = this;
    this.log = disk.log;
    this.applied = disk.applied;
    this.configuration = disk.configuration;
    this.life += 1;
    const empty = { start: disk.start, runs: [], lastIndex: disk.start.index };
    const kept = disk.log.slice(disk.start.index);
    this.state = startAsFollower({
      self: this.id,
      configuration: disk.configuration,
      settings: this.#parts.settings,
      hardState: disk.hardState,
      log: kept.reduce<LogTerms>((log, entry) => extend(log, entry.term, 1), empty),
      commitIndex: logIndex(disk.applied),
      unappliedMemberships: disk.log
        .slice(disk.applied)
        .filter(isMembershipEntry)
        .map(({ index }) => index),
      seed: this.#parts.chance.below(2 ** 31),
    });
  }

  /** Down, with whatever of its queue the disk still got to. */
  crash(): void {
    const stillLanding = this.#parts.chance.below(this.disk.queued + 1);
    for (let count = 0; count < stillLanding; count += 1) {
      this.#parts.onlooker.landed(this, this.disk.landNext());
    }
    this.disk.lose();
    this.state = undefined;
    this.isPaused = false;
    this.isStalled = false;
    this.stalledTicks = 0;
    this.missedTicks = 0;
    this.inbox = [];
    this.jobs = [];
    this.#outbox = [];
    this.#lastWrite = 0;
    this.#lastHardState = 0;
  }

  /** No more crashes of its own, and no more laziness. */
  calm(): void {
    this.#isCalm = true;
    this.isStalled = false;
  }

  give(input: Input): void {
    const before = this.state;
    assert(before !== undefined, "a node that is down hears nothing");
    const { state, effects } = step(before, input);
    this.state = state;
    for (const effect of effects) if (effect.kind === "persist") this.#remember(effect.entries);

    const crashesAfter = this.#crashPoint(before, effects.length);
    for (const effect of effects.slice(0, crashesAfter)) this.#perform(effect);
    if (crashesAfter !== undefined) this.crash();
    else if (this.#isCalm || !this.#parts.chance.happens(this.#parts.faults.applyLag)) this.apply();
  }

  /** Applies what is committed and durable here; some of it, or all. */
  apply(most = Infinity): void {
    for (let done = 0; done < most && this.#canApply; done += 1) this.#applyNext();
    if (this.#isCalm || !this.#parts.chance.happens(this.#parts.faults.rowLag)) this.#saveRows();
  }

  /** After how many effects the node crashes, if it does. */
  #crashPoint(before: RaftState, effectCount: number): number | undefined {
    const { chance, faults } = this.#parts;
    if (this.#isCalm) return undefined;
    if (chance.happens(faults.crashAtEffect)) return chance.below(effectCount + 1);
    const isElected = this.state?.role.kind === "leader" && before.role.kind !== "leader";
    return isElected && chance.happens(faults.crashAtElection) ? effectCount : undefined;
  }

  /** Some writes become durable in one batch. */
  land(count: number): void {
    const writes = Math.min(count, this.disk.queued);
    for (let done = 0; done < writes; done += 1) {
      this.#parts.onlooker.landed(this, this.disk.landNext());
      this.#release();
    }
    if (writes === 0) return;
    this.#saveRows();
    this.inbox.push({ kind: "persisted", sequence: this.disk.landedSequence });
    this.#beginLog();
  }

  /** Carries out the oldest `send_entries` that is still to do. */
  sendEntries(): void {
    const next = this.jobs.shift();
    if (next !== undefined) this.#materialize(next.job, next.needs);
  }

  get isUp(): boolean {
    return this.state !== undefined;
  }

  /** For people. */
  describe(): string {
    const { id, state, applied, log, disk, configuration } = this;
    const counted = describeConfiguration(configuration);
    const place = `log ${String(log.length)} applied ${String(applied)} disk ${String(disk.applied)}`;
    if (state === undefined) return `${id} down ${place} of ${counted}`;
    const { role, term, commitIndex, unappliedMemberships } = state;
    const followed = role.kind === "leader" ? [...role.progress] : [];
    const progress = followed.map(
      ([to, { mode, matchIndex }]) => `${to} ${mode} ${String(matchIndex)}`,
    );
    return [
      `${id} ${role.kind} t${String(term)} commit ${String(commitIndex)} from ${String(state.log.start.index)}`,
      `${place} of ${counted} unapplied ${unappliedMemberships.join(" ")} ${progress.join(", ")}`,
    ].join(" ");
  }

  /** Drops some of what is applied, as long as no queued sending needs it. */
  compact(): void {
    const most = this.#dispensable;
    if (most > 0) this.#drop(1 + this.#parts.chance.below(most));
  }

  /** Whether the driver would begin with an install now: nothing is on its way to the disk. */
  get canInstall(): boolean {
    const { state, disk } = this;
    if (state === undefined || this.isPaused || disk.queued > 0) return false;
    return (
      disk.landedSequence === state.durability.nextSequence - 1 &&
      state.durability.pending.length === 0
    );
  }

  /** The state becomes another's, by one write; a crash comes before it or after. */
  install(position: LogPosition, brought: ModelState): void {
    const { chance, faults, onlooker } = this.#parts;
    const { entries, configuration } = brought;
    const isUnlucky = !this.#isCalm && chance.happens(faults.crashAtEffect * 10);
    if (isUnlucky && chance.happens(0.5)) {
      this.crash();
      return;
    }
    const replaced = this.disk.install(position, brought);
    this.log = entries;
    this.configuration = configuration;
    this.applied = position.index;
    onlooker.installed(this, replaced);
    if (isUnlucky) this.crash();
    else this.give({ kind: "snapshot_installed", position, configuration });
  }

  #perform(effect: Effect): void {
    const { onlooker } = this.#parts;
    switch (effect.kind) {
      case "persist":
        this.#write(effect);
        return;
      case "send":
        this.#post(effect.to, effect.message, this.#lastHardState);
        return;
      case "acknowledge":
        this.#post(effect.to, effect.message, this.#lastWrite);
        return;
      case "send_entries":
        this.#queue(effect);
        return;
      case "commit":
        onlooker.committedUpTo(this, effect.index);
        return;
      case "read_ready":
        onlooker.readReady(effect.readId, effect.index);
        return;
      case "read_failed":
        return;
      case "send_snapshot":
        onlooker.snapshotWanted(this, effect.to, effect.term);
        return;
      case "halt":
        throw new Error(`${this.id} has lost what it acknowledged`);
      default:
        unreachable(effect, "raft effect");
    }
  }

  #write(persist: Persist): void {
    this.disk.write(persist);
    this.#lastWrite = persist.sequence;
    if (persist.hardState !== undefined) this.#lastHardState = persist.sequence;
  }

  #queue(job: SendEntries): void {
    const { chance, faults } = this.#parts;
    this.jobs.push({ job, needs: this.#lastHardState });
    if (!chance.happens(faults.laziness)) this.sendEntries();
  }

  #materialize(job: SendEntries, needs: number): void {
    const { state } = this;
    if (state?.role.kind !== "leader" || state.term !== job.term) return;
    const { entriesAMessage } = this.#parts.faults;
    assert(job.prev.index >= state.log.start.index, "only what is kept is sent");
    const upTo = Math.min(job.upTo, job.prev.index + entriesAMessage);
    const entries = this.log.slice(job.prev.index, upTo);
    const { to, term, prev, commitIndex, readRound } = job;
    const request = {
      kind: "append_request",
      term,
      prev,
      entries,
      commitIndex,
      readRound,
    } as const;
    this.#post(to, request, needs);
    const last = logIndex(prev.index + entries.length);
    this.inbox.push({ kind: "entries_sent", to, term, last, sizeBytes: entries.length * 100 });
  }

  #post(to: NodeId, message: Message, needs: number): void {
    const isPromise = message.kind === "append_response" && message.answer.kind === "matched";
    const held = isPromise ? this.log[message.answer.index - 1] : undefined;
    this.#outbox.push({ to, message, needs, promised: held });
    this.#release();
  }

  #release(): void {
    const ready = this.#outbox.filter(({ needs }) => needs <= this.disk.landedSequence);
    this.#outbox = this.#outbox.filter(({ needs }) => needs > this.disk.landedSequence);
    for (const letter of ready) this.#parts.onlooker.released(this, letter);
  }

  #remember(entries: readonly Entry[]): void {
    const [first] = entries;
    if (first === undefined) return;
    this.log = [...this.log.slice(0, first.index - 1), ...entries];
    this.#parts.onlooker.appended(this, entries);
  }

  get #canApply(): boolean {
    const { state, log, disk, applied } = this;
    return state !== undefined && applied < state.commitIndex && disk.log[applied] === log[applied];
  }

  #applyNext(): void {
    const entry = this.log[this.applied];
    assert(entry !== undefined, "what is committed is in the log");
    this.applied += 1;
    this.configuration = configurationAfter(this.configuration, entry);
    this.#parts.onlooker.applied(this, entry);
    if (!isMembershipEntry(entry)) return;
    const { configuration } = this;
    this.give({ kind: "membership_applied", index: entry.index, configuration });
  }

  /** The state machine's disk catches up with it. */
  #saveRows(): void {
    if (this.state === undefined) return;
    this.disk.applied = this.applied;
    this.disk.configuration = this.configuration;
  }

  /** A log does not reach back to the very beginning: a newcomer needs what is in no entry. */
  #beginLog(): void {
    if (this.state?.log.start.index === 0 && this.#dispensable > 0) this.#drop(1);
  }

  get #dispensable(): number {
    if (this.state === undefined) return 0;
    const needed = Math.min(...this.jobs.map(({ job }) => job.prev.index));
    return Math.min(this.disk.applied, needed) - this.state.log.start.index;
  }

  #drop(count: number): void {
    if (this.state === undefined) return;
    const { log } = this.state;
    const upTo = logIndex(log.start.index + count);
    this.disk.compact(positionAt(log, upTo));
    this.give({ kind: "compacted", upTo });
  }
}
