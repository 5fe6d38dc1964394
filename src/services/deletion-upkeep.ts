// What the leader sees to by itself: a secret whose recovery window is over goes for good, with its
// values and the keys they were sealed with (AWS: DeleteSecret, which promises no hour for it). Up
// to the very command that removes it, RestoreSecret brings it back.
import { RefusedError } from "../base/errors.ts";
import type { EpochMs } from "../base/ids.ts";
import type { WaitOptions } from "../consensus/raft-group.ts";
import { purgeSecretsMax } from "../secrets/commands/purge-secrets.ts";
import type { SecretTarget } from "../secrets/secret.ts";
import type { Caller } from "./caller.ts";
import { carryOut } from "./operation-call.ts";
import type { ServiceParts } from "./parts.ts";

export interface DeletionUpkeepParts {
  readonly services: ServiceParts;
  /** The node itself, for one call. */
  readonly caller: (options: WaitOptions) => Caller;
  /** Calls back after so many milliseconds; returns how to stop it. */
  readonly later: (ms: number, callback: () => void) => () => void;
  /** Told what is neither a success nor a refusal. */
  readonly onFatal: (error: unknown) => void;
}

/** Between two looks at most: clocks are set, and leaders change. */
const lookMs = 60_000;
/** Between two looks at least. */
const restMs = 1_000;
const patienceMs = 10_000;
/** While there is no index: so many secrets are looked at, and then others have their turn. */
const scanned = { secrets: 200, restMs: 100 } as const;

export class DeletionUpkeep {
  readonly #parts: DeletionUpkeepParts;
  #isClosed = false;
  #wasLeading = false;
  #stopWaiting: () => void = () => undefined;
  #underWay: Promise<void> | undefined;
  /** Where the scan has come to that goes on while there is no index, by the order of creation. */
  #scannedUpTo: number | undefined;

  constructor(parts: DeletionUpkeepParts) {
    this.#parts = parts;
    this.#wait(restMs);
  }

  /** Called when leadership may have changed: a new leader looks soon. Cheap. */
  poll(): void {
    const isLeading = this.#isLeading();
    if (isLeading && !this.#wasLeading && this.#underWay === undefined) this.#wait(restMs);
    this.#wasLeading = isLeading;
  }

  /** Resolves when nothing is under way any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopWaiting();
    await this.#underWay;
  }

  #wait(ms: number): void {
    this.#stopWaiting();
    if (this.#isClosed) return;
    this.#stopWaiting = this.#parts.later(ms, () => {
      this.#underWay = this.#look().then((nextMs) => {
        this.#underWay = undefined;
        this.#wait(nextMs);
      });
    });
  }

  /** Gives the milliseconds until the next look. */
  async #look(): Promise<number> {
    try {
      if (!this.#isLeading()) return lookMs;
      const { view } = this.#parts.services.group;
      return await (view.isIndexComplete() ? this.#purgeByIndex() : this.#purgeByScan());
    } catch (error) {
      // Such as the lead being lost, or an upgrade under way: there is time.
      if (!(error instanceof RefusedError)) this.#parts.onFatal(error);
      return lookMs;
    }
  }

  async #purgeByIndex(): Promise<number> {
    const { view } = this.#parts.services.group;
    const page = {
      index: "deletion",
      prefix: "",
      direction: "ascending",
      limit: purgeSecretsMax,
    } as const;
    let after: { readonly term: string; readonly order: number } | undefined;
    for (;;) {
      const entries = await view.indexed({ ...page, after });
      const now = this.#now();
      const due = entries.filter(({ term }) => Number(term) <= now);
      if (!(await this.#purge(due))) return lookMs;
      const next = entries[due.length];
      if (next !== undefined) return clamp(Number(next.term) - now);
      if (entries.length < purgeSecretsMax) return lookMs;
      // What a command left alone is not met again before the next look.
      after = due.at(-1);
    }
  }

  async #purgeByScan(): Promise<number> {
    const { view } = this.#parts.services.group;
    const after = this.#scannedUpTo;
    const limit = scanned.secrets;
    const names = await view.namesByOrder({ direction: "ascending", after, limit });
    for (let at = 0; at < names.length; at += purgeSecretsMax) {
      if (!(await this.#purge(names.slice(at, at + purgeSecretsMax)))) return lookMs;
    }
    this.#scannedUpTo = names.length < limit ? undefined : names.at(-1)?.order;
    return this.#scannedUpTo === undefined ? lookMs : scanned.restMs;
  }

  /** Removes those of them that are due. Whether this node may go on. */
  async #purge(names: readonly { readonly name: string }[]): Promise<boolean> {
    const { services, caller } = this.#parts;
    const now = this.#now();
    const targets = names.flatMap(({ name }): SecretTarget[] => {
      const secret = services.group.view.secret(name);
      if (secret?.deletion === undefined || secret.deletion.scheduledFor > now) return [];
      return [{ name, arn: secret.arn }];
    });
    if (this.#isClosed || !this.#isLeading()) return false;
    if (targets.length === 0) return true;
    const options = { deadlineMs: services.clock.monotonicMs() + patienceMs };
    const call = { parts: services, caller: caller(options) };
    await carryOut(call, { kind: "purge_secrets", targets });
    return true;
  }

  #isLeading(): boolean {
    return this.#parts.services.group.leadership().kind === "leader";
  }

  /** In the time of the state, which is the one that decides. */
  #now(): EpochMs {
    const { clock, group } = this.#parts.services;
    const now = clock.now();
    const { lastAt } = group.view.counters();
    return lastAt > now ? lastAt : now;
  }
}

function clamp(ms: number): number {
  return Math.min(Math.max(ms, restMs), lookMs);
}
