// Secrets kept close to who uses them: read once, however many ask; read again when they change or
// grow old; handed out, with their age, when no node of the region answers.
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { backoffMs } from "../base/backoff.ts";
import { systemClock, type Clock } from "../base/clock.ts";
import { systemEntropy, type Entropy } from "../base/entropy.ts";
import type {
  GetSecretValueRequest,
  GetSecretValueResponse,
} from "../generated/public-contract.ts";
import { AuthRefreshes } from "./auth-refreshes.ts";
import { CacheShelf, type Asked, type Entry } from "./cache-shelf.ts";
import {
  settingsOf,
  type CacheEvent,
  type CacheOptions,
  type CacheSettings,
} from "./cache-settings.ts";
import { followChanges, type SecretChange, type WatchStep } from "./cache-watch.ts";
import type { CachedSecret, KeptValue } from "./cached-secret.ts";
import { HoldfastError, type CallErrorCode } from "./call-errors.ts";
import type { WatchOptions } from "./watch.ts";
import { Readings, type FoundValue, type Reading } from "./readings.ts";

/** What a cache needs of a client. */
export interface SecretSource {
  getSecretValue(request: GetSecretValueRequest): Promise<GetSecretValueResponse>;
  /** Absent: values live out their time. */
  watch?(options: WatchOptions): AsyncIterable<WatchStep>;
}

/** What a cache needs of the world. Tests hand in their own. */
export interface CacheWorld {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly entropy: Pick<Entropy, "below">;
  /** Ends early when `signal` aborts. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

const realWorld: CacheWorld = {
  clock: systemClock,
  entropy: systemEntropy,
  wait: async (ms, signal) => {
    // Cut short is over, too.
    await sleep(ms, undefined, { signal }).catch(() => undefined);
  },
};

/** The region is not asked what it says, only whether it is there: these say that it is not. */
const outages: ReadonlySet<CallErrorCode> = new Set([
  "internal_error",
  "low_space",
  "no_leader",
  "node_locked",
  "outcome_unknown",
  "overloaded",
  "rate_exceeded",
  "timed_out",
  "unreachable",
  "upgrade_under_way",
]);

const retryBackoff = { firstMs: 1_000, mostMs: 60_000 };
/** Of the time a value lives, drawn: caches that were filled together do not ask together. */
const drawnPart = 0.1;

/** Which version; the one labelled AWSCURRENT unless told. */
export type Which = Omit<Asked, "secretId">;

export class SecretCache implements Disposable {
  readonly #source: SecretSource;
  readonly #settings: CacheSettings;
  readonly #world: CacheWorld;
  readonly #shelf: CacheShelf;
  readonly #readings: Readings;
  readonly #authRefreshes: AuthRefreshes;
  readonly #closing = new AbortController();
  #isFollowing = false;

