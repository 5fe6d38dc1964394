// Whether the nodes of a region hold the same state. Each notes what its state adds up to at the
// same applied indexes and tells the others; who holds something else than most must stop. Pure
// bookkeeping: what a node knows, and what follows from it.
import { logIndex, type LogIndex, type NodeId } from "../base/ids.ts";
import { quorumSize } from "../raft/quorum.ts";
import type { StateDigest } from "../storage/state-digest.ts";

/** What the state added up to once the entry at `index` was applied. */
export interface Checkpoint {
  readonly index: LogIndex;
  readonly digest: StateDigest;
}

/** Every node notes its digest at each multiple of this, without a word from anybody. */
export const checkpointEvery = 1_000;

/** A node may be this many checkpoints ahead of another one and still be compared with it. */
const ownMax = 128;
const peerMax = 8;
/** Told each time, so that none is missed by a stream that breaks. */
const toldMax = 4;

export interface Divergence {
  readonly index: LogIndex;
  /** `outvoted`: most voters agree on another state. `undecided`: no state has most of them. */
  readonly kind: "outvoted" | "undecided";
  /** Who holds the state that most voters hold; without one, who holds another than this node. */
  readonly others: readonly NodeId[];
}

export class Checkpoints {
  readonly #self: NodeId;
  /** How long voters that differ wait for the word of the others. */
  readonly #graceMs: number;
  readonly #own = new Map<LogIndex, StateDigest>();
  readonly #peers = new Map<NodeId, Map<LogIndex, StateDigest>>();
  /** Since when a difference is known that no majority decides. */
  readonly #undecidedSince = new Map<LogIndex, number>();

  constructor(self: NodeId, graceMs: number) {
    this.#self = self;
    this.#graceMs = graceMs;
  }

  /** Notes this node's own digest, if `index` is one at which everybody notes it. */
  note({ index, digest }: Checkpoint): void {
    if (index === 0 || index % checkpointEvery !== 0) return;
    keep(this.#own, { index, digest }, ownMax);
  }

  /** What to tell the others. */
  latest(): readonly Checkpoint[] {
    return [...this.#own].slice(-toldMax).map(([index, digest]) => ({ index, digest }));
  }

  /** A peer tells what its state added up to. */
  take(from: NodeId, told: readonly Checkpoint[]): void {
    const known = this.#peers.get(from) ?? new Map<LogIndex, StateDigest>();
    this.#peers.set(from, known);
    for (const checkpoint of told) keep(known, checkpoint, peerMax);
  }

  /** Of a node that is no peer any more nothing counts. */
  forget(peer: NodeId): void {
    this.#peers.delete(peer);
  }

  /** Whether this node must stop, as far as the voters have been heard. */
  verdict(voters: ReadonlySet<NodeId>, nowMs: number): Divergence | undefined {
    for (const [index, digest] of this.#own) {
      const found = this.#verdictAt({ index, digest }, voters, nowMs);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #verdictAt(own: Checkpoint, voters: ReadonlySet<NodeId>, nowMs: number): Divergence | undefined {
    const { index } = own;
    const camps = this.#campsAt(own, voters);
    const others = [...camps].flatMap(([digest, camp]) => (digest === own.digest ? [] : camp));
    const most = [...camps].find(([, camp]) => camp.length >= quorumSize(voters));
    if (others.length === 0 || most?.[0] === own.digest) {
      this.#undecidedSince.delete(index);
      return undefined;
    }
    if (most !== undefined) return { index, kind: "outvoted", others: most[1] };
    const since = this.#undecidedSince.get(index) ?? nowMs;
    this.#undecidedSince.set(index, since);
    const isHeardOut = others.length + (camps.get(own.digest)?.length ?? 0) === voters.size;
    if (!isHeardOut && nowMs - since < this.#graceMs) return undefined;
    return { index, kind: "undecided", others };
  }

  /** The voters that have told their digest at an index, by what it is. */
  #campsAt(
    { index, digest }: Checkpoint,
    voters: ReadonlySet<NodeId>,
  ): ReadonlyMap<StateDigest, readonly NodeId[]> {
    const camps = new Map<StateDigest, NodeId[]>();
    for (const voter of voters) {
      const told = voter === this.#self ? digest : this.#peers.get(voter)?.get(index);
      if (told === undefined) continue;
      const camp = camps.get(told) ?? [];
      camps.set(told, camp);
      camp.push(voter);
    }
    return camps;
  }
}

/** One sentence's middle for the operator: what was found, and who agrees on what. */
export function describeDivergence({ index, kind, others }: Divergence): string {
  const names = others.map((node) => `"${node}"`).join(", ");
  return kind === "outvoted"
    ? `after entry ${index} this node's state differs from the one that ${names} agree on`
    : `after entry ${index} this node's state differs from that of ${names}, and no majority agrees`;
}

/** The newest stay. What is known of an index already stays as it was said first. */
function keep(map: Map<LogIndex, StateDigest>, checkpoint: Checkpoint, max: number): void {
  const { index, digest } = checkpoint;
  if (map.has(index)) return;
  map.set(index, digest);
  if (map.size > max) map.delete(logIndex(Math.min(...map.keys())));
}
