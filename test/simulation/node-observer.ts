// Sees every node, every disk and every message at once, and knows what must never happen: the
// invariants of consensus.md 4.4, by their numbers there. Cheap at every step: what did not change
// is not looked at again, and a chain of the log stands for everything before it.
import { hasSameBytes, hex } from "../../src/base/bytes.ts";
import { logIndex, type NodeId } from "../../src/base/ids.ts";
import { isVoter, type Configuration } from "../../src/raft/configuration.ts";
import type { AppendResponse, Entry, Message } from "../../src/raft/input.ts";
import { termAt } from "../../src/raft/log-terms.ts";
import type { Progress } from "../../src/raft/progress.ts";
import type { Leader, RaftState } from "../../src/raft/state.ts";
import type { CommandOutcome } from "../../src/machine/command.ts";
import { entryKey } from "../../src/storage/keys.ts";
import type { StoredEntry } from "../../src/storage/entry-codec.ts";
import type { LogStore } from "../../src/storage/log-store.ts";
import type { RecoveredContents } from "../../src/storage/recovery.ts";
import type { StateDigest } from "../../src/storage/state-digest.ts";
import type { Reference } from "./node-reference.ts";
import type { SimNode } from "./node-machine.ts";
import { must, type World } from "./node-world.ts";

interface Seen {
  state: RaftState | undefined;
  chain: Uint8Array | undefined;
  commitIndex: number;
  applied: number;
  readonly progress: Map<NodeId, Progress>;
  /** The highest term it ever spoke in, over all its lives. */
  spoken: number;
}

interface Committed {
  readonly chain: Uint8Array;
  /** The term of the leader that committed it. */
  readonly inTerm: number;
}

export class Observer {
  readonly #world: World;
  readonly #nodes: () => ReadonlyMap<NodeId, SimNode>;
  readonly #reference: Reference;
  readonly #seen = new Map<NodeId, Seen>();
  readonly #leaders = new Map<number, NodeId>();
  readonly #votes = new Map<string, NodeId>();
  /** By term and index. */
  readonly #chains = new Map<number, Uint8Array>();
  readonly #committed: (Committed | undefined)[] = [];
  readonly #digests: (StateDigest | undefined)[] = [];
  #newestTerm = 0;
  commitIndex = 0;
  elections = 0;

  constructor(world: World, nodes: () => ReadonlyMap<NodeId, SimNode>, reference: Reference) {
    this.#world = world;
    this.#nodes = nodes;
    this.#reference = reference;
  }

  /** A process recovered what is on its disk. */
  started(node: SimNode, contents: RecoveredContents): void {
    const seen = this.#seenOf(node);
    const { hardState, start, lastIndex } = contents.head;
    must(hardState.term >= seen.spoken, `2: ${node.id} forgot a term it had spoken in`);
    must(contents.applied.position.index <= lastIndex, `9: ${node.id} has applied past its log`);
    must(start.index <= contents.applied.position.index, `${node.id} dropped what is not applied`);
    for (const key of node.disk.damaged()) {
      must(
        !isCovered(key, contents),
        `${node.id} started over a damaged row ${Buffer.from(key).toString("hex")}`,
      );
    }
    seen.state = undefined;
    seen.chain = undefined;
    seen.commitIndex = contents.applied.position.index;
    seen.applied = contents.applied.position.index;
    seen.progress.clear();
    this.#checkDigest(node, contents.applied.position.index, contents.applied.digest);
  }

  /** What must hold of a node after each of its turns. */
  turned(node: SimNode): void {
    const { running } = node;
    if (running === undefined) return;
    const { state } = running.driver;
    const seen = this.#seenOf(node);
    const { log } = running.store;
    if (log.lastChain !== seen.chain) {
      this.#checkChain(node, termAt(state.log, log.lastIndex), log.lastIndex, log.lastChain);
      seen.chain = log.lastChain;
    }
    if (state === seen.state) return;
    const before = seen.state;
    seen.state = state;
    checkIndexes(node, state, before);
    if (state.commitIndex > seen.commitIndex) this.#commit(node, state, seen);
    if (state.role.kind === "leader") this.#checkLeader(node, state, state.role);
    if (before?.term !== state.term || before.role.kind !== state.role.kind) {
      this.#world.mix(state.term);
      this.#world.mix(state.commitIndex);
    }
  }

