// Watch: what becomes of secrets, as it happens, for as long as the caller wants to know.
import { refuseCall, RefusedError } from "../base/errors.ts";
import { logIndex, type LogIndex } from "../base/ids.ts";
import type { WatchRequest, WatchResponse } from "../generated/public-contract.ts";
import type { EventPage } from "../machine/state-view.ts";
import type { SecretEvent } from "../secrets/secret-event.ts";
import type { Authorize } from "./authorization.ts";
import type { Caller } from "./caller.ts";
import { heartbeat, LiveWatch, type Confirmation } from "./live-watch.ts";
import { isAfter, shownEvents } from "./watch-events.ts";
import { WatchFeed, type WatchFeedParts } from "./watch-feed.ts";
import { parsePosition, positionText, type WatchPosition } from "./watch-position.ts";
import { WatchQueue } from "./watch-queue.ts";
import { watchFilter, type WatchFilter } from "./watch-request.ts";

export interface WatchParts extends Omit<WatchFeedParts, "heartbeatMs"> {
  readonly authorize: Authorize;
  readonly limits: WatchLimits;
}

export interface WatchLimits {
  /** How many streams this node serves, and how many of one principal. */
  readonly streams: number;
  readonly streamsPerPrincipal: number;
  /** What may wait for one that takes it slowly. */
  readonly queueBytes: number;
  readonly heartbeatMs: number;
}

export const usualWatchLimits: WatchLimits = {
  streams: 4_000,
  streamsPerPrincipal: 2_000,
  queueBytes: 1_048_576,
  heartbeatMs: 5_000,
};

/** One stream, from its first word on. */
interface Stream {
  readonly caller: Caller;
  readonly filter: WatchFilter;
  /** What a quorum said when it began. */
  readonly begun: Confirmation;
}

const pageEvents = 200;

export class WatchService {
  readonly #parts: WatchParts;
  readonly #feed: WatchFeed;
  readonly #streamsOf = new Map<string, number>();
  #streams = 0;
  #isClosed = false;

  constructor(parts: WatchParts) {
    this.#parts = parts;
    this.#feed = new WatchFeed({ ...parts, heartbeatMs: parts.limits.heartbeatMs });
  }

  /**
   * Heartbeats and events until the caller has had enough: its signal aborts, or it asks for no
   * more. Refuses `validation_failed`, `access_denied`, `too_many_watches`, `position_elsewhere`,
   * `position_in_future`, `position_too_old`, `watcher_too_slow`, `watch_ended`, `no_leader` and
   * `timed_out`.
   */
  async *watch(caller: Caller, request: WatchRequest): AsyncGenerator<WatchResponse> {
    const filter = watchFilter(request);
    this.#requireListing(caller);
    const given =
      request.position === undefined
        ? undefined
        : parsePosition(this.#parts.home, request.position);
    const { arn } = caller.principal;
    this.#admit(arn);
    try {
      yield* this.#stream(caller, filter, given);
    } catch (error) {
      if (!(error instanceof RefusedError)) this.#parts.onBroken(error);
      throw error;
    } finally {
      this.#release(arn);
    }
  }

  /** Ends all streams and takes no more: this node stops. */
  close(): void {
    this.#isClosed = true;
    this.#feed.close();
  }

  async *#stream(
    caller: Caller,
    filter: WatchFilter,
    given: WatchPosition | undefined,
  ): AsyncGenerator<WatchResponse> {
    const atMs = this.#parts.clock.monotonicMs();
    const index = await this.#parts.group.readBarrier(caller);
    if (given !== undefined && given.index > index) throw refuseCall("position_in_future", {});
    const stream = { caller, filter, begun: { index, atMs } };
    const live = yield* this.#catchUp(stream, given ?? { index, seen: "all" });
    if (live !== undefined) yield* this.#follow(caller, live);
  }

