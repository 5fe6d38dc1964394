// Sees all nodes at once, remembers everything that ever left one of them, and knows what must
// never happen (thesis figure 3.2, and the durability contract of effect.ts).
import type { NodeId } from "../../src/base/ids.ts";
import { isVoter, members, type Configuration } from "../../src/raft/configuration.ts";
import type { AppendResponse, Entry } from "../../src/raft/input.ts";
import { lastPosition, termAt } from "../../src/raft/log-terms.ts";
import { reachedByQuorum } from "../../src/raft/quorum.ts";
import type { Leader, RaftState } from "../../src/raft/state.ts";
import { isMembershipEntry } from "../../src/raft/unapplied.ts";
import { configurationAfter, describeConfiguration } from "./model-membership.ts";
import type { Letter, ModelNode } from "./model-node.ts";

interface Recorded {
  readonly entry: Entry;
  readonly before: Entry | undefined;
  /** Whoever had it first: the leader of its term. */
  readonly author: NodeId;
}

export class Witness {
  /** Every entry that was ever committed anywhere, in order. */
  readonly committed: Entry[] = [];
  /** The term in which each of them was. */
  readonly #committedIn: number[] = [];
  /** What the state machine makes of them: who counts after each, from the founders on. */
  readonly #configurations: Configuration[];
  readonly #everMembers: Set<NodeId>;
  readonly #entries = new Map<string, Recorded>();
  readonly #leaders = new Map<number, NodeId>();
  readonly #votes = new Map<string, NodeId>();
  readonly #spoken = new Map<NodeId, number>();
  readonly #reads = new Map<number, number>();
  readonly #last = new Map<NodeId, RaftState>();
  readonly #nodes: () => readonly ModelNode[];

  constructor(founding: Configuration, nodes: () => readonly ModelNode[]) {
    this.#configurations = [founding];
    this.#everMembers = new Set(members(founding));
    this.#nodes = nodes;
  }

  /** Who counts by all that was ever committed, whether anybody has applied it or not. */
  get configuration(): Configuration {
    return this.#configurationAt(this.committed.length);
  }

  wasMember(node: NodeId): boolean {
    return this.#everMembers.has(node);
  }

  /** What must hold of a node after each event, and of what the leaders believe. */
  check(node: ModelNode): void {
    const { state } = node;
    const last = this.#last.get(node.id);
    if (state === undefined) {
      this.#last.delete(node.id);
    } else {
      checkIndexes(node, state);
      this.#checkChanges(node, state);
      if (last !== undefined) checkNoReturn(last, state);
      if (state.role.kind === "leader") this.#checkLeader(node, state, last);
      this.#last.set(node.id, state);
    }
    this.#checkBeliefs();
  }

  started(node: ModelNode): void {
    const spoken = this.#spoken.get(node.id) ?? 0;
    must((node.state?.term ?? 0) >= spoken, `${node.id} forgot a term it had spoken in`);
    this.#forgetUnsaved(node);
    const known = node.state?.commitIndex ?? 0;
    must(known <= this.committed.length, `${node.id} takes for committed what is not`);
  }