  /** A message leaves. What it says must be on the disk of whoever says it (11). */
  sent(node: SimNode, to: NodeId, message: Message): void {
    const head = node.disk.head();
    must(head !== undefined, `11: ${node.id} speaks before it has an identity`);
    const { term, votedFor } = head.hardState;
    // A question about an election that does not exist yet is in nobody's term.
    const isQuestion = message.kind === "pre_vote_request" || message.kind === "pre_vote_response";
    must(isQuestion || message.term <= term, `11: ${node.id} speaks in an unsaved term`);
    const seen = this.#seenOf(node);
    if (!isQuestion) seen.spoken = Math.max(seen.spoken, message.term);
    if (message.kind === "vote_request") this.#vote(node, node.id, message.term);
    if (message.kind === "vote_response" && message.vote === "granted") {
      this.#vote(node, to, message.term);
      must(term > message.term || votedFor === to, `11: ${node.id} speaks of an unsaved vote`);
    }
    if (message.kind === "append_response") this.#checkPromise(node, to, message);
  }

  applied(node: SimNode, entry: Entry, outcome: CommandOutcome | undefined): void {
    const { chain } = entry as StoredEntry;
    const { state } = node;
    const seen = this.#seenOf(node);
    if (state !== undefined && state.commitIndex > seen.commitIndex) {
      this.#commit(node, state, seen);
    }
    const committed = this.#committed[entry.index];
    must(committed !== undefined, `9: ${node.id} applies ${String(entry.index)}, not committed`);
    must(
      hasSameBytes(committed.chain, chain),
      `7: ${node.id} applies another entry at ${String(entry.index)}`,
    );
    this.#reference.apply(entry, outcome);
    must(entry.index === seen.applied + 1, `${node.id} applies out of order`);
    seen.applied = entry.index;
    const { applied } = node.running?.store.state ?? {};
    if (applied !== undefined) this.#checkDigest(node, entry.index, applied.digest);
  }

  /** A snapshot has become the state of a node. */
  replaced(node: SimNode): void {
    const { running } = node;
    if (running === undefined) return;
    const { position, digest } = running.store.state.applied;
    const seen = this.#seenOf(node);
    must(position.index > seen.applied, `${node.id} goes back to a snapshot`);
    const { chain } = running.store.log.start;
    const committed = this.#committed[position.index];
    must(committed !== undefined, `${node.id} installs what is not committed`);
    must(hasSameBytes(committed.chain, chain), `7: ${node.id} installs another history`);
    seen.applied = position.index;
    seen.commitIndex = Math.max(seen.commitIndex, position.index);
    this.#checkDigest(node, position.index, digest);
  }

  /** What the digest is at an index, as far as anybody has applied it. */
  digestAt(index: number): StateDigest | undefined {
    return this.#digests[index];
  }