  /** Asks nobody yet. Throws a `RangeError` about an option. `world` is for tests. */
  constructor(source: SecretSource, options: CacheOptions = {}, world: CacheWorld = realWorld) {
    this.#source = source;
    this.#settings = settingsOf(options);
    this.#world = world;
    this.#shelf = new CacheShelf({
      ...this.#settings,
      onEvicted: ({ asked: { secretId } }, why) => {
        this.#tell({ kind: "evicted", secretId, why });
      },
    });
    this.#readings = new Readings({
      ask: (asked) => source.getSecretValue(asked),
      clock: world.clock,
      onValue: (reading, found) => {
        this.#settle(reading, found);
      },
      onFailure: (reading, error) => {
        this.#fail(reading, error);
      },
    });
    const { authRefreshMs: everyMs, maxEntries: most } = this.#settings;
    this.#authRefreshes = new AuthRefreshes(world.clock, { everyMs, most });
  }

  /** How many entries there are; refusals count. */
  get size(): number {
    return this.#shelf.size;
  }

  /** What they weigh: their values, and 512 bytes each for what else is known. */
  get bytes(): number {
    return this.#shelf.bytes;
  }

  /**
   * The value, from here or from the region, as a copy of the caller's own. Rejects with a
   * `HoldfastError`; a refusal of the region ends the value that is kept here.
   */
  async get(secretId: string, which: Which = {}): Promise<CachedSecret> {
    this.#mustBeOpen();
    this.#follow();
    const asked = { ...which, secretId };
    const key = keyOf(asked);
    const now = this.#now();
    const entry = this.#shelf.touch(key, now);
    if (entry?.refusal !== undefined) this.#refuseAgain(secretId, entry.refusal, now);
    if (entry?.value === undefined) return await this.#readings.join(key, asked, "missing");
    if (now < entry.expiresAt) {
      this.#tell({ kind: "hit", secretId });
      return entry.value.handOut({ ageMs: now - entry.value.readAt, isStale: false });
    }
    // Nobody waits again for what did not answer the last time.
    if (entry.failures > 0 && this.#isUsable(entry.value)) {
      if (now >= entry.retryAt) this.#readings.begin(key, asked, "expired");
      return this.#handOutStale(entry.asked, entry.value);
    }
    return await this.#readings.join(key, asked, "expired");
  }

  /**
   * Runs `use` with the value; if it fails because the value was not accepted, such as a password
   * that has just been rotated, reads the secret again and runs `use` once more, if the value is
   * another one by then. The failure is thrown on if not, or if the secret was read for this reason
   * a moment ago: a password that is simply wrong must not keep the region busy.
   *
   * The value is wiped when `use` is done.
   */
  async withFreshOnAuthFailure<Result>(
    secretId: string,
    use: (secret: CachedSecret) => Promise<Result> | Result,
    isAuthFailure: (error: unknown) => boolean,
  ): Promise<Result> {
    using first = await this.get(secretId);
    try {
      return await use(first);
    } catch (error) {
      if (!isAuthFailure(error)) throw error;
      using other = await this.#otherThan(first, secretId);
      if (other === undefined) throw error;
      return await use(other);
    }
  }

  /** Has the secret read again when it is asked for the next time. Takes its name, ARN or id. */
  invalidate(secretId: string): void {
    this.#outdate({ name: secretId }, "next_time");
  }

  /** Wipes what is kept. Whoever waits is refused, and so is whoever asks from now on. */
  dispose(): void {
    this.#closing.abort();
    this.#shelf[Symbol.dispose]();
    this.#readings.close(closedError());
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  toJSON(): object {
    return { entries: this.size, bytes: this.bytes };
  }

  [inspect.custom](): string {
    return `SecretCache { entries: ${this.size}, bytes: ${this.bytes} }`;
  }

  /** Throws the refusal of a moment ago; nothing if it is too old. */
  #refuseAgain(
    secretId: string,
    { error, until }: NonNullable<Entry["refusal"]>,
    now: number,
  ): void {
    if (now >= until) return;
    this.#tell({ kind: "refused", secretId, code: error.code });
    throw error;
  }

  #settle({ key, asked, cause, waiters }: Reading, { value, isOutdated }: FoundValue): void {
    this.#tell({ kind: "read", secretId: asked.secretId, cause });
    const now = this.#now();
    // Before it is kept: there may be no room for it.
    for (const { resolve } of waiters) {
      resolve(value.handOut({ ageMs: now - value.readAt, isStale: false }));
    }
    const askedAt = this.#shelf.find(key)?.askedAt ?? now;
    const expiresAt = isOutdated ? -Infinity : now + this.#lifeMs();
    this.#shelf.keep(key, { asked, value, expiresAt, failures: 0, retryAt: 0, askedAt });
  }

  #fail({ key, asked, waiters }: Reading, error: unknown): void {
    const code = error instanceof HoldfastError ? error.code : "internal_error";
    this.#tell({ kind: "failed", secretId: asked.secretId, code });
    const before = this.#shelf.find(key);
    if (error instanceof HoldfastError && !outages.has(code)) {
      this.#keepRefusal(key, asked, error);
    } else if (before?.value !== undefined && this.#isUsable(before.value)) {
      const failures = before.failures + 1;
      const retryAt = this.#now() + backoffMs(retryBackoff, failures, this.#draw());
      this.#shelf.keep(key, { ...before, failures, retryAt });
      for (const { resolve } of waiters) resolve(this.#handOutStale(asked, before.value));
      return;
    } else {
      this.#shelf.drop(key);
    }
    for (const { reject } of waiters) reject(error);
  }

  #keepRefusal(key: string, asked: Asked, error: HoldfastError): void {
    const now = this.#now();
    const refusal = { error, until: now + this.#settings.negativeTtlMs };
    this.#shelf.keep(key, {
      asked,
      expiresAt: -Infinity,
      refusal,
      failures: 0,
      retryAt: 0,
      askedAt: now,
    });
  }

  /** The value of another version than the one that was not accepted, if there is one. */
  async #otherThan(used: CachedSecret, secretId: string): Promise<CachedSecret | undefined> {
    const asked = { secretId };
    const key = keyOf(asked);
    const kept = this.#shelf.find(key)?.value;
    // Somebody else was refused before, and had it read again.
    if (kept !== undefined && kept.facts.versionId !== used.versionId) {
      return kept.handOut({ ageMs: this.#now() - kept.readAt, isStale: false });
    }
    if (this.#isClosed || !(this.#readings.has(key) || this.#authRefreshes.take(key))) {
      return undefined;
    }
    try {
      const fresh = await this.#readings.join(key, asked, "auth_failure");
      if (fresh.versionId !== used.versionId) return fresh;
      fresh.dispose();
      return undefined;
    } catch (error) {
      // What went wrong is told by an event; the caller is told what the target said.
      if (error instanceof HoldfastError) return undefined;
      throw error;
    }
  }

  #follow(): void {
    const source = this.#source;
    if (this.#isFollowing || source.watch === undefined || this.#settings.watch === "off") return;
    this.#isFollowing = true;
    const { entropy, wait } = this.#world;
    const parts = {
      watch: source.watch.bind(source),
      namePrefixes: this.#settings.watchPrefixes,
      entropy,
      wait,
      onChange: (change: SecretChange) => {
        this.#tell({ kind: "changed", name: change.name ?? "" });
        this.#outdate(change, "at_once");
      },
      onGap: () => {
        this.#outdateAll();
      },
      onState: (state: "live" | "lost") => {
        this.#tell({ kind: "watch", state });
      },
    };
    void followChanges(parts, this.#closing.signal);
  }

  #outdate(change: SecretChange, when: "at_once" | "next_time"): void {
    this.#readings.outdate(({ secretId }) => mayMean(secretId, change));
    const { name = "", arn = "" } = change;
    const found = new Map([...this.#shelf.under(name), ...this.#shelf.under(arn)]);
    for (const [key, entry] of found) {
      this.#expire(key, entry);
      // Nobody has asked for it as long as it lives: nobody may be waiting for the new one.
      const isWanted = this.#now() - entry.askedAt < this.#settings.ttlMs;
      const hasValue = entry.value !== undefined;
      if (when === "at_once" && hasValue && isWanted) {
        this.#readings.begin(key, entry.asked, "changed");
      }
    }
  }

  #outdateAll(): void {
    this.#readings.outdate(() => true);
    for (const [key, entry] of this.#shelf.all()) this.#expire(key, entry);
  }

  #expire(key: string, entry: Entry): void {
    if (entry.value === undefined) this.#shelf.drop(key);
    else this.#shelf.keep(key, { ...entry, expiresAt: -Infinity, failures: 0 });
  }

  #handOutStale({ secretId }: Asked, value: KeptValue): CachedSecret {
    const ageMs = this.#now() - value.readAt;
    this.#tell({ kind: "stale", secretId, ageMs });
    return value.handOut({ ageMs, isStale: true });
  }

  #isUsable(value: KeptValue): boolean {
    return this.#now() - value.readAt <= this.#settings.maxStaleMs;
  }

  #lifeMs(): number {
    return this.#settings.ttlMs * (1 - drawnPart * this.#draw());
  }

  #draw(): number {
    return this.#world.entropy.below(1_000) / 1_000;
  }

  #now(): number {
    return this.#world.clock.monotonicMs();
  }

  #tell(event: CacheEvent): void {
    this.#settings.onEvent?.(event);
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw closedError();
  }
}

function closedError(): TypeError {
  return new TypeError("The cache was disposed of: it has no secrets any more");
}

function keyOf({ secretId, versionId = "", versionStage = "" }: Asked): string {
  return JSON.stringify([secretId, versionId, versionStage]);
}

/** An id may be a name, an ARN, or an ARN without its last seven characters. */
function mayMean(secretId: string, { name = "", arn = "" }: SecretChange): boolean {
  return secretId === name || arn.startsWith(secretId);
}
