// Which node is asked next: the leader for what changes something, if it is known; for reads one
// node as long as it answers, or all of them in turn; and nobody who failed a moment ago.
import type { Clock } from "../base/clock.ts";

/** `stick`: one node as long as it answers. `spread`: all nodes in turn. */
export type ReadRouting = "stick" | "spread";

export type CallKind = "read" | "write";

export interface RouteSettings {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly reads: ReadRouting;
  /** Which of the nodes is asked first, from 0. */
  readonly first: number;
}

/** How long a node that failed is passed over: doubled with every failure that follows. */
const restMs = { first: 1_000, most: 30_000 } as const;

interface Rest {
  readonly failures: number;
  readonly until: number;
}

export class Routes<Node> {
  readonly #nodes: readonly [Node, ...Node[]];
  readonly #settings: RouteSettings;
  readonly #resting = new Map<Node, Rest>();
  #leader: Node | undefined;
  #at: number;

  constructor(nodes: readonly [Node, ...Node[]], settings: RouteSettings) {
    this.#nodes = nodes;
    this.#settings = settings;
    this.#at = settings.first % nodes.length;
  }

  get size(): number {
    return this.#nodes.length;
  }

  get leader(): Node | undefined {
    return this.#leader;
  }

  /** A hint: any node takes a write, and the leader takes it without a hop. */
  set leader(node: Node | undefined) {
    this.#leader = node;
  }

  choose(kind: CallKind): Node {
    const leader = this.#leader;
    if (kind === "write" && leader !== undefined && !this.#isResting(leader)) return leader;
    const isTurn = kind === "read" && this.#settings.reads === "spread";
    if (isTurn) this.#moveOn();
    else if (this.#isResting(this.#current)) this.#at = this.#nextRested() ?? this.#at;
    return this.#current;
  }

  /** Passes over `node` for a while. Calls that fail together move on once. */
  failed(node: Node): void {
    const failures = (this.#resting.get(node)?.failures ?? 0) + 1;
    // Calls that were under way together found the same failure.
    if (!this.#isResting(node)) {
      const ms = Math.min(restMs.first * 2 ** (failures - 1), restMs.most);
      this.#resting.set(node, { failures, until: this.#now() + ms });
    }
    if (node === this.#leader) this.#leader = undefined;
    if (node === this.#current) this.#moveOn();
  }

  answered(node: Node): void {
    this.#resting.delete(node);
  }

  get #current(): Node {
    return this.#nodes[this.#at] ?? this.#nodes[0];
  }

  /** To the next that does not rest, or if all do, to the next. */
  #moveOn(): void {
    this.#at = this.#nextRested() ?? (this.#at + 1) % this.size;
  }

  #nextRested(): number | undefined {
    const { size } = this;
    const round = Array.from({ length: size }, (_, step) => (this.#at + 1 + step) % size);
    return round.find((at) => {
      const node = this.#nodes[at];
      return node !== undefined && !this.#isResting(node);
    });
  }

  #isResting(node: Node): boolean {
    return (this.#resting.get(node)?.until ?? 0) > this.#now();
  }

  #now(): number {
    return this.#settings.clock.monotonicMs();
  }
}