  #checkDigest(node: SimNode, index: number, digest: StateDigest): void {
    const known = this.#digests[index];
    if (known === undefined) this.#digests[index] = digest;
    else must(known === digest, `13: ${node.id} has another state at ${String(index)}`);
  }

  #checkChain(node: SimNode, term: number, index: number, chain: Uint8Array): void {
    if (index === 0) return;
    const key = term * 2 ** 30 + index;
    const known = this.#chains.get(key);
    if (known === undefined) this.#chains.set(key, chain);
    else {
      must(
        hasSameBytes(known, chain),
        `4: ${node.id} has another entry at ${String(index)} of term ${String(term)}`,
      );
    }
  }

  #commit(node: SimNode, state: RaftState, seen: Seen): void {
    const log = node.running?.store.log;
    if (log === undefined) return;
    const first = Math.max(seen.commitIndex, log.start.index) + 1;
    if (state.commitIndex > this.commitIndex && state.role.kind === "leader") {
      const { term } = log.entry(state.commitIndex);
      must(
        term === state.term,
        `8: ${node.id} commits an entry of term ${String(term)} by counting`,
      );
    }
    for (let index = first; index <= state.commitIndex; index += 1) {
      const entry = log.entry(logIndex(index));
      const known = this.#committed[index];
      if (known === undefined) {
        this.#checkDurable(node, state, entry);
        this.#committed[index] = { chain: entry.chain, inTerm: state.term };
        this.commitIndex = Math.max(this.commitIndex, index);
      } else {
        must(
          hasSameBytes(known.chain, entry.chain),
          `7: ${node.id} commits another entry at ${String(index)}`,
        );
      }
    }
    seen.commitIndex = state.commitIndex;
  }

  /** 8: committed is durable on a quorum of those who count; of both sets in a change. */
  #checkDurable(node: SimNode, state: RaftState, entry: StoredEntry): void {
    const nodes = this.#nodes();
    const { voters, outgoingVoters } = state.configuration;
    for (const set of [voters, outgoingVoters]) {
      if (set.size === 0) continue;
      let holders = 0;
      for (const id of set) if (nodes.get(id)?.disk.holds(entry.index, entry.bytes)) holders += 1;
      must(
        holders * 2 > set.size,
        `8: ${node.id} commits ${String(entry.index)}, durable on ${String(holders)} only`,
      );
    }
  }

  #vote(node: SimNode, candidate: NodeId, term: number): void {
    const key = `${node.id}/${String(term)}`;
    const known = this.#votes.get(key);
    if (known === undefined) this.#votes.set(key, candidate);
    else must(known === candidate, `3: ${node.id} votes twice in term ${String(term)}`);
  }

  #checkLeader(node: SimNode, state: RaftState, role: Leader): void {
    const known = this.#leaders.get(state.term);
    if (known === undefined) {
      this.#leaders.set(state.term, node.id);
      this.elections += 1;
      this.#checkComplete(node, state);
      this.#checkConfiguration(node, state);
    } else {
      must(known === node.id, `1: term ${String(state.term)} has two leaders`);
    }
    must(isVoter(state.configuration, node.id), `10: ${node.id} leads and does not count`);
    const { progress } = this.#seenOf(node);
    for (const [peer, now] of role.progress) {
      const before = progress.get(peer);
      if (before === now) continue;
      progress.set(peer, now);
      const { maxInFlightMessages } = state.settings.flow;
      must(now.inFlight.length <= maxInFlightMessages, "12: in flight within the limit");
      must(now.matchIndex < now.nextIndex, "what matches was sent");
      if (before === undefined || now.matchIndex > before.matchIndex) {
        this.#checkMatch(node, state, peer, now);
      }
    }
  }

  /**
   * 10: whoever comes to lead after all others does so by the newest configuration or the one
   * before it: only these two are certain to share a voter in any two of their majorities.
   */
  #checkConfiguration(node: SimNode, state: RaftState): void {
    if (state.term < this.#newestTerm) return;
    this.#newestTerm = state.term;
    const newest = this.#reference.configurations.slice(-2);
    must(
      newest.some((configuration) => isSameConfiguration(configuration, state.configuration)),
      `10: ${node.id} leads by a configuration of long ago`,
    );
  }

  /** What the leader counts a follower for is on that follower's disk. */
  #checkMatch(node: SimNode, state: RaftState, peer: NodeId, { matchIndex }: Progress): void {
    const follower = this.#nodes().get(peer);
    const log = node.running?.store.log;
    if (follower === undefined || log === undefined || follower.isBeyondRepair) return;
    if (follower.disk.head()?.hardState.term !== state.term) return;
    if (matchIndex <= log.start.index) return;
    if (follower.disk.isDamaged || node.disk.isDamaged) return;
    const { bytes } = log.entry(matchIndex);
    must(
      follower.disk.holds(matchIndex, bytes),
      `${node.id} counts ${peer} at ${String(matchIndex)}, which it has not`,
    );
  }

  /** 6: who begins to lead holds all that leaders before it have committed. */
  #checkComplete(node: SimNode, state: RaftState): void {
    const log = node.running?.store.log;
    // A damaged row is for the node to find, when it reads it: not for whoever watches.
    if (log === undefined || node.disk.isDamaged) return;
    for (let index = this.commitIndex; index > log.start.index; index -= 1) {
      const committed = this.#committed[index];
      if (committed === undefined || committed.inTerm >= state.term) continue;
      const isHeld =
        index <= log.lastIndex && hasSameBytes(log.entry(logIndex(index)).chain, committed.chain);
      must(isHeld, `6: ${node.id} leads without ${String(index)}`);
      return;
    }
  }

  /** The leader's own log says what a follower's word means. */
  #checkPromise(node: SimNode, to: NodeId, { term, answer }: AppendResponse): void {
    if (answer.kind !== "matched" || answer.index === 0) return;
    const log = this.#logOfLeader(to, term);
    if (log === undefined || answer.index <= log.start.index) return;
    must(answer.index <= log.lastIndex, `11: ${node.id} has what its leader has not`);
    const { bytes } = log.entry(answer.index);
    must(
      node.disk.holds(answer.index, bytes),
      `11: ${node.id} promises ${String(answer.index)}, which is not durable`,
    );
  }

  #logOfLeader(id: NodeId, term: number): LogStore | undefined {
    const leader = this.#nodes().get(id);
    const isLeading = leader?.state?.term === term && leader.state.role.kind === "leader";
    return isLeading && !leader.disk.isDamaged ? leader.running?.store.log : undefined;
  }

  #seenOf(node: SimNode): Seen {
    let seen = this.#seen.get(node.id);
    if (seen === undefined) {
      seen = {
        state: undefined,
        chain: undefined,
        commitIndex: 0,
        applied: 0,
        progress: new Map(),
        spoken: 0,
      };
      this.#seen.set(node.id, seen);
    }
    return seen;
  }
}

