// What stands at both ends of a backup: whose state it is and as of when, and what it adds up to.
import {
  clusterId,
  epochMs,
  logIndex,
  nodeId,
  term,
  type ClusterId,
  type EpochMs,
  type NodeId,
} from "../base/ids.ts";
import type { LogPosition } from "../raft/log-terms.ts";
import type { Configuration } from "../raft/configuration.ts";
import { configurationFrom, configurationTo } from "./applied-row.ts";
import { BackupError } from "./backup-records.ts";
import { chainLength } from "./entry-codec.ts";
import { counterOf, decodeAs, idOf, internal, MalformedBytesError } from "./internal-codec.ts";
import { digestBytes, digestLength, digestOf, type StateDigest } from "./state-digest.ts";

export interface BackupHeader {
  readonly clusterId: ClusterId;
  readonly region: string;
  /** The node that wrote it. */
  readonly nodeId: NodeId;
  /** The state is that after the entry at this position. */
  readonly position: LogPosition;
  /** The chain of the log there. */
  readonly chain: Uint8Array;
  readonly configuration: Configuration;
  readonly createdAt: EpochMs;
  readonly rowCount: number;
  readonly digest: StateDigest;
}

export interface BackupTrailer extends BackupCounts {
  readonly chunkCount: number;
  /** Of the file before the trailer. */
  readonly sizeBytes: number;
  readonly sha256: Uint8Array;
  readonly digest: StateDigest;
}

export interface BackupCounts {
  readonly rowCount: number;
  readonly secretCount: number;
  /** Values, one for each version of each secret. */
  readonly valueCount: number;
}

const sha256Length = 32;

export function encodeHeader(header: BackupHeader): Uint8Array {
  const { position, configuration, createdAt, digest, ...fields } = header;
  return internal.BackupHeader.encode({
    ...fields,
    index: position.index,
    term: position.term,
    configuration: configurationTo(configuration),
    createdAtMs: createdAt,
    digest: digestBytes(digest),
  }).finish();
}

/** Throws `BackupError`. */
export function decodeHeader(bytes: Uint8Array): BackupHeader {
  return inBackup("its header", () => {
    const row = decodeAs(internal.BackupHeader, bytes, "the header");
    return {
      clusterId: clusterId(idOf(row.clusterId, "the cluster")),
      region: idOf(row.region, "the region"),
      nodeId: nodeId(idOf(row.nodeId, "the node")),
      position: {
        index: logIndex(counterOf(row.index, "the index")),
        term: term(counterOf(row.term, "the term")),
      },
      chain: ofLength(row.chain, chainLength),
      configuration: configurationFrom(row.configuration),
      createdAt: epochMs(counterOf(row.createdAtMs, "the time")),
      rowCount: counterOf(row.rowCount, "the count of rows"),
      digest: digestOf(ofLength(row.digest, digestLength)),
    };
  });
}

export function encodeTrailer(trailer: BackupTrailer): Uint8Array {
  const digest = digestBytes(trailer.digest);
  return internal.BackupTrailer.encode({ ...trailer, digest }).finish();
}

/** Throws `BackupError`. */
export function decodeTrailer(bytes: Uint8Array): BackupTrailer {
  return inBackup("its trailer", () => {
    const row = decodeAs(internal.BackupTrailer, bytes, "the trailer");
    return {
      chunkCount: counterOf(row.chunkCount, "the count of chunks"),
      rowCount: counterOf(row.rowCount, "the count of rows"),
      secretCount: counterOf(row.secretCount, "the count of secrets"),
      valueCount: counterOf(row.valueCount, "the count of values"),
      sizeBytes: counterOf(row.sizeBytes, "the size"),
      sha256: ofLength(row.sha256, sha256Length),
      digest: digestOf(ofLength(row.digest, digestLength)),
    };
  });
}

/** Whatever cannot be read says where it stands in the backup. */
export function inBackup<Result>(where: string, read: () => Result): Result {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof MalformedBytesError)) throw cause;
    throw new BackupError(`${where} makes no sense`, { cause });
  }
}

function ofLength(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length === length) return bytes;
  throw new MalformedBytesError("Cannot read a digest: its length is wrong");
}
