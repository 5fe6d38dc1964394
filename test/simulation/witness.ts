// Sees all nodes at once, remembers everything that ever left one of them, and knows what must
// never happen (thesis figure 3.2, and the durability contract of effect.ts).
import type { NodeId } from "../../src/base/ids.ts";
import type { AppendResponse, Entry } from "../../src/raft/input.ts";
import { lastPosition, termAt } from "../../src/raft/log-terms.ts";
import type { Leader, RaftState } from "../../src/raft/state.ts";
import type { Letter, ModelNode } from "./model-node.ts";

export class Witness {
  /** Every entry that was ever committed anywhere, in order. */
  readonly committed: Entry[] = [];
  /** The term in which each of them was. */
  readonly #committedIn: number[] = [];
  readonly #entries = new Map<string, { readonly entry: Entry; readonly before?: Entry }>();
  readonly #leaders = new Map<number, NodeId>();
  readonly #votes = new Map<string, NodeId>();
  readonly #spoken = new Map<NodeId, number>();
  readonly #reads = new Map<number, number>();
  readonly #last = new Map<NodeId, RaftState>();
  readonly #nodes: () => readonly ModelNode[];

  constructor(nodes: () => readonly ModelNode[]) {
    this.#nodes = nodes;
  }

  /** What must hold of a node after each event, and of what the leaders believe. */
  check(node: ModelNode): void {
    const { state } = node;
    const last = this.#last.get(node.id);
    if (state === undefined) {
      this.#last.delete(node.id);
    } else {
      checkIndexes(node, state);
      if (last !== undefined) checkNoReturn(last, state);
      if (state.role.kind === "leader") this.#checkLeader(node, state, last);
      this.#last.set(node.id, state);
    }
    this.#checkBeliefs();
  }

  started(node: ModelNode): void {
    const spoken = this.#spoken.get(node.id) ?? 0;
    must((node.state?.term ?? 0) >= spoken, `${node.id} forgot a term it had spoken in`);
  }

  /** Entries enter a log. Log Matching: index and term name one entry, and all before it. */
  appended(node: ModelNode, entries: readonly Entry[]): void {
    for (const entry of entries) {
      const key = `${String(entry.index)}/${String(entry.term)}`;
      const before = node.log[entry.index - 2];
      const known = this.#entries.get(key);
      if (known === undefined) {
        this.#entries.set(key, before === undefined ? { entry } : { entry, before });
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
      const nodes = this.#nodes();
      const holders = nodes.filter(({ disk }) => disk.log[at - 1] === entry).length;
      must(holders * 2 > nodes.length, `${String(at)} is committed, not durable on a quorum`);
      this.committed.push(entry);
      this.#committedIn.push(node.state?.term ?? 0);
    }
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

  #vote(node: ModelNode, candidate: NodeId, term: number): void {
    const key = `${node.id}/${String(term)}`;
    const known = this.#votes.get(key) ?? candidate;
    must(known === candidate, `${node.id} votes twice in term ${String(term)}`);
    this.#votes.set(key, candidate);
    const saved = node.disk.hardState;
    must(saved.term > term || saved.votedFor === candidate, `${node.id} speaks of an unsaved vote`);
  }

  #checkLeader(node: ModelNode, state: RaftState, last: RaftState | undefined): void {
    const known = this.#leaders.get(state.term) ?? node.id;
    must(known === node.id, `term ${String(state.term)} has two leaders`);
    this.#leaders.set(state.term, node.id);
    if (last?.role.kind === "leader" && last.term === state.term) return;
    // Leader Completeness binds the leaders of later terms; one of an earlier may learn late that
    // it has won.
    for (const [at, entry] of this.committed.entries()) {
      const isEarlier = (this.#committedIn[at] ?? 0) < state.term;
      must(!isEarlier || node.log[at] === entry, `${node.id} leads without ${String(at + 1)}`);
    }
  }

  #checkBeliefs(): void {
    const nodes = this.#nodes();
    for (const node of nodes) {
      const { state } = node;
      if (state?.role.kind !== "leader") continue;
      for (const peer of nodes) {
        if (peer !== node) checkBelief(state, state.role, peer);
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

/** Throws with the finding. The message is for people: it may hold values. */
// eslint-disable-next-line no-restricted-syntax -- an assertion
export function must(condition: boolean, finding: string): asserts condition {
  if (!condition) throw new Error(finding);
}