  /**
   * The only voter of a group wins by itself, and may crash before its term is durable. Then it has
   * told nobody of that term, and may win it again.
   */
  #forgetUnsaved(node: ModelNode): void {
    const { term } = node.disk.hardState;
    for (const [key, { entry, author }] of this.#entries) {
      if (author === node.id && entry.term > term) this.#entries.delete(key);
    }
  }

  /** State Machine Safety; and a configuration is what the log says, on every node alike. */
  applied(node: ModelNode, entry: Entry): void {
    must(this.committed[entry.index - 1] === entry, `${node.id} applies what is not committed`);
    const expected = describeConfiguration(this.#configurationAt(entry.index));
    const found = describeConfiguration(node.configuration);
    must(
      found === expected,
      `${node.id} counts ${found} after ${String(entry.index)}: ${expected}`,
    );
  }

  /** Entries enter a log. Log Matching: index and term name one entry, and all before it. */
  appended(node: ModelNode, entries: readonly Entry[]): void {
    for (const entry of entries) {
      const key = `${String(entry.index)}/${String(entry.term)}`;
      const before = node.log[entry.index - 2];
      const known = this.#entries.get(key);
      if (known === undefined) {
        this.#entries.set(key, { entry, before, author: node.id });
      } else {
        must(known.entry === entry, `${node.id}: two entries at ${key}`);
        must(known.before === before, `${node.id}: two histories before ${key}`);
      }
    }
  }

  /** A write has become durable. A committed entry is never replaced. */
  landed(node: ModelNode, replaced: readonly Entry[]): void {
    for (const entry of replaced) {
      const isKept = node.disk.log[entry.index - 1] === entry;
      const isCommitted = this.committed[entry.index - 1] === entry;
      must(isKept || !isCommitted, `${node.id} drops the committed entry ${String(entry.index)}`);
    }
  }

  /** A snapshot has become the state of a node: it is what is committed, and nothing else goes. */
  installed(node: ModelNode, replaced: readonly Entry[]): void {
    const { log } = node.disk;
    for (const [at, entry] of log.entries()) {
      must(this.committed[at] === entry, `${node.id} installs what is not committed`);
    }
    this.landed(node, replaced);
  }

  /** A message leaves. What it says must be on the disk of whoever says it. */
  released(node: ModelNode, letter: Letter): void {
    const { to, message } = letter;
    const { term } = node.disk.hardState;
    this.#spoken.set(node.id, Math.max(this.#spoken.get(node.id) ?? 0, term));
    // A question about an election that does not exist yet is in nobody's term.
    const isQuestion = message.kind === "pre_vote_request" || message.kind === "pre_vote_response";
    must(isQuestion || message.term <= term, `${node.id} speaks in an unsaved term`);
    if (message.kind === "vote_request") this.#vote(node, node.id, message.term);
    if (message.kind === "vote_response" && message.vote === "granted") {
      this.#vote(node, to, message.term);
    }
    if (message.kind === "append_response") checkPromise(node, letter, message.answer);
  }

  /** A commit index moves up. Everything below it is for ever, and on the disks of a quorum. */
  committedUpTo(node: ModelNode, index: number): void {
    for (let at = 1; at <= index; at += 1) {
      const entry = node.log[at - 1];
      must(entry !== undefined, `${node.id} commits ${String(at)}, which it has not`);
      if (this.committed.length >= at) {
        must(this.committed[at - 1] === entry, `two entries are committed at ${String(at)}`);
        continue;
      }
      const { state } = node;
      must(state?.role.kind === "leader", `${node.id} follows, and knows first what is committed`);
      const nodes = this.#nodes();
      const holders = nodes.filter(({ disk }) => disk.log[at - 1] === entry).map(({ id }) => id);
      const isHeld = isQuorum(state.configuration, new Set(holders));
      must(isHeld, `${String(at)} is committed, not durable on a quorum`);
      this.committed.push(entry);
      this.#committedIn.push(state.term);
      const configuration = configurationAfter(this.#configurationAt(at - 1), entry);
      this.#configurations.push(configuration);
      for (const member of members(configuration)) this.#everMembers.add(member);
    }
  }

  #configurationAt(index: number): Configuration {
    const found = this.#configurations[index];
    must(found !== undefined, "only what is committed has a configuration");
    return found;
  }

  readBegan(readId: number): void {
    this.#reads.set(readId, this.committed.length);
  }

  readReady(readId: number, index: number): void {
    const required = this.#reads.get(readId);
    // An answer may come twice, or after the node that asked has given up.
    if (required === undefined) return;
    must(index >= required, `a read at ${String(index)} misses ${String(required)}`);
    must(index <= this.committed.length, "a read waits for what is committed, and no more");
  }

  /** The core knows which changes it has not applied; of those not committed there is one. */
  #checkChanges(node: ModelNode, state: RaftState): void {
    const changes = node.log.slice(node.applied).filter(isMembershipEntry);
    const listed = changes.map(({ index }) => index).join(" ");
    const known = state.unappliedMemberships.join(" ");
    must(listed === known, `${node.id} has not applied ${listed}, and believes ${known}`);
    const open = changes.filter(({ index }) => index > this.committed.length);
    must(open.length <= 1, `${node.id} holds two changes that are not committed`);
    const isSame = state.configuration === node.configuration;
    must(isSame, `${node.id}: the core and the state machine disagree on who counts`);
  }

  #vote(node: ModelNode, candidate: NodeId, term: number): void {
    const key = `${node.id}/${String(term)}`;
    const known = this.#votes.get(key) ?? candidate;
    must(known === candidate, `${node.id} votes twice in term ${String(term)}`);
    this.#votes.set(key, candidate);
    const saved = node.disk.hardState;
    must(saved.term > term || saved.votedFor === candidate, `${node.id} speaks of an unsaved vote`);
  }

  #checkLeader(node: ModelNode, state: RaftState, last: RaftState | undefined): void {
    const { role } = state;
    must(role.kind === "leader", "only of a leader");
    const known = this.#leaders.get(state.term) ?? node.id;
    must(known === node.id, `term ${String(state.term)} has two leaders`);
    this.#leaders.set(state.term, node.id);
    must(isVoter(state.configuration, state.self), `${node.id} leads, and does not count`);
    const others = [...members(state.configuration)].filter((id) => id !== state.self).sort();
    const followed = [...role.progress.keys()].sort();
    must(others.join(" ") === followed.join(" "), `${node.id} follows ${followed.join(" ")}`);
    if (last?.role.kind === "leader" && last.term === state.term) return;
    this.#checkElection(node, state);
    // Leader Completeness binds the leaders of later terms; one of an earlier may learn late that
    // it has won.
    for (const [at, entry] of this.committed.entries()) {
      const isEarlier = (this.#committedIn[at] ?? 0) < state.term;
      must(!isEarlier || node.log[at] === entry, `${node.id} leads without ${String(at + 1)}`);
    }
  }

  /**
   * Whoever wins has won among those who count: it is one change behind at most, so any quorum of
   * its configuration meets any of the newest.
   */
  #checkElection(node: ModelNode, state: RaftState): void {
    const { configuration } = state;
    const voters = this.#nodes().filter(
      ({ id }) => id === node.id || this.#votes.get(`${id}/${String(state.term)}`) === node.id,
    );
    const granted = new Set(voters.map(({ id }) => id));
    must(isQuorum(configuration, granted), `${node.id} leads without a quorum of votes`);
    const bound = this.#committedIn.findIndex((term) => term >= state.term);
    const known = bound === -1 ? this.committed.length : bound;
    const changes = this.committed.slice(node.applied, known).filter(isMembershipEntry).length;
    must(changes <= 1, `${node.id} leads ${String(changes)} changes behind`);
    const newest = this.#configurationAt(known);
    must(quorumsMeet(configuration, newest), `${node.id} leads beside another configuration`);
  }

  #checkBeliefs(): void {
    const nodes = this.#nodes();
    for (const node of nodes) {
      const { state } = node;
      if (state?.role.kind !== "leader") continue;
      for (const peer of nodes) {
        if (members(state.configuration).has(peer.id) && peer !== node) {
          checkBelief(state, state.role, peer);
        }
      }
    }
  }
}

