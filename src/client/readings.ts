// What is being read from the region at this moment: once for all who ask for the same, and again
// if it changed meanwhile.
import type { Clock } from "../base/clock.ts";
import type { GetSecretValueResponse } from "../generated/public-contract.ts";
import type { ReadCause } from "./cache-settings.ts";
import type { Asked } from "./cache-shelf.ts";
import { KeptValue, type CachedSecret } from "./cached-secret.ts";

/** Somebody who waits for what is being read. */
interface Waiter {
  readonly resolve: (secret: CachedSecret) => void;
  readonly reject: (error: unknown) => void;
}

/** One request, or a few of the same that follow each other. */
export interface Reading {
  readonly key: string;
  readonly asked: Asked;
  readonly cause: ReadCause;
  readonly waiters: Waiter[];
  /** How often the secret has changed since somebody began to read it. */
  changes: number;
}

export interface FoundValue {
  readonly value: KeptValue;
  /** The secret has changed again meanwhile. */
  readonly isOutdated: boolean;
}

export interface ReadingParts {
  readonly ask: (asked: Asked) => Promise<GetSecretValueResponse>;
  readonly clock: Pick<Clock, "monotonicMs">;
  /** Takes the value over, and sees to those who wait. */
  readonly onValue: (reading: Reading, found: FoundValue) => void;
  /** Sees to those who wait. */
  readonly onFailure: (reading: Reading, error: unknown) => void;
}

/** A secret that changes while it is read is read again, but not for ever. */
const mostRequests = 3;

export class Readings {
  readonly #parts: ReadingParts;
  readonly #underWay = new Map<string, Reading>();
  #isClosed = false;

  constructor(parts: ReadingParts) {
    this.#parts = parts;
  }

  has(key: string): boolean {
    return this.#underWay.has(key);
  }

  /** Waits for what is read, together with all who do already. */
  join(key: string, asked: Asked, cause: ReadCause): Promise<CachedSecret> {
    return new Promise((resolve, reject) => {
      this.begin(key, asked, cause).waiters.push({ resolve, reject });
    });
  }

  begin(key: string, asked: Asked, cause: ReadCause): Reading {
    const underWay = this.#underWay.get(key);
    if (underWay !== undefined) return underWay;
    const reading: Reading = { key, asked, cause, waiters: [], changes: 0 };
    this.#underWay.set(key, reading);
    void this.#carryOut(reading);
    return reading;
  }

  /** What is read of these may be from before they changed. */
  outdate(isMeant: (asked: Asked) => boolean): void {
    for (const reading of this.#underWay.values()) {
      if (isMeant(reading.asked)) reading.changes += 1;
    }
  }

  /** Refuses all who wait, and wipes what still comes. */
  close(reason: Error): void {
    this.#isClosed = true;
    const readings = [...this.#underWay.values()];
    this.#underWay.clear();
    for (const { waiters } of readings) {
      for (const { reject } of waiters) reject(reason);
    }
  }

  async #carryOut(reading: Reading): Promise<void> {
    const { onValue, onFailure } = this.#parts;
    try {
      const found = await this.#newest(reading);
      this.#underWay.delete(reading.key);
      if (this.#isClosed) found.value[Symbol.dispose]();
      else onValue(reading, found);
    } catch (error) {
      this.#underWay.delete(reading.key);
      if (!this.#isClosed) onFailure(reading, error);
    }
  }

  async #newest(reading: Reading): Promise<FoundValue> {
    const { ask, clock } = this.#parts;
    for (let count = 1; ; count += 1) {
      const { changes } = reading;
      const askedAt = clock.monotonicMs();
      const value = new KeptValue(await ask(reading.asked), askedAt);
      const isOutdated = reading.changes > changes;
      if (!isOutdated || count === mostRequests || this.#isClosed) return { value, isOutdated };
      value[Symbol.dispose]();
    }
  }
}
