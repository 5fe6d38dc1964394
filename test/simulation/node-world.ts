// Time, and what happens in it: one queue of events ordered by virtual microseconds. Everything the
// production code does between two events, promises included, is done before the next one.
import { describeDetail } from "./node-trace.ts";

/** Virtual microseconds since the start of the simulation. */
export type Micros = number;

export interface WorldEvent {
  readonly at: Micros;
  readonly sequence: number;
  readonly label: string;
  readonly who: string;
  /** Only looked at when a failure is told. */
  readonly detail: unknown;
  readonly happen: () => void;
}

const remembered = 200;

/**
 * Runs every microtask there is, and those that they cause, and returns. It is what Node itself
 * calls between two callbacks; called from a microtask it would do nothing, so a simulation is
 * always started from a macrotask.
 */
const runMicrotasks: () => void = (
  process as unknown as { readonly _tickCallback: () => void }
)._tickCallback.bind(process);

/** Throws with the finding: an invariant of the whole does not hold. */
export class Violation extends Error {
  override readonly name = "Violation";
}

// eslint-disable-next-line no-restricted-syntax -- an assertion
export function must(condition: boolean, finding: string): asserts condition {
  if (!condition) throw new Violation(finding);
}

export class World {
  now: Micros = 0;
  events = 0;
  readonly #heap: WorldEvent[] = [];
  #sequence = 0;
  #hash = 0x811c9dc5;
  readonly #past: WorldEvent[] = [];
  readonly #labels = new Map<string, number>();
  #failure: Error | undefined;

  get hash(): number {
    return this.#hash >>> 0;
  }

  /** Later than now by `delay` microseconds, which may be none. */
  after(delay: Micros, event: Omit<WorldEvent, "at" | "sequence">): void {
    const { label, who, detail, happen } = event;
    this.#push({
      at: this.now + Math.max(0, Math.ceil(delay)),
      sequence: this.#sequence++,
      label,
      who,
      detail,
      happen,
    });
  }

  sleep(delay: Micros, who: string): Promise<void> {
    return new Promise((resolve) => {
      this.after(delay, { label: "wakes", who, detail: undefined, happen: resolve });
    });
  }

  /** For what goes wrong where nobody can throw: in a promise. The first finding counts. */
  fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
  }

  drain(): void {
    runMicrotasks();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Plays the next event. There is always one: clocks tick. */
  step(): void {
    const event = this.#pop();
    if (event === undefined) throw new Error("nothing happens any more");
    this.now = event.at;
    this.events += 1;
    this.#past[this.events % remembered] = event;
    event.happen();
    this.drain();
    this.mix(event.at);
    this.mix(this.#numberOf(event.label));
  }

  /** Puts a number into the hash that two runs of a seed must agree on. */
  mix(number: number): void {
    this.#hash = Math.imul(this.#hash ^ number, 0x01000193);
    this.#hash ^= this.#hash >>> 15;
  }

  /** The last events, oldest first. */
  history(): readonly string[] {
    const first = Math.max(1, this.events - remembered + 1);
    return Array.from({ length: this.events - first + 1 }, (_, at) => {
      const event = this.#past[(first + at) % remembered];
      if (event === undefined) return "";
      const seconds = (event.at / 1e6).toFixed(6);
      return `${String(first + at)} ${seconds} ${event.who} ${event.label} ${describeDetail(event.detail)}`;
    });
  }

  #numberOf(label: string): number {
    let number = this.#labels.get(label);
    if (number === undefined) {
      number = this.#labels.size + 1;
      this.#labels.set(label, number);
    }
    return number;
  }

  #push(event: WorldEvent): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || isBefore(parent, event)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = event;
  }

  #pop(): WorldEvent | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      let child = heap[below];
      if (child === undefined) break;
      const other = heap[below + 1];
      if (other !== undefined && isBefore(other, child)) {
        child = other;
        below += 1;
      }
      if (isBefore(last, child)) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(one: WorldEvent, other: WorldEvent): boolean {
  return one.at < other.at || (one.at === other.at && one.sequence < other.sequence);
}
