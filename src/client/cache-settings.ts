// What a cache can be told, what it does when it is told nothing, and what it tells.
import type { CallErrorCode } from "./call-errors.ts";

export interface CacheOptions {
  /** How many secrets, or versions of them, are kept at most. 1,024 unless given. */
  readonly maxEntries?: number;
  /** How many bytes of values and what is known of them. 16 MiB unless given. */
  readonly maxBytes?: number;
  /** How long a value is taken for good; the last tenth is drawn. 5 minutes unless given. */
  readonly ttlMs?: number;
  /** How old a value may be that is handed out because no node answers. A day unless given. */
  readonly maxStaleMs?: number;
  /** How long a refusal, such as that there is no such secret, is kept. 5 seconds unless given. */
  readonly negativeTtlMs?: number;
  /** Between two readings because a value was not accepted. 5 seconds unless given. */
  readonly authRefreshMs?: number;
  /** `on`, unless given: a secret that changes is read again at once. Needs `ListSecrets`. */
  readonly watch?: "on" | "off";
  /** Only secrets whose names begin with one of these are watched. All unless given. */
  readonly watchPrefixes?: readonly string[];
  /** Told of everything that happens, for metrics. Must not throw. */
  readonly onEvent?: (event: CacheEvent) => void;
}

/** Why a value is asked for although there is one, or was. */
export type ReadCause = "missing" | "expired" | "changed" | "auth_failure";

/** Never has a value, nor anything made from one. */
export type CacheEvent =
  /** The value was there. */
  | { readonly kind: "hit"; readonly secretId: string }
  /** The region was asked, and gave a value. */
  | { readonly kind: "read"; readonly secretId: string; readonly cause: ReadCause }
  /** No node answers, and the last good value was handed out. */
  | { readonly kind: "stale"; readonly secretId: string; readonly ageMs: number }
  /** The region was asked in vain: no answer, or a refusal. */
  | { readonly kind: "failed"; readonly secretId: string; readonly code: CallErrorCode }
  /** A refusal of a moment ago was given again. */
  | { readonly kind: "refused"; readonly secretId: string; readonly code: CallErrorCode }
  /** The region says that a secret changed. */
  | { readonly kind: "changed"; readonly name: string }
  | { readonly kind: "evicted"; readonly secretId: string; readonly why: "entries" | "bytes" }
  /** Whether changes are heard of at once. */
  | { readonly kind: "watch"; readonly state: "live" | "lost" };

type Needed = "watch" | "watchPrefixes" | "onEvent";
export type CacheSettings = Required<Omit<CacheOptions, Needed>> & Pick<CacheOptions, Needed>;

const minuteMs = 60_000;

const defaults = {
  maxEntries: 1_024,
  maxBytes: 16 * 1024 * 1024,
  ttlMs: 5 * minuteMs,
  maxStaleMs: 24 * 60 * minuteMs,
  negativeTtlMs: 5_000,
  authRefreshMs: 5_000,
} as const;

const least: Readonly<Record<keyof typeof defaults, number>> = {
  maxEntries: 1,
  maxBytes: 1,
  ttlMs: 0,
  maxStaleMs: 0,
  negativeTtlMs: 0,
  authRefreshMs: 0,
};

/** Throws a `RangeError` that names the setting and says what was expected. */
export function settingsOf(options: CacheOptions): CacheSettings {
  const settings = { ...defaults, ...withoutAbsent(options) };
  for (const name of Object.keys(defaults) as (keyof typeof defaults)[]) {
    const given = settings[name];
    if (Number.isFinite(given) && given >= least[name]) continue;
    throw new RangeError(
      `Cannot make a cache with ${name} ${given}: expected a number from ${least[name]} on`,
    );
  }
  return settings;
}

/** An option that is `undefined` was not given. */
function withoutAbsent(options: CacheOptions): CacheOptions {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given);
}
