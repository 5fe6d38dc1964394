// Which generation of state rows is live, and how far the next one has been received. Both rows say
// nothing of a node that never received a snapshot: then neither is there.
import { digestBytes, digestOf, type StateDigest } from "./state-digest.ts";
import { counterOf, decodeAs, internal } from "./internal-codec.ts";

/** A snapshot on its way in: what a broken stream goes on from. */
export interface Staging {
  readonly snapshotId: string;
  readonly generation: number;
  /** The next chunk that is missing; every one before it is durable. */
  readonly nextChunk: number;
  /** Of the rows received so far. */
  readonly digest: StateDigest;
  readonly rowCount: number;
}

export function encodeGeneration(generation: number): Uint8Array {
  return internal.GenerationRow.encode({ generation }).finish();
}

export function decodeGeneration(bytes: Uint8Array): number {
  return counterOf(
    decodeAs(internal.GenerationRow, bytes, "the generation").generation,
    "the generation",
  );
}

export function encodeStaging(staging: Staging): Uint8Array {
  return internal.StagingRow.encode({
    ...staging,
    digest: digestBytes(staging.digest),
  }).finish();
}

export function decodeStaging(bytes: Uint8Array): Staging {
  const row = decodeAs(internal.StagingRow, bytes, "the staging row");
  return {
    snapshotId: row.snapshotId,
    generation: counterOf(row.generation, "a generation"),
    nextChunk: counterOf(row.nextChunk, "a chunk's number"),
    digest: digestOf(row.digest),
    rowCount: counterOf(row.rowCount, "a count of rows"),
  };
}
