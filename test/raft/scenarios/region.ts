// A small region of real cores that does what a scenario tells it, and nothing unasked: letters
// wait until they are delivered, disks and state machines can be held. What the driver promises is
// kept: nothing leaves before the writes that it rests on, nothing is applied before it is durable.
import { assert } from "../../../src/base/assert.ts";
import { logIndex, term, type NodeId, type Term } from "../../../src/base/ids.ts";
import { votersOnly, type Configuration } from "../../../src/raft/configuration.ts";
import type { Effect, Persist, SendEntries } from "../../../src/raft/effect.ts";
import { hearsLeader } from "../../../src/raft/election.ts";
import type { Entry, Input, Message } from "../../../src/raft/input.ts";
import { beforeLog, type LogPosition } from "../../../src/raft/log-terms.ts";
import { mayChangeMembership } from "../../../src/raft/membership.ts";
import type { MembershipChange } from "../../../src/raft/membership-change.ts";
import { holdsUpTo } from "../../../src/raft/snapshot.ts";
import { startAsFollower, type RaftSettings, type RaftState } from "../../../src/raft/state.ts";
import { step } from "../../../src/raft/step.ts";
import { settings as usual } from "../one-node.ts";
import { Member } from "./member.ts";
import { commandAt, configurationAfter, isMembership, payloadOf, termsOf } from "./entries.ts";

export interface Letter {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly message: Message;
}

interface Cargo {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly term: Term;
}

interface Founding {
  readonly configuration?: Configuration;
  readonly settings?: RaftSettings;
  /** The terms of the entries that a node begins with. */
  readonly logs?: Readonly<Record<string, readonly number[]>>;
  /** Its own term, if that is not the one of its last entry. */
  readonly terms?: Readonly<Record<string, number>>;
  readonly votes?: Readonly<Record<string, NodeId>>;
}

export class Region {
  /** Everything ever delivered, in order. */
  readonly delivered: Letter[] = [];
  /** How each read ended. */
  readonly reads = new Map<number, number | "failed">();
  letters: Letter[] = [];
  /** Snapshots asked for, and not brought yet. */
  cargo: Cargo[] = [];
  readonly #members = new Map<NodeId, Member>();
  readonly #cut = new Set<string>();
  #isLost: (letter: Letter) => boolean = () => false;
  #nextRead = 1;
  readonly #founding: Founding;

  constructor(names: readonly NodeId[], founding: Founding = {}) {
    this.#founding = founding;
    for (const name of names) this.join(name, founding.configuration ?? votersOnly(names));
  }

  /** A node starts with what it is given, or with nothing. */
  join(name: NodeId, configuration: Configuration): void {
    const { logs = {}, terms = {}, votes = {}, settings = usual } = this.#founding;
    const entries = (logs[name] ?? []).map((each, before) => commandAt(before + 1, each));
    const inTerm = terms[name] ?? entries.at(-1)?.term ?? 0;
    const state = startAsFollower({
      self: name,
      configuration,
      settings,
      hardState: { term: term(inTerm), votedFor: votes[name] },
      log: termsOf(beforeLog, entries),
      commitIndex: logIndex(0),
      unappliedMemberships: [],
      seed: Number(name.slice(1)),
    });
    this.#members.set(name, new Member(state, entries));
  }

  state(name: NodeId): RaftState {
    return this.#member(name).state;
  }

  applied(name: NodeId): number {
    return this.#member(name).applied;
  }

  isHalted(name: NodeId): boolean {
    return this.#member(name).isHalted;
  }

  /** The term of each entry, from the first on. */
  terms(name: NodeId): readonly number[] {
    return this.#member(name).log.map((entry) => entry.term);
  }

  kinds(name: NodeId): readonly Entry["kind"][] {
    return this.#member(name).log.map((entry) => entry.kind);
  }

  /** A node in a few words: "leads in 2", "follows n1 in 2". */
  view(name: NodeId): string {
    const { role, term: inTerm } = this.state(name);
    const words = {
      follower: `follows ${role.kind === "follower" ? (role.leader ?? "nobody") : ""}`,
      pre_candidate: "asks around",
      candidate: "stands",
      leader: "leads",
    };
    return `${words[role.kind]} in ${String(inTerm)}`;
  }

