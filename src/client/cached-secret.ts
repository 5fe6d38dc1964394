// A value as the cache keeps it, and as it hands it out: bytes, for bytes can be wiped and texts
// cannot. Nobody prints either by accident.
import { inspect } from "node:util";
import { textOf, utf8 } from "../base/bytes.ts";
import type { GetSecretValueResponse } from "../generated/public-contract.ts";

/** What is known of a version besides its value. */
export interface VersionFacts {
  readonly arn: string;
  readonly name: string;
  readonly versionId: string;
  readonly versionStages: readonly string[];
  /** Milliseconds since the Unix epoch. */
  readonly createdDate: number | undefined;
}

/** A value in the cache. Whoever lets go of it wipes it. */
export class KeptValue implements Disposable {
  readonly facts: VersionFacts;
  /** By the monotonic clock, in milliseconds. */
  readonly readAt: number;
  readonly #kind: "text" | "binary";
  readonly #bytes: Uint8Array;

  /** Takes the answer's bytes over: those of the answer are wiped. */
  constructor(answer: GetSecretValueResponse, readAt: number) {
    const { arn = "", name = "", versionId = "", versionStages, createdDate } = answer;
    this.facts = { arn, name, versionId, versionStages: [...versionStages], createdDate };
    this.readAt = readAt;
    this.#kind = answer.secretBinary === undefined ? "text" : "binary";
    this.#bytes = answer.secretBinary?.slice() ?? utf8(answer.secretString ?? "");
    answer.secretBinary?.fill(0);
  }

  get sizeBytes(): number {
    return this.#bytes.length;
  }

  /** A copy of its own for somebody. */
  handOut(freshness: Freshness): CachedSecret {
    return new CachedSecret(
      this.facts,
      { kind: this.#kind, bytes: this.#bytes.slice() },
      freshness,
    );
  }

  [Symbol.dispose](): void {
    this.#bytes.fill(0);
  }
}

export interface Freshness {
  /** How long ago, in milliseconds, the region said that this is the value. */
  readonly ageMs: number;
  /** Whether it should have been read again, and no node of the region answers. */
  readonly isStale: boolean;
}

interface OwnValue {
  readonly kind: "text" | "binary";
  readonly bytes: Uint8Array;
}

/**
 * One value, for one user: a copy that the cache does not touch again. `using`, or `dispose`, wipes
 * it; reading it afterwards throws. A text that was read from it is out of anybody's hands.
 */
export class CachedSecret implements VersionFacts, Freshness, Disposable {
  readonly arn: string;
  readonly name: string;
  readonly versionId: string;
  readonly versionStages: readonly string[];
  readonly createdDate: number | undefined;
  readonly ageMs: number;
  readonly isStale: boolean;
  #value: OwnValue | undefined;

  constructor(facts: VersionFacts, value: OwnValue, { ageMs, isStale }: Freshness) {
    this.arn = facts.arn;
    this.name = facts.name;
    this.versionId = facts.versionId;
    this.versionStages = facts.versionStages;
    this.createdDate = facts.createdDate;
    this.ageMs = ageMs;
    this.isStale = isStale;
    this.#value = value;
  }

  /** The value, if it was written as text. */
  get secretString(): string | undefined {
    const { kind, bytes } = this.#own();
    return kind === "text" ? textOf(bytes) : undefined;
  }

  /** The value, if it was written as bytes: these very bytes, which end with this object. */
  get secretBinary(): Uint8Array | undefined {
    const { kind, bytes } = this.#own();
    return kind === "binary" ? bytes : undefined;
  }

  dispose(): void {
    this.#value?.bytes.fill(0);
    this.#value = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  toJSON(): object {
    const { name, versionId, ageMs, isStale } = this;
    return { name, versionId, ageMs, isStale, value: "[plaintext]" };
  }

  [inspect.custom](): object {
    return this.toJSON();
  }

  #own(): OwnValue {
    if (this.#value === undefined) {
      throw new TypeError(`The value of ${this.name} was wiped: its user is done with it`);
    }
    return this.#value;
  }
}
