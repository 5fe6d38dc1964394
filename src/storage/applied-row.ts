// How far the state has come, what it should add up to, and who counts: one row, in the same batch
// as the state it speaks of.
import { logIndex, nodeId, term } from "../base/ids.ts";
import type { Configuration } from "../raft/configuration.ts";
import type { LogPosition } from "../raft/log-terms.ts";
import {
  counterOf,
  decodeAs,
  idOf,
  internal,
  MalformedBytesError,
  present,
} from "./internal-codec.ts";
import { digestBytes, digestLength, digestOf, type StateDigest } from "./state-digest.ts";

export interface Applied {
  readonly position: LogPosition;
  readonly digest: StateDigest;
  readonly rowCount: number;
  readonly configuration: Configuration;
}

export function encodeApplied(applied: Applied): Uint8Array {
  const { position, digest, rowCount, configuration } = applied;
  return internal.AppliedRow.encode({
    index: position.index,
    term: position.term,
    digest: digestBytes(digest),
    rowCount,
    configuration: {
      voters: [...configuration.voters],
      outgoingVoters: [...configuration.outgoingVoters],
      learners: [...configuration.learners],
    },
  }).finish();
}

export function decodeApplied(bytes: Uint8Array): Applied {
  const row = decodeAs(internal.AppliedRow, bytes, "the applied row");
  const configuration = present(row.configuration, "the applied configuration");
  const ids = (names: readonly string[] | null | undefined) =>
    new Set((names ?? []).map((name) => nodeId(idOf(name, "the id of a node that counts"))));
  if (row.digest.length !== digestLength) {
    throw new MalformedBytesError("Cannot read the state's digest: its length is wrong");
  }
  return {
    position: {
      index: logIndex(counterOf(row.index, "the applied index")),
      term: term(counterOf(row.term, "the applied term")),
    },
    digest: digestOf(row.digest),
    rowCount: counterOf(row.rowCount, "the count of rows"),
    configuration: {
      voters: ids(configuration.voters),
      outgoingVoters: ids(configuration.outgoingVoters),
      learners: ids(configuration.learners),
    },
  };
}