  views(): readonly string[] {
    return [...this.#members.keys()].map((name) => `${name} ${this.view(name)}`);
  }

  give(name: NodeId, input: Input): void {
    const member = this.#member(name);
    if (member.isHalted) return;
    const { state, effects } = step(member.state, input);
    member.state = state;
    for (const effect of effects) if (effect.kind === "persist") this.#ask(member, effect);
    for (const effect of effects) this.#perform(member, effect);
    this.#release(member);
    if (!member.isDiskHeld) this.land(name);
    this.#apply(name);
  }

  tick(name: NodeId, count = 1): void {
    for (let done = 0; done < count; done += 1) this.give(name, { kind: "tick", elapsedTicks: 1 });
  }

  /** Ticks a node until it loses patience. */
  timeOut(name: NodeId): void {
    const { role } = this.state(name);
    assert(role.kind !== "leader", "only others lose patience");
    this.tick(name, role.patienceTicks - role.quietTicks);
  }

  /** Ticks a node until it hears no leader any more; what it says meanwhile is lost. */
  forgetLeader(name: NodeId): void {
    while (hearsLeader(this.state(name))) this.tick(name);
    this.letters = this.letters.filter((letter) => letter.from !== name);
  }

  /** Everybody has lost sight of the leader; the first to ask is this node, and it wins. */
  elect(name: NodeId): void {
    const others = [...this.#members.keys()].filter((other) => other !== name);
    for (const other of others) {
      if (this.state(other).role.kind !== "leader") this.forgetLeader(other);
    }
    this.timeOut(name);
    this.settle();
    assert(this.state(name).role.kind === "leader", "the one who asks first wins");
  }

  propose(name: NodeId, count = 1): void {
    const payloads = Array.from({ length: count }, () => new Uint8Array([1]));
    this.give(name, { kind: "propose", payloads });
  }

  /** False if the leader may not change the membership now, or the node does not lead. */
  change(name: NodeId, change: Partial<MembershipChange>): boolean {
    if (!mayChangeMembership(this.state(name))) return false;
    this.give(name, { kind: "propose_membership", payload: payloadOf(change) });
    return true;
  }

  read(name: NodeId): number {
    const readId = this.#nextRead++;
    this.give(name, { kind: "read", readId });
    return readId;
  }

  /** What waits for a node arrives, from everybody or from one. */
  deliver(to: NodeId, from?: NodeId): void {
    const isMeant = (letter: Letter): boolean =>
      letter.to === to && (from === undefined || letter.from === from);
    const arriving = this.letters.filter(isMeant);
    this.letters = this.letters.filter((letter) => !isMeant(letter));
    for (const letter of arriving) this.#arrive(letter);
  }

  /** Everything arrives, snapshots too, until all is quiet. */
  settle(): void {
    for (let steps = 0; steps < 10_000; steps += 1) {
      const letter = this.letters.shift();
      if (letter !== undefined) this.#arrive(letter);
      else if (!this.bringSnapshot()) return;
    }
    throw new Error("the region does not come to rest");
  }

  /** Everybody ticks this often, and all that is said arrives at once. */
  pass(count: number): void {
    for (let done = 0; done < count; done += 1) {
      for (const name of this.#members.keys()) this.tick(name);
      this.settle();
    }
  }

  dropAll(): void {
    this.letters = [];
  }

  /** From now on such letters are lost, those under way as well. */
  lose(isLost: (letter: Letter) => boolean): void {
    this.#isLost = isLost;
    this.letters = this.letters.filter((letter) => !isLost(letter));
  }

  cut(one: NodeId, other: NodeId): void {
    this.#cut.add(`${one} ${other}`).add(`${other} ${one}`);
    this.letters = this.letters.filter((letter) => !this.#isCut(letter));
  }

  isolate(name: NodeId): void {
    for (const other of this.#members.keys()) if (other !== name) this.cut(name, other);
  }

  heal(): void {
    this.#cut.clear();
    this.#isLost = () => false;
  }

  holdDisk(name: NodeId): void {
    this.#member(name).isDiskHeld = true;
  }

  /** Everything asked for so far is durable; what waited for it leaves. */
  land(name: NodeId): void {
    const member = this.#member(name);
    member.isDiskHeld = false;
    for (const { hardState, entries } of member.writes) {
      const first = entries[0];
      const { disk } = member;
      if (first !== undefined) disk.log = [...disk.log.slice(0, first.index - 1), ...entries];
      if (hardState !== undefined) disk.hardState = hardState;
    }
    member.writes = [];
    const isNews = member.landed < member.lastWrite;
    member.landed = member.lastWrite;
    this.#release(member);
    if (isNews) this.give(name, { kind: "persisted", sequence: member.landed });
  }

  holdApply(name: NodeId): void {
    this.#member(name).isApplyHeld = true;
  }

  letApply(name: NodeId): void {
    this.#member(name).isApplyHeld = false;
    this.#apply(name);
  }

  /** The process dies with everything that has not landed, and starts again. */
  restart(name: NodeId): void {
    const member = this.#member(name);
    const { disk, applied, state } = member;
    const { start } = state.log;
    const again = startAsFollower({
      ...state,
      hardState: disk.hardState,
      log: termsOf(start, disk.log.slice(start.index)),
      commitIndex: logIndex(applied),
      unappliedMemberships: disk.log
        .filter((entry) => entry.index > applied && isMembership(entry))
        .map(({ index }) => index),
      seed: state.prng,
    });
    const { isApplyHeld } = member;
    Object.assign(member, new Member(again, disk.log), { applied, isApplyHeld });
  }

  compact(name: NodeId, upTo = this.applied(name)): void {
    this.give(name, { kind: "compacted", upTo: logIndex(upTo) });
  }

  /** The oldest snapshot asked for is brought as its sender now has it; false if there is none. */
  bringSnapshot(): boolean {
    const cargo = this.cargo.shift();
    if (cargo === undefined) return false;
    const { from, to } = cargo;
    const outcome = this.#isCut({ from, to }) ? undefined : this.#install(cargo);
    this.give(from, {
      kind: "snapshot_ended",
      to,
      term: cargo.term,
      outcome: outcome ?? { kind: "failed" },
    });
    return true;
  }

  #install({ from, to }: Cargo): {
    readonly kind: "installed";
    readonly index: LogPosition["index"];
  } {
    const sender = this.#member(from);
    const receiver = this.#member(to);
    const last = sender.log[sender.applied - 1];
    assert(last !== undefined, "a snapshot is of something");
    const position = { index: last.index, term: last.term };
    if (!holdsUpTo(receiver.state, position)) {
      receiver.log = sender.log.slice(0, position.index);
      receiver.disk.log = receiver.log;
      receiver.applied = position.index;
      const { configuration } = sender.state;
      this.give(to, { kind: "snapshot_installed", position, configuration });
    }
    return { kind: "installed", index: position.index };
  }

  #arrive(letter: Letter): void {
    this.delivered.push(letter);
    this.give(letter.to, { kind: "message", from: letter.from, message: letter.message });
  }

  #ask(member: Member, write: Persist): void {
    const first = write.entries[0];
    if (first !== undefined) {
      member.log = [...member.log.slice(0, first.index - 1), ...write.entries];
    }
    member.writes.push(write);
    member.lastWrite = write.sequence;
    if (write.hardState !== undefined) member.lastHardState = write.sequence;
  }

  #perform(member: Member, effect: Effect): void {
    const from = member.state.self;
    switch (effect.kind) {
      case "send":
        this.#post(member, effect, member.lastHardState);
        return;
      case "acknowledge":
        this.#post(member, effect, member.lastWrite);
        return;
      case "send_entries":
        this.#sendEntries(member, effect);
        return;
      case "send_snapshot":
        this.cargo.push({ from, to: effect.to, term: effect.term });
        return;
      case "read_ready":
        this.reads.set(effect.readId, effect.index);
        return;
      case "read_failed":
        this.reads.set(effect.readId, "failed");
        return;
      case "halt":
        member.isHalted = true;
        return;
      case "persist":
      case "commit":
        return;
    }
  }

  #sendEntries(member: Member, effect: SendEntries): void {
    const { to, term: inTerm, prev, upTo: last, commitIndex, readRound } = effect;
    const entries = member.log.slice(prev.index, last);
    const kind = "append_request";
    const message = { kind, term: inTerm, prev, entries, commitIndex, readRound } as const;
    this.#post(member, { to, message }, member.lastHardState);
    const sizeBytes = entries.length;
    this.give(member.state.self, { kind: "entries_sent", to, term: inTerm, last, sizeBytes });
  }

