// A region as the cache sees it: one value a secret, that changes, is refused or cannot be had when
// the test says so, and a stream of changes that the test writes.
import assert from "node:assert/strict";
import { HoldfastError, type CallErrorCode } from "../../src/client/call-errors.ts";
import type { WatchStep } from "../../src/client/cache-watch.ts";
import { SecretCache, type CacheWorld, type SecretSource } from "../../src/client/secret-cache.ts";
import type { CacheEvent, CacheOptions } from "../../src/client/cache-settings.ts";
import type { WatchOptions } from "../../src/client/watch.ts";
import type { GetSecretValueResponse } from "../../src/generated/public-contract.ts";
import { SetClock } from "../support/set-clock.ts";

export function arnOf(name: string): string {
  return `arn:aws:secretsmanager:eu-west-1:000000000000:secret:${name}-AbCdEf`;
}

export function refused(code: CallErrorCode): HoldfastError {
  return new HoldfastError(`It is ${code}.`, { code, awsType: "Some", requestId: "r-1" });
}

type Answer = GetSecretValueResponse | HoldfastError;

export class ScriptedRegion implements SecretSource {
  /** What was asked for, in order. */
  readonly asked: string[] = [];
  readonly streams: ChangeStream[] = [];
  readonly #answers = new Map<string, Answer>();
  #gate: Promise<void> | undefined;
  #open: () => void = () => undefined;

  put(name: string, versionId: string, secretString = `value of ${versionId}`): void {
    const versionStages = ["AWSCURRENT"];
    this.set(name, { arn: arnOf(name), name, versionId, secretString, versionStages });
  }

  set(name: string, answer: Answer): void {
    this.#answers.set(name, answer);
  }

  /** From now on answers are decided, but held back. */
  hold(): void {
    this.#gate = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  release(): void {
    this.#gate = undefined;
    this.#open();
  }

  async getSecretValue({ secretId = "" }: { readonly secretId?: string | undefined }) {
    this.asked.push(secretId);
    const answer =
      this.#answers.get(secretId) ??
      [...this.#answers].find(([name]) => arnOf(name).startsWith(secretId))?.[1] ??
      refused("secret_not_found");
    await this.#gate;
    if (answer instanceof HoldfastError) throw answer;
    return answer;
  }

  watch(options: WatchOptions): AsyncIterable<WatchStep> {
    const stream = new ChangeStream(options);
    this.streams.push(stream);
    return stream;
  }
}

/** One stream, as the test writes it. */
export class ChangeStream implements AsyncIterable<WatchStep> {
  readonly options: WatchOptions;
  readonly #steps: (WatchStep | HoldfastError | "end")[] = [];
  #wake: () => void = () => undefined;

  constructor(options: WatchOptions) {
    this.options = options;
  }

  write(step: WatchStep | HoldfastError | "end"): void {
    this.#steps.push(step);
    this.#wake();
  }

  changed(name: string, position = "p"): void {
    this.write({ event: { name, arn: arnOf(name), position } });
  }

  async #somethingHappens(signal: AbortSignal | undefined): Promise<void> {
    let wake: () => void = () => undefined;
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    this.#wake = wake;
    signal?.addEventListener("abort", wake);
    await woken;
    signal?.removeEventListener("abort", wake);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<WatchStep> {
    const { signal } = this.options;
    while (signal?.aborted !== true) {
      const step = this.#steps.shift();
      if (step === "end") return;
      if (step instanceof HoldfastError) throw step;
      if (step !== undefined) yield step;
      else {
        await this.#somethingHappens(signal);
      }
    }
  }
}

export interface CacheBench extends Disposable {
  readonly cache: SecretCache;
  readonly region: ScriptedRegion;
  readonly clock: SetClock;
  readonly events: CacheEvent[];
  /** What the cache's watch has waited for. */
  readonly waits: number[];
}

/** Draws are nothing unless told: values live as long as they may. */
export function openCache(options: CacheOptions = {}, draw = 0): CacheBench {
  const region = new ScriptedRegion();
  const clock = new SetClock();
  const events: CacheEvent[] = [];
  const waits: number[] = [];
  const world: CacheWorld = {
    clock,
    entropy: { below: (limit) => Math.floor(draw * limit) },
    wait: (ms) => {
      waits.push(ms);
      return settled();
    },
  };
  const onEvent = (event: CacheEvent): void => void events.push(event);
  const cache = new SecretCache(region, { onEvent, ...options }, world);
  return {
    cache,
    region,
    clock,
    events,
    waits,
    [Symbol.dispose]: () => {
      cache.dispose();
    },
  };
}

/** Everything that does not wait for the outside has happened. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** What a call fails with; it is a mistake if it does not. */
export async function failureOf(call: Promise<unknown>): Promise<HoldfastError> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof HoldfastError, "the call fails with a HoldfastError");
  return error;
}
