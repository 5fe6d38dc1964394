// One watcher that has seen all that was there when it came: from now on it is told as things
// happen.
import type { LogIndex } from "../base/ids.ts";
import type { WatchResponse } from "../generated/public-contract.ts";
import type { ShownEvent } from "./watch-events.ts";
import { positionText, type WatchHome } from "./watch-position.ts";
import type { WatchQueue } from "./watch-queue.ts";
import type { WatchFilter } from "./watch-request.ts";

/** That a quorum said at `atMs`, monotonic, that nothing had happened after `index`. */
export interface Confirmation {
  readonly index: LogIndex;
  readonly atMs: number;
}

export interface LiveWatchParts {
  readonly home: WatchHome;
  readonly filter: WatchFilter;
  readonly queue: WatchQueue;
  readonly heartbeatMs: number;
}

const heartbeatBytes = 100;

export class LiveWatch {
  readonly queue: WatchQueue;
  readonly #parts: LiveWatchParts;
  #cursor: LogIndex;
  #confirmed: Confirmation;

  /** It was told everything up to what was confirmed, or more: up to `cursor`. */
  constructor(parts: LiveWatchParts, cursor: LogIndex, confirmed: Confirmation) {
    this.queue = parts.queue;
    this.#parts = parts;
    this.#cursor = cursor;
    this.#confirmed = confirmed;
  }

  /** Up to here nothing is missing. */
  get cursor(): LogIndex {
    return this.#cursor;
  }

  /** `events` has all after the cursor, and maybe some before it; they reach to `through`. */
  take(events: readonly ShownEvent[], through: LogIndex): void {
    for (const { index, event, item } of events) {
      if (index > this.#cursor && this.#parts.filter(event)) this.queue.push(item);
    }
    if (through > this.#cursor) this.#cursor = through;
  }

  confirm(confirmation: Confirmation): void {
    if (this.#cursor >= confirmation.index) this.#confirmed = confirmation;
  }

  beat(nowMs: number): void {
    const { home, heartbeatMs } = this.#parts;
    const response = heartbeat({
      position: positionText(home, { index: this.#cursor, seen: "all" }),
      staleMs: nowMs - this.#confirmed.atMs,
      intervalMs: heartbeatMs,
    });
    this.queue.push({ response, event: undefined, sizeBytes: heartbeatBytes });
  }
}

export function heartbeat({
  staleMs,
  ...rest
}: {
  readonly position: string;
  readonly staleMs?: number;
  readonly intervalMs: number;
}): WatchResponse {
  const told = staleMs === undefined ? {} : { staleMs: Math.max(Math.ceil(staleMs), 0) };
  return { heartbeat: { ...rest, ...told } };
}
