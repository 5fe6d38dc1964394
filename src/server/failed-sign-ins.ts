// Who fails to prove who they are is answered at once a few times, and then ever so slowly: counted
// by the network a request comes from and by the access key it names. Whoever proves it is never
// made to wait, whatever others of the same network or key have done.
import { setTimeout as pauseFor } from "node:timers/promises";
import type { Clock } from "../base/clock.ts";
import { refuseCall, type RefusedError } from "../base/errors.ts";
import { TokenBuckets } from "../base/token-buckets.ts";
import { callerNetwork } from "./caller-network.ts";

export interface FailedSignInSettings {
  /** So many a minute, of one network or with one access key, are answered at once. */
  readonly perMinute: number;
  /** What each one more waits for its answer. */
  readonly delayMs: number;
  /** So many wait at a time; the next is turned away at once. */
  readonly waiting: number;
}

export const defaultFailedSignIns: FailedSignInSettings = {
  perMinute: 10,
  delayMs: 1_000,
  waiting: 256,
};

export interface FailedSignIn {
  /** As the socket has it. */
  readonly address: string | undefined;
  /** As the request has it: nobody need have one of that name. */
  readonly accessKeyId: string | undefined;
  /** What it comes to when there were not too many. */
  readonly refused: RefusedError;
}

interface FailedSignInsParts {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly settings?: FailedSignInSettings;
  readonly pause?: (ms: number) => Promise<unknown>;
}

/** Networks, and access keys, that are remembered at a time. */
const rememberedKeys = 10_000;
/** One network cannot take all the places there are to wait in. */
const networkShare = 8;

export class FailedSignIns {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #settings: FailedSignInSettings;
  readonly #pause: (ms: number) => Promise<unknown>;
  readonly #networks: TokenBuckets;
  readonly #accessKeys: TokenBuckets;
  /** How many of each network wait now. */
  readonly #waiting = new Map<string, number>();
  #waitingInAll = 0;

  constructor({ clock, settings = defaultFailedSignIns, pause = pauseUnseen }: FailedSignInsParts) {
    this.#clock = clock;
    this.#settings = settings;
    this.#pause = pause;
    const { perMinute } = settings;
    const buckets = { capacity: perMinute, perSecond: perMinute / 60, keys: rememberedKeys };
    this.#networks = new TokenBuckets(buckets);
    this.#accessKeys = new TokenBuckets(buckets);
  }

  /**
   * Resolves, when it is time to answer, with what to answer: the refusal that was given, or
   * `rate_exceeded` at once when too many wait already.
   */
  async hold({ address, accessKeyId, refused }: FailedSignIn): Promise<RefusedError> {
    const network = callerNetwork(address);
    if (this.#isWithinRate(network, accessKeyId)) return refused;
    const { delayMs, waiting } = this.#settings;
    const ofNetwork = this.#waiting.get(network) ?? 0;
    if (this.#waitingInAll >= waiting || ofNetwork * networkShare >= waiting) {
      return refuseCall("rate_exceeded", {});
    }
    this.#waitingInAll += 1;
    this.#waiting.set(network, ofNetwork + 1);
    try {
      await this.#pause(delayMs);
    } finally {
      this.#waitingInAll -= 1;
      this.#leave(network);
    }
    return refused;
  }

  #isWithinRate(network: string, accessKeyId: string | undefined): boolean {
    const nowMs = this.#clock.monotonicMs();
    const isNetworkWithin = this.#networks.take(network, nowMs);
    const isKeyWithin = accessKeyId === undefined || this.#accessKeys.take(accessKeyId, nowMs);
    return isNetworkWithin && isKeyWithin;
  }

  #leave(network: string): void {
    const left = (this.#waiting.get(network) ?? 1) - 1;
    if (left === 0) this.#waiting.delete(network);
    else this.#waiting.set(network, left);
  }
}

/** A process that ends does not wait for it. */
function pauseUnseen(ms: number): Promise<unknown> {
  return pauseFor(ms, undefined, { ref: false });
}
