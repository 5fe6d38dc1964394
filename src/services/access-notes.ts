// Which secrets were read through this node, until the state knows of it (AWS: LastAccessedDate,
// which tells the day). Reads are noted here and told to the leader many at a time, so that a read
// costs the log nothing.
import type { Clock } from "../base/clock.ts";
import type { SecretRead } from "../secrets/commands/note-accesses.ts";
import { dayMs } from "../secrets/limits.ts";
import type { SecretRecord, VersionId, VersionRecord } from "../secrets/secret.ts";

/** What is noted at most: beyond it the oldest notes are dropped, for a read must never wait. */
export interface NoteLimits {
  readonly versions: number;
  readonly bytes: number;
}

const defaultNoteLimits: NoteLimits = { versions: 50_000, bytes: 16 * 1024 * 1024 };

/** Notes of one day, to be told to the leader. */
export interface NotedReads {
  /** In whole days since the Unix epoch. */
  readonly day: number;
  readonly reads: readonly SecretRead[];
}

interface NotedSecret {
  readonly name: string;
  readonly arn: SecretRecord["arn"];
  readonly days: Map<VersionId, number>;
}

/** What a note takes besides its texts, roughly. */
const secretBytes = 300;
const versionBytes = 150;

export class AccessNotes {
  readonly #clock: Pick<Clock, "now">;
  readonly #limits: NoteLimits;
  /** By ARN, oldest first. */
  readonly #noted = new Map<string, NotedSecret>();
  #versions = 0;
  #bytes = 0;

  constructor(clock: Pick<Clock, "now">, limits: NoteLimits = defaultNoteLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** How many versions are noted. */
  get size(): number {
    return this.#versions;
  }

  /** A version was read. Cheap, and nothing at all for the second time in a day. */
  note(secret: SecretRecord, versionId: VersionId): void {
    const today = Math.floor(this.#clock.now() / dayMs);
    const { name, arn } = secret;
    if (isKnown(secret.versions.get(versionId)?.accessedDay, today)) return;
    const noted = this.#noted.get(arn) ?? { name, arn, days: new Map<VersionId, number>() };
    const before = noted.days.get(versionId);
    if (isKnown(before, today)) return;
    if (noted.days.size === 0) this.#bytes += bytesOfSecret(noted);
    if (before === undefined) {
      this.#versions += 1;
      this.#bytes += bytesOfVersion(versionId);
    }
    noted.days.set(versionId, today);
    this.#noted.set(arn, noted);
    this.#dropOldest();
  }

  /** The secret as it will be once the state knows what is noted. */
  shown(secret: SecretRecord): SecretRecord {
    const noted = this.#noted.get(secret.arn);
    if (noted === undefined) return secret;
    const versions = new Map<VersionId, VersionRecord>(secret.versions);
    for (const [versionId, day] of noted.days) {
      const version = versions.get(versionId);
      if (version !== undefined) versions.set(versionId, readOn(version, day));
    }
    return { ...readOn(secret, Math.max(...noted.days.values())), versions };
  }

  /** The oldest notes, of one day, with at most so many versions; they stay until `settle`. */
  batch(most: number): NotedReads | undefined {
    let day: number | undefined;
    let room = most;
    const reads: SecretRead[] = [];
    for (const { name, arn, days } of this.#noted.values()) {
      day ??= days.values().next().value;
      const versionIds = [...days].filter(([, each]) => each === day).map(([id]) => id);
      if (versionIds.length > 0) reads.push({ name, arn, versionIds: versionIds.slice(0, room) });
      room -= versionIds.length;
      if (room <= 0) break;
    }
    return day === undefined ? undefined : { day, reads };
  }

  /** The state that this node sees knows of these: what was read on a later day stays noted. */
  settle({ day, reads }: NotedReads): void {
    for (const { arn, versionIds } of reads) {
      const noted = this.#noted.get(arn);
      if (noted === undefined) continue;
      for (const versionId of versionIds) {
        if (noted.days.get(versionId) === day) this.#forget(noted, versionId);
      }
    }
  }

  #dropOldest(): void {
    while (this.#versions > this.#limits.versions || this.#bytes > this.#limits.bytes) {
      const [oldest] = this.#noted.values();
      const [versionId] = oldest?.days.keys() ?? [];
      if (oldest === undefined || versionId === undefined) return;
      this.#forget(oldest, versionId);
    }
  }

  #forget(noted: NotedSecret, versionId: VersionId): void {
    noted.days.delete(versionId);
    this.#versions -= 1;
    this.#bytes -= bytesOfVersion(versionId);
    if (noted.days.size > 0) return;
    this.#noted.delete(noted.arn);
    this.#bytes -= bytesOfSecret(noted);
  }
}

function isKnown(day: number | undefined, today: number): boolean {
  return day !== undefined && day >= today;
}

function readOn<Read extends { readonly accessedDay?: number }>(before: Read, day: number): Read {
  return isKnown(before.accessedDay, day) ? before : { ...before, accessedDay: day };
}

function bytesOfSecret({ name, arn }: NotedSecret): number {
  return secretBytes + 2 * (name.length + arn.length);
}

function bytesOfVersion(versionId: VersionId): number {
  return versionBytes + 2 * versionId.length;
}