  #post(member: Member, { to, message }: Omit<Letter, "from">, needs: number): void {
    member.outbox.push({ letter: { from: member.state.self, to, message }, needs });
  }

  #release(member: Member): void {
    const { landed } = member;
    const leaving = member.outbox.filter(({ needs }) => needs <= landed);
    member.outbox = member.outbox.filter(({ needs }) => needs > landed);
    const isGone = (letter: Letter): boolean => this.#isCut(letter) || this.#isLost(letter);
    this.letters.push(...leaving.map(({ letter }) => letter).filter((each) => !isGone(each)));
  }

  /** What is committed and durable here takes effect, one entry after the other. */
  #apply(name: NodeId): void {
    const member = this.#member(name);
    const { commitIndex, durability } = member.state;
    if (member.isApplyHeld || member.applied >= Math.min(commitIndex, durability.index)) return;
    const entry = member.log[member.applied];
    assert(entry !== undefined, "what is committed is in the log");
    member.applied = entry.index;
    if (isMembership(entry)) {
      const configuration = configurationAfter(member.state.configuration, entry);
      this.give(name, { kind: "membership_applied", index: entry.index, configuration });
    }
    this.#apply(name);
  }

  #isCut({ from, to }: Pick<Letter, "from" | "to">): boolean {
    return this.#cut.has(`${from} ${to}`);
  }

  #member(name: NodeId): Member {
    const member = this.#members.get(name);
    assert(member !== undefined, "the node is part of the scenario");
    return member;
  }
}
