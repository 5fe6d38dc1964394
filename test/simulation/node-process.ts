// A process as the simulation sees it: what reaches it, in turns of its loop. A paused one takes
// nothing and then everything late; a slow one takes what gathered in one turn, as a real loop does
// after a stall.
import type { Clock } from "../../src/base/clock.ts";
import { epochMs, type EpochMs } from "../../src/base/ids.ts";
import type { Micros, World } from "./node-world.ts";

const firstDayMs = 1_700_000_000_000;

/** A clock that may run at another rate than the world, and whose wall time may jump. */
export class SimClock implements Clock {
  readonly #world: World;
  #rate = 1;
  #rateSince: Micros = 0;
  #monotonicMicros = 0;
  #jumpMs = 0;
  /** Each look at the time costs some: for programs that work in slices of it. */
  #lookMs: number;
  #lookedMs = 0;

  constructor(world: World, lookMs: number) {
    this.#world = world;
    this.#lookMs = lookMs;
  }

  now(): EpochMs {
    return epochMs(Math.floor(firstDayMs + this.#micros() / 1000 + this.#jumpMs));
  }

  monotonicMs(): number {
    this.#lookedMs += this.#lookMs;
    return this.#micros() / 1000 + this.#lookedMs;
  }

  /** How long `ms` of this clock take in the world. */
  micros(ms: number): Micros {
    return (ms * 1000) / this.#rate;
  }

  runAt(rate: number): void {
    this.#monotonicMicros = this.#micros();
    this.#rateSince = this.#world.now;
    this.#rate = rate;
  }

  jump(ms: number): void {
    this.#jumpMs += ms;
  }

  calm(): void {
    this.runAt(1);
    this.#lookMs = 0;
  }

  #micros(): number {
    return this.#monotonicMicros + (this.#world.now - this.#rateSince) * this.#rate;
  }
}

export class SimProcess {
  readonly #world: World;
  readonly #afterTurn: () => void;
  readonly #onThrow: (error: unknown) => void;
  /** Counts the lives: what was meant for an earlier one never reaches this one. */
  life = 0;
  isUp = false;
  isPaused = false;
  #busyUntil: Micros = 0;
  #backlog: (() => void)[] = [];
  #endOfTurn: (() => void)[] = [];
  #isInTurn = false;

  constructor(parts: {
    readonly world: World;
    readonly afterTurn: () => void;
    readonly onThrow: (error: unknown) => void;
  }) {
    this.#world = parts.world;
    this.#afterTurn = parts.afterTurn;
    this.#onThrow = parts.onThrow;
  }

  begin(): void {
    this.life += 1;
    this.isUp = true;
    this.isPaused = false;
    this.#busyUntil = 0;
    this.#backlog = [];
    this.#endOfTurn = [];
  }

  end(): void {
    this.isUp = false;
    this.isPaused = false;
    this.#backlog = [];
    this.#endOfTurn = [];
  }

  /** Something reaches this process, now or when it has time. */
  take(work: () => void): void {
    if (!this.isUp) return;
    if (this.isPaused || this.#world.now < this.#busyUntil) this.#backlog.push(work);
    else if (this.#isInTurn) work();
    else this.#turn([work]);
  }

  /** Calls back in a later phase of this turn. */
  atEndOfTurn(callback: () => void): void {
    this.#endOfTurn.push(callback);
    // Asked for from outside: it is a turn of its own.
    if (!this.#isInTurn) this.take(() => undefined);
  }

  pause(): void {
    if (this.isUp) this.isPaused = true;
  }

  wake(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    if (this.#world.now >= this.#busyUntil) this.#catchUp();
  }

  /** The loop is held up by something for a while. */
  stall(micros: Micros): void {
    if (!this.isUp) return;
    const until = this.#world.now + micros;
    if (until <= this.#busyUntil) return;
    this.#busyUntil = until;
    const { life } = this;
    this.#world.after(micros, {
      label: "ends a stall",
      who: "",
      detail: undefined,
      happen: () => {
        if (life === this.life && !this.isPaused && this.#busyUntil <= this.#world.now) {
          this.#catchUp();
        }
      },
    });
  }

  #catchUp(): void {
    const backlog = this.#backlog;
    this.#backlog = [];
    if (backlog.length > 0) this.#turn(backlog);
  }

  #turn(work: readonly (() => void)[]): void {
    const { life } = this;
    this.#isInTurn = true;
    try {
      for (const one of work) this.#run(one, life);
      // Before anything is applied: what is committed was counted by who counted then.
      if (this.#endOfTurn.length > 0 && this.isUp && this.life === life) this.#afterTurn();
      // What these ask for belongs to the next turn, which begins at once.
      for (let next = this.#endOfTurn.shift(); next !== undefined; next = this.#endOfTurn.shift()) {
        this.#run(next, life);
      }
    } finally {
      this.#isInTurn = false;
    }
    if (this.isUp && this.life === life) this.#afterTurn();
  }

  #run(work: () => void, life: number): void {
    if (!this.isUp || this.life !== life) return;
    try {
      work();
    } catch (error) {
      this.#onThrow(error);
    }
    this.#world.drain();
  }
}
