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
  type Fields,
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
    configuration: configurationTo(configuration),
  }).finish();
}

export function decodeApplied(bytes: Uint8Array): Applied {
  const row = decodeAs(internal.AppliedRow, bytes, "the applied row");
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
    configuration: configurationFrom(row.configuration),
  };
}

export function configurationTo(configuration: Configuration): Fields<"Configuration"> {
  return {
    voters: [...configuration.voters],
    outgoingVoters: [...configuration.outgoingVoters],
    learners: [...configuration.learners],
  };
}

/** Throws `MalformedBytesError`. */
export function configurationFrom(
  field: Fields<"Configuration"> | null | undefined,
): Configuration {
  const { voters, outgoingVoters, learners } = present(field, "the applied configuration");
  const ids = (names: readonly string[] | null | undefined) =>
    new Set((names ?? []).map((name) => nodeId(idOf(name, "the id of a node that counts"))));
  return {
    voters: ids(voters),
    outgoingVoters: ids(outgoingVoters),
    learners: ids(learners),
  };
}
