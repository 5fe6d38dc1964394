// What happens on this node, read once and told to all who watch: each time entries were applied,
// and every few seconds how fresh that is. Costs nothing while nobody watches.
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../base/clock.ts";
import { refuseCall, RefusedError } from "../base/errors.ts";
import { logIndex, type LogIndex } from "../base/ids.ts";
import type { RaftGroup } from "../consensus/raft-group.ts";
import type { LiveWatch } from "./live-watch.ts";
import { shownEvents, type ShownEvent } from "./watch-events.ts";
import type { WatchHome } from "./watch-position.ts";

export interface WatchFeedParts {
  readonly group: Pick<RaftGroup, "view" | "readBarrier" | "onApplied">;
  readonly home: WatchHome;
  readonly clock: Clock;
  readonly heartbeatMs: number;
  /** Calls back after so many milliseconds. Returns how to stop it. */
  readonly later: (ms: number, callback: () => void) => () => void;
  /** The state cannot be read: the node must stop. */
  readonly onBroken: (error: unknown) => void;
}

const pageEvents = 500;
/** So many watchers are told before others get their turn. */
const toldAtOnce = 32;
/** What was told last is kept for those who have almost come up to it. */
const recentMost = 500;

export class WatchFeed {
  readonly #parts: WatchFeedParts;
  readonly #watches = new Set<LiveWatch>();
  /** Everything up to here is on its way to the watchers. */
  #head = logIndex(0);
  #recent: { readonly after: LogIndex; readonly events: readonly ShownEvent[] } | undefined;
  /** Everything up to here was put into their queues, and who waits for that. */
  #told = logIndex(0);
  #toldWaiters: { readonly index: LogIndex; readonly resolve: () => void }[] = [];
  #isDirty = false;
  #isReading = false;
  #stopListening: (() => void) | undefined;
  #stopBeating: (() => void) | undefined;
  /** From the first watcher that comes until the last one goes. */
  #period = 0;

  constructor(parts: WatchFeedParts) {
    this.#parts = parts;
  }

  /**
   * Tells `watch` of everything after its cursor from now on. `behind`: too much has happened since
   * for that; it must read further by itself.
   */
  attach(watch: LiveWatch): "attached" | "behind" {
    if (this.#watches.size === 0) this.#begin(watch.cursor);
    const { after, events } = this.#recent ?? { after: this.#head, events: [] };
    if (watch.cursor < after) return "behind";
    watch.take(events, this.#head);
    this.#watches.add(watch);
    this.#wake();
    return "attached";
  }

  detach(watch: LiveWatch): void {
    if (this.#watches.delete(watch) && this.#watches.size === 0) this.#rest();
  }

  /** Ends all streams: this node stops. */
  close(): void {
    this.#failAll("watch_ended");
  }

  #begin(cursor: LogIndex): void {
    this.#head = cursor;
    this.#told = cursor;
    this.#recent = undefined;
    this.#period += 1;
    this.#stopListening = this.#parts.group.onApplied(() => {
      this.#wake();
    });
    this.#beatLater();
  }

  #rest(): void {
    this.#stopListening?.();
    this.#stopBeating?.();
    this.#stopListening = undefined;
    this.#stopBeating = undefined;
    this.#settleTold(Infinity);
  }

  #failAll(code: "watch_ended" | "position_too_old"): void {
    for (const watch of this.#watches) watch.queue.fail(refuseCall(code, {}));
    this.#watches.clear();
    this.#rest();
  }

  #wake(): void {
    this.#isDirty = true;
    if (this.#isReading) return;
    this.#isReading = true;
    this.#readOn().catch((error: unknown) => {
      this.#isReading = false;
      this.#failAll("watch_ended");
      this.#parts.onBroken(error);
    });
  }

  async #readOn(): Promise<void> {
    while (this.#isDirty && this.#watches.size > 0) {
      // What else is applied in this turn is read with it.
      await nextTurn();
      this.#isDirty = false;
      await this.#readPages();
    }
    this.#isReading = false;
  }

  async #readPages(): Promise<void> {
    for (let isMore = true; isMore && this.#watches.size > 0;) {
      const from = this.#head;
      const page = await this.#parts.group.view.eventsAfter(from, pageEvents);
      // All have gone meanwhile, and others come, elsewhere.
      if (this.#head !== from) continue;
      if (page === "too_old") {
        this.#failAll("position_too_old");
        return;
      }
      const period = this.#period;
      const events = shownEvents(this.#parts.home, page);
      this.#head = page.through;
      this.#remember(from, events);
      await this.#forEach((watch) => {
        watch.take(events, page.through);
      });
      // Those who came when all had gone were not told, and began elsewhere.
      if (this.#period !== period) continue;
      this.#told = page.through;
      this.#settleTold(page.through);
      isMore = events.length > 0;
    }
  }

  #remember(from: LogIndex, events: readonly ShownEvent[]): void {
    const before = this.#recent ?? { after: from, events: [] };
    const all = [...before.events, ...events];
    // A whole entry or nothing of it: its events are told by its index alone.
    const cut = all.at(-recentMost - 1)?.index;
    this.#recent =
      cut === undefined
        ? { after: before.after, events: all }
        : { after: cut, events: all.filter(({ index }) => index > cut) };
  }

  /** Everybody who is there now, a few at a time: what they do with it takes longer than this. */
  async #forEach(tell: (watch: LiveWatch) => void): Promise<void> {
    let count = 0;
    for (const watch of [...this.#watches]) {
      tell(watch);
      count += 1;
      if (count % toldAtOnce === 0) await nextTurn();
    }
  }

  #beatLater(): void {
    this.#stopBeating = this.#parts.later(this.#parts.heartbeatMs, () => {
      this.#beat(this.#period).catch(this.#parts.onBroken);
    });
  }

  async #beat(period: number): Promise<void> {
    await this.#confirm();
    const nowMs = this.#parts.clock.monotonicMs();
    await this.#forEach((watch) => {
      watch.beat(nowMs);
    });
    if (this.#watches.size > 0 && this.#period === period) this.#beatLater();
  }

  /** Asks a quorum whether this node is up to date. One that does not answer leaves it older. */
  async #confirm(): Promise<void> {
    const { group, clock, heartbeatMs } = this.#parts;
    const atMs = clock.monotonicMs();
    try {
      const index = await group.readBarrier({ deadlineMs: atMs + heartbeatMs / 2 });
      await this.#toldUpTo(index);
      for (const watch of this.#watches) watch.confirm({ index, atMs });
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
    }
  }

  #toldUpTo(index: LogIndex): Promise<void> {
    if (this.#told >= index || this.#watches.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#toldWaiters.push({ index, resolve });
      this.#wake();
    });
  }

  #settleTold(index: number): void {
    const done = this.#toldWaiters.filter((waiter) => waiter.index <= index);
    this.#toldWaiters = this.#toldWaiters.filter((waiter) => waiter.index > index);
    for (const { resolve } of done) resolve();
  }
}
