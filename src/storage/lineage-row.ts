// Which clusters a state was part of before its own: a row of the state, so that it reaches every
// node, every snapshot and every later backup. Links between regions and whatever acts on the world
// by a schedule look here: passwords and replicas out there may be ahead of a state that went back.
import { clusterId, epochMs, logIndex, term, type ClusterId, type EpochMs } from "../base/ids.ts";
import type { LogPosition } from "../raft/log-terms.ts";
import { counterOf, decodeAs, idOf, internal, MalformedBytesError } from "./internal-codec.ts";

/** One time that a state went over to a new cluster. */
export interface LineageStep {
  /** From a backup, or as the data of a survivor whose whole log was taken as committed. */
  readonly kind: "restored" | "forced";
  /** The cluster before. */
  readonly clusterId: ClusterId;
  /** The last entry of that cluster that is in the state. */
  readonly position: LogPosition;
  readonly at: EpochMs;
  /** When the backup was made, if there was one. */
  readonly backupAt: EpochMs | undefined;
}

const { LINEAGE_KIND_RESTORED: restored, LINEAGE_KIND_FORCED: forced } = internal.LineageKind;

/** Oldest first. */
export function encodeLineage(steps: readonly LineageStep[]): Uint8Array {
  return internal.LineageRow.encode({
    steps: steps.map(({ kind, clusterId: cluster, position, at, backupAt }) => ({
      kind: kind === "restored" ? restored : forced,
      clusterId: cluster,
      index: position.index,
      term: position.term,
      atMs: at,
      backupAtMs: backupAt ?? 0,
    })),
  }).finish();
}

/** Throws `MalformedBytesError`. */
export function decodeLineage(bytes: Uint8Array): readonly LineageStep[] {
  return decodeAs(internal.LineageRow, bytes, "the lineage").steps.map((step) => {
    if (step.kind !== restored && step.kind !== forced) {
      throw new MalformedBytesError("Cannot read the lineage: a step is of a kind not known here");
    }
    const backupAtMs = counterOf(step.backupAtMs, "the time of a backup");
    return {
      kind: step.kind === restored ? "restored" : "forced",
      clusterId: clusterId(idOf(step.clusterId, "a former cluster")),
      position: {
        index: logIndex(counterOf(step.index, "a former index")),
        term: term(counterOf(step.term, "a former term")),
      },
      at: epochMs(counterOf(step.atMs, "the time of a step")),
      backupAt: backupAtMs === 0 ? undefined : epochMs(backupAtMs),
    };
  });
}
