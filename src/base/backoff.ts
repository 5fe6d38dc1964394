// How long to wait before trying again. Pure: the draw is the caller's.

export interface Backoff {
  /** The most the first wait may be, in milliseconds. It doubles with every attempt. */
  readonly firstMs: number;
  /** The most any wait may be, in milliseconds. */
  readonly mostMs: number;
}

/**
 * Milliseconds to wait before attempt `attempt` (the first retry is 1), with full jitter: anywhere
 * between nothing and the most, so that callers who failed together do not come back together.
 *
 * `draw` is a number in `[0, 1)`.
 */
export function backoffMs(backoff: Backoff, attempt: number, draw: number): number {
  // Past 2^30 times the first wait the cap decides anyway, and the power stays a safe integer.
  const doublings = Math.min(Math.max(attempt - 1, 0), 30);
  return Math.floor(draw * Math.min(backoff.firstMs * 2 ** doublings, backoff.mostMs));
}