function checkIndexes(node: SimNode, state: RaftState, before: RaftState | undefined): void {
  const applied = node.running?.driver.applied ?? 0;
  must(applied <= state.commitIndex, `9: ${node.id} applies what is not committed`);
  must(state.commitIndex <= state.log.lastIndex, `9: ${node.id} commits what it has not`);
  const log = node.running?.store.log;
  must(log?.lastIndex === state.log.lastIndex, `${node.id}: core and log disagree on the end`);
  must(log.start.index === state.log.start.index, `${node.id}: they disagree on the beginning`);
  if (before === undefined) return;
  must(state.term >= before.term, `2: a term of ${node.id} goes back`);
  must(state.commitIndex >= before.commitIndex, `2: a commit index of ${node.id} goes back`);
}

/** What recovery vouches for: not a snapshot on its way in, nor what an old one left behind. */
function isCovered(key: Uint8Array, { generation, head }: RecoveredContents): boolean {
  const tag = key[0];
  if (tag === 0x30) return false;
  // What is derived is made anew when it does not belong to the state.
  if (tag === 0x22 || tag === 0x23) return false;
  // What was compacted and is still there is no part of the log.
  if (tag === 0x10) return hex(key) > hex(entryKey(head.start.index));
  if (tag !== 0x20 && tag !== 0x21) return true;
  return new DataView(key.buffer, key.byteOffset).getUint32(1) === generation;
}

function isSameConfiguration(one: Configuration, other: Configuration): boolean {
  const isSame = (some: ReadonlySet<NodeId>, others: ReadonlySet<NodeId>): boolean =>
    some.size === others.size && [...some].every((node) => others.has(node));
  return isSame(one.voters, other.voters) && isSame(one.outgoingVoters, other.outgoingVoters);
}
