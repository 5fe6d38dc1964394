// Hears of changes as long as the cache lives: goes on where a stream broke off, and says so when
// something may have been missed.
import { backoffMs } from "../base/backoff.ts";
import type { Entropy } from "../base/entropy.ts";
import { HoldfastError, type CallErrorCode } from "./call-errors.ts";
import type { WatchOptions } from "./watch.ts";

/** A secret that changed, by both of its names. */
export interface SecretChange {
  readonly name?: string;
  readonly arn?: string;
}

/** One message of a stream: something happened, or time has passed. */
export interface WatchStep {
  readonly event?: SecretChange & { readonly position?: string };
  readonly heartbeat?: { readonly position?: string };
}

export interface FollowParts {
  /** Goes on by itself over a lost connection, on any node; ends when it cannot. */
  readonly watch: (options: WatchOptions) => AsyncIterable<WatchStep>;
  readonly namePrefixes: readonly string[] | undefined;
  readonly entropy: Pick<Entropy, "below">;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly onChange: (change: SecretChange) => void;
  /** Anything may have changed unheard. */
  readonly onGap: () => void;
  readonly onState: (state: "live" | "lost") => void;
}

const backoff = { firstMs: 200, mostMs: 30_000 };

/** From there nobody can go on. */
const uselessPositions: ReadonlySet<CallErrorCode> = new Set([
  "position_too_old",
  "position_in_future",
  "position_elsewhere",
]);

/** Resolves when `signal` aborts, and never rejects: whoever hears nothing asks more often. */
export async function followChanges(parts: FollowParts, signal: AbortSignal): Promise<void> {
  const heard: Heard = { position: undefined, isLive: false };
  let failures = 0;
  while (!signal.aborted) {
    const error = await endOf(followStream(parts, heard, signal));
    if (heard.isLive) parts.onState("lost");
    failures = heard.isLive ? 1 : failures + 1;
    heard.isLive = false;
    if (isUseless(error)) heard.position = undefined;
    await parts.wait(backoffMs(backoff, failures, parts.entropy.below(1_000) / 1_000), signal);
  }
}

interface Heard {
  position: string | undefined;
  isLive: boolean;
}

async function followStream(parts: FollowParts, heard: Heard, signal: AbortSignal): Promise<void> {
  const { watch, namePrefixes, onChange } = parts;
  const from = heard.position;
  for await (const { event, heartbeat } of watch({ namePrefixes, position: from, signal })) {
    if (signal.aborted) return;
    if (!heard.isLive) {
      heard.isLive = true;
      parts.onState("live");
      // What happened before this moment is not told to a stream that begins now.
      if (from === undefined) parts.onGap();
    }
    if (event !== undefined) onChange(event);
    heard.position = event?.position ?? heartbeat?.position ?? heard.position;
  }
}

/** What it ended with; nothing: it ended by itself. */
async function endOf(stream: Promise<void>): Promise<unknown> {
  return stream.then(
    () => undefined,
    (error: unknown) => error,
  );
}

function isUseless(error: unknown): boolean {
  return error instanceof HoldfastError && uselessPositions.has(error.code);
}