function checkBelief(state: RaftState, role: Leader, peer: ModelNode): void {
  const progress = role.progress.get(peer.id);
  must(progress !== undefined, "a leader knows every peer");
  const { matchIndex, nextIndex, inFlight } = progress;
  must(matchIndex < nextIndex, "what matches was sent");
  must(inFlight.length <= state.settings.flow.maxInFlightMessages, "in flight within the limit");
  const isOfTheTerm = peer.state === undefined || peer.state.term === state.term;
  if (matchIndex === 0 || !isOfTheTerm || peer.disk.hardState.term !== state.term) return;
  const held = peer.disk.log[matchIndex - 1];
  if (matchIndex < state.log.start.index) return;
  must(held?.term === termAt(state.log, matchIndex), `${peer.id} does not hold what it matched`);
}

function checkPromise(node: ModelNode, letter: Letter, answer: AppendResponse["answer"]): void {
  if (answer.kind !== "matched" || answer.index === 0) return;
  const { promised } = letter;
  must(promised !== undefined, `${node.id} promises what it has not`);
  must(node.disk.log[answer.index - 1] === promised, `${node.id} promises what is not durable`);
}

function checkNoReturn(last: RaftState, state: RaftState): void {
  must(state.term >= last.term, `${state.self}: a term goes back`);
  must(state.commitIndex >= last.commitIndex, `${state.self}: a commit index goes back`);
}

function checkIndexes(node: ModelNode, state: RaftState): void {
  const { id, applied, log } = node;
  must(applied <= state.commitIndex, `${id} applies what is not committed`);
  must(state.commitIndex <= state.log.lastIndex, `${id} commits what it has not`);
  must(log.length === state.log.lastIndex, `${id}: the core and the log disagree on its length`);
  must(
    (log.at(-1)?.term ?? 0) === lastPosition(state.log).term,
    `${id}: disagreement on the last term`,
  );
  const { start } = state.log;
  must(start.index <= state.commitIndex, `${id} has dropped what is not committed`);
  must((log[start.index - 1]?.term ?? 0) === start.term, `${id}: disagreement on the first term`);
  const { index } = state.durability;
  must(node.disk.log[index - 1] === log[index - 1], `${id} counts its own copy too early`);
}

/** Whether these nodes are a majority of each set of voters. */
function isQuorum(configuration: Configuration, nodes: ReadonlySet<NodeId>): boolean {
  return reachedByQuorum(configuration, (node) => (nodes.has(node) ? 1 : 0)) === 1;
}

/** Whether every quorum of one shares a node with every quorum of the other. */
function quorumsMeet(one: Configuration, other: Configuration): boolean {
  const everybody = [...members(one), ...members(other)];
  const nodes = [...new Set(everybody)].filter((id) => isVoter(one, id) || isVoter(other, id));
  // A quorum of one and the nodes beside it: does the rest make a quorum of the other?
  return Array.from({ length: 2 ** nodes.length }, (_, bits) => bits).every((bits) => {
    const some = new Set(nodes.filter((_, at) => (bits & (1 << at)) !== 0));
    const rest = new Set(nodes.filter((_, at) => (bits & (1 << at)) === 0));
    return !isQuorum(one, some) || !isQuorum(other, rest);
  });
}

/** Throws with the finding. The message is for people: it may hold values. */
// eslint-disable-next-line no-restricted-syntax -- an assertion
export function must(condition: boolean, finding: string): asserts condition {
  if (!condition) throw new Error(finding);
}
