// How often a secret may be read again because its value was not accepted: a password that is
// simply wrong must not keep the region busy.
import type { Clock } from "../base/clock.ts";

export interface AuthRefreshBounds {
  /** Between two for one secret, in milliseconds. */
  readonly everyMs: number;
  /** For so many secrets within that time, and for no more. */
  readonly most: number;
}

export class AuthRefreshes {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #bounds: AuthRefreshBounds;
  /** The times of the last ones, the oldest first. */
  readonly #times = new Map<string, number>();

  constructor(clock: Pick<Clock, "monotonicMs">, bounds: AuthRefreshBounds) {
    this.#clock = clock;
    this.#bounds = bounds;
  }

  /** Whether it may be read now; if so, it counts. */
  take(key: string): boolean {
    const { everyMs, most } = this.#bounds;
    const now = this.#clock.monotonicMs();
    for (const [other, at] of this.#times) {
      if (now - at < everyMs) break;
      this.#times.delete(other);
    }
    if (this.#times.has(key) || this.#times.size >= most) return false;
    this.#times.set(key, now);
    return true;
  }
}
