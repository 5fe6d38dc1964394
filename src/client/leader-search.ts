// Learns which node leads, aside from the calls: a write that goes there saves the hop from another
// node. What is learnt may be wrong a moment later, and costs no more than that hop.
import type { Clock } from "../base/clock.ts";
import type { StatusResponse } from "../generated/public-contract.ts";

export interface LeaderSearchParts<Node> {
  readonly nodes: readonly Node[];
  readonly clock: Clock;
  /** What a node says of itself; nothing if it does not answer. Never rejects. */
  readonly ask: (node: Node) => Promise<StatusResponse | undefined>;
  /** Nothing: nobody knows of a leader among the nodes. */
  readonly onLearnt: (leader: Node | undefined) => void;
}

/** Between two searches: doubled while they come to nothing, as when the leader is not ours. */
const pauseMs = { first: 1_000, most: 60_000 } as const;
/** After so long somebody else may lead: nobody tells when the lead changes hands. */
const knownMs = 60_000;

export class LeaderSearch<Node> {
  readonly #parts: LeaderSearchParts<Node>;
  #writes = 0;
  #searchedAt = -Infinity;
  #pauseMs: number = pauseMs.first;
  #isUnderWay = false;

  constructor(parts: LeaderSearchParts<Node>) {
    this.#parts = parts;
  }

  /** To be told of every write. Whoever writes once has nothing of a search. */
  noteWrite(leader: Node | undefined): void {
    this.#writes += 1;
    const { nodes, clock } = this.#parts;
    if (this.#writes < 2 || nodes.length < 2 || this.#isUnderWay) return;
    const now = clock.monotonicMs();
    if (now - this.#searchedAt < (leader === undefined ? this.#pauseMs : knownMs)) return;
    this.#searchedAt = now;
    void this.#search();
  }

  async #search(): Promise<void> {
    this.#isUnderWay = true;
    const { nodes, ask, onLearnt } = this.#parts;
    const leader = nodes[leaderAmong(await Promise.all(nodes.map(ask)))];
    this.#isUnderWay = false;
    this.#pauseMs =
      leader === undefined ? Math.min(2 * this.#pauseMs, pauseMs.most) : pauseMs.first;
    onLearnt(leader);
  }
}

/** The place of the leader, by the word of those in the newest term; -1: it is not among them. */
function leaderAmong(statuses: readonly (StatusResponse | undefined)[]): number {
  const [newest] = statuses
    .flatMap((status) => (status?.leader === undefined ? [] : [status]))
    .sort((one, other) => (other.term ?? 0) - (one.term ?? 0));
  if (newest === undefined) return -1;
  return statuses.findIndex((status) => status?.nodeId === newest.leader);
}
