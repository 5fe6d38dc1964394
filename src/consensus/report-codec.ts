// What nodes tell each other of themselves every second, as PeerFrames and back.
import { logIndex } from "../base/ids.ts";
import { counterOf, MalformedBytesError, type Fields } from "../storage/internal-codec.ts";
import { digestBytes, digestLength, digestOf } from "../storage/state-digest.ts";
import type { Space } from "../storage/disk-space.ts";
import type { Checkpoint } from "./checkpoints.ts";

export interface PeerReport {
  readonly space: Space;
  readonly checkpoints: readonly Checkpoint[];
}

/** Nobody tells more than a few; more are somebody's mistake. */
const checkpointsMax = 16;

export function encodeReport({ space, checkpoints }: PeerReport): Fields<"PeerFrame"> {
  return {
    report: {
      lowSpace: space === "low",
      checkpoints: checkpoints.map(({ index, digest }) => ({ index, digest: digestBytes(digest) })),
    },
  };
}

/** Throws `MalformedBytesError` for anything but a report. */
export function decodeReport({ lowSpace, checkpoints }: Fields<"PeerReport">): PeerReport {
  const told = checkpoints ?? [];
  if (told.length > checkpointsMax) {
    throw new MalformedBytesError("Cannot read a report: it tells too much");
  }
  return { space: lowSpace === true ? "low" : "enough", checkpoints: told.map(checkpointFrom) };
}

function checkpointFrom({ index, digest }: Fields<"Checkpoint">): Checkpoint {
  if (digest?.length !== digestLength) {
    throw new MalformedBytesError("Cannot read a checkpoint: its digest has another length");
  }
  return { index: logIndex(counterOf(index, "a checkpoint's index")), digest: digestOf(digest) };
}