  /** Reads what has happened since the position, until the feed can take the watcher over. */
  async *#catchUp(
    stream: Stream,
    start: WatchPosition,
  ): AsyncGenerator<WatchResponse, LiveWatch | undefined> {
    const { clock, limits } = this.#parts;
    let at = start;
    let beatMs = -Infinity;
    while (stream.caller.signal?.aborted !== true) {
      if (this.#isClosed) throw refuseCall("watch_ended", {});
      const page = await this.#parts.group.view.eventsAfter(before(at), pageEvents);
      // Before anything is told: whoever hears of a position that is too old can rely on nothing.
      if (page === "too_old") throw refuseCall("position_too_old", {});
      if (clock.monotonicMs() - beatMs >= limits.heartbeatMs) {
        beatMs = clock.monotonicMs();
        yield this.#beatOf(stream, at);
      }
      yield* this.#told(stream, page, at);
      at = { index: logIndex(Math.max(page.through, at.index)), seen: "all" };
      const isLast = page.events.length < pageEvents;
      const live = isLast ? this.#attach(stream, at.index) : undefined;
      if (live !== undefined) return live;
    }
    return undefined;
  }

  *#told(
    { caller, filter }: Stream,
    page: EventPage,
    after: WatchPosition,
  ): Generator<WatchResponse> {
    for (const shown of shownEvents(this.#parts.home, page)) {
      const isMeant = isAfter(shown, after) && filter(shown.event);
      if (isMeant && this.#mayKnow(caller, shown.event)) yield shown.item.response;
    }
  }

  async *#follow({ signal, ...caller }: Caller, live: LiveWatch): AsyncGenerator<WatchResponse> {
    const leave = (): void => {
      live.queue.close();
    };
    signal?.addEventListener("abort", leave);
    try {
      if (signal?.aborted === true) return;
      for (let item = await live.queue.next(); item !== undefined; item = await live.queue.next()) {
        if (item.event === undefined) this.#requireListing(caller);
        else if (!this.#mayKnow(caller, item.event)) continue;
        yield item.response;
      }
    } finally {
      signal?.removeEventListener("abort", leave);
      live.queue.close();
      this.#feed.detach(live);
    }
  }

  #attach({ filter, begun }: Stream, cursor: LogIndex): LiveWatch | undefined {
    if (this.#isClosed) return undefined;
    const { home, limits } = this.#parts;
    const queue = new WatchQueue(limits.queueBytes);
    const parts = { home, filter, queue, heartbeatMs: limits.heartbeatMs };
    const live = new LiveWatch(parts, cursor, begun);
    return this.#feed.attach(live) === "attached" ? live : undefined;
  }

  /** Before the watcher is up to date it can only be told where it is. */
  #beatOf({ begun }: Stream, at: WatchPosition): WatchResponse {
    const { home, clock, limits } = this.#parts;
    return heartbeat({
      position: positionText(home, at),
      intervalMs: limits.heartbeatMs,
      ...(at.seen === "all" && at.index >= begun.index
        ? { staleMs: clock.monotonicMs() - begun.atMs }
        : {}),
    });
  }

  #admit(principal: string): void {
    if (this.#isClosed) throw refuseCall("watch_ended", {});
    const { streams, streamsPerPrincipal } = this.#parts.limits;
    if (this.#streams >= streams) {
      throw refuseCall("too_many_watches", { limit: streams, per: "node" });
    }
    const own = this.#streamsOf.get(principal) ?? 0;
    if (own >= streamsPerPrincipal) {
      throw refuseCall("too_many_watches", { limit: streamsPerPrincipal, per: "principal" });
    }
    this.#streams += 1;
    this.#streamsOf.set(principal, own + 1);
  }

  #release(principal: string): void {
    this.#streams -= 1;
    const own = (this.#streamsOf.get(principal) ?? 1) - 1;
    if (own === 0) this.#streamsOf.delete(principal);
    else this.#streamsOf.set(principal, own);
  }

  #requireListing({ principal }: Pick<Caller, "principal">): void {
    const refusal = this.#parts.authorize(principal, "secretsmanager:ListSecrets", undefined);
    if (refusal !== undefined) throw new RefusedError(refusal);
  }

  /** Asked when an event is about to be told, not when it happened. */
  #mayKnow({ principal }: Pick<Caller, "principal">, { name, arn }: SecretEvent): boolean {
    const resource = { named: name, arn };
    const action = "secretsmanager:DescribeSecret";
    return this.#parts.authorize(principal, action, resource) === undefined;
  }
}

/** Events of an entry of which some are still to come are read again with it. */
function before({ index, seen }: WatchPosition): LogIndex {
  return seen === "all" ? index : logIndex(Math.max(index - 1, 0));
}
