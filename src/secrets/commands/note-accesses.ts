// On which day secrets were last read (AWS: LastAccessedDate). Many reads travel in one command, so
// that a read costs the log nothing.
import { changeTo, isTarget } from "../change.ts";
import type { SecretChange, SecretRecord, SecretTarget, VersionId } from "../secret.ts";

export interface NoteAccesses {
  readonly kind: "note_accesses";
  /** In whole days since the Unix epoch. */
  readonly day: number;
  /** At most `noteAccessesMax`. */
  readonly reads: readonly SecretRead[];
}

/** Which versions of a secret were read. */
export interface SecretRead extends SecretTarget {
  readonly versionIds: readonly VersionId[];
}

export type NoteAccessesReply = Record<string, never>;

/** What a proposer puts into one command; apply takes any number. */
export const noteAccessesMax = 500;

/**
 * A day moves on and never back, and that is no change of the secret: `changedAt` stays. Nothing
 * for a secret that is gone, and for days that are known.
 */
export function noteAccess(
  secret: SecretRecord | undefined,
  read: SecretRead,
  day: number,
): SecretChange | undefined {
  if (!isTarget(secret, read)) return undefined;
  const versions = new Map(secret.versions);
  for (const versionId of read.versionIds) {
    const version = versions.get(versionId);
    if (version !== undefined) versions.set(versionId, readOn(version, day));
  }
  const noted = { ...readOn(secret, day), versions };
  const isKnown =
    noted.accessedDay === secret.accessedDay &&
    [...versions].every(([versionId, version]) => secret.versions.get(versionId) === version);
  return isKnown ? undefined : changeTo(noted);
}

function readOn<Read extends { readonly accessedDay?: number }>(before: Read, day: number): Read {
  const { accessedDay } = before;
  return accessedDay === undefined || accessedDay < day ? { ...before, accessedDay: day } : before;
}
