// A backup of the region's state, for an administrator, while the region goes on.
import { setTimeout as pause } from "node:timers/promises";
import type { Clock } from "../base/clock.ts";
import { RefusedError, refuseCall } from "../base/errors.ts";
import { hex } from "../base/bytes.ts";
import type { LogIndex } from "../base/ids.ts";
import type { CreateBackupResponse } from "../generated/public-contract.ts";
import type { RaftGroup } from "../consensus/raft-group.ts";
import { BackupWriter, type BackupSummary, type RowSource } from "../storage/backup-writer.ts";
import { CorruptionError } from "../storage/corruption.ts";
import type { NodeIdentity } from "../storage/recovery.ts";
import { digestBytes } from "../storage/state-digest.ts";
import type { Authorize } from "./authorization.ts";
import type { Caller } from "./caller.ts";

/** What making backups needs of the rest of a node. */
export interface BackupParts {
  readonly group: Pick<RaftGroup, "readBarrier">;
  readonly identity: NodeIdentity;
  /** The state as it is on the disk, which may be a batch behind what is applied. */
  readonly openSnapshot: () => RowSource & AsyncDisposable;
  readonly authorize: Authorize;
  readonly clock: Clock;
  /** The state does not read as it was written: the node must stop. */
  readonly onCorruption: (error: unknown) => void;
}

/** A batch that is under way lands within milliseconds. */
const lookAgainMs = 5;

export class BackupService {
  readonly #parts: BackupParts;
  #isUnderWay = false;

  constructor(parts: BackupParts) {
    this.#parts = parts;
  }

  /**
   * The file piece by piece, then what it is. Reads on only as fast as it is asked; who stops
   * asking ends it. Refuses `access_denied`, `backup_under_way`, `no_leader` and `timed_out`.
   */
  async *create(caller: Caller): AsyncGenerator<CreateBackupResponse> {
    const refusal = this.#parts.authorize(caller.principal, "holdfast:CreateBackup", undefined);
    if (refusal !== undefined) throw new RefusedError(refusal);
    if (this.#isUnderWay) throw refuseCall("backup_under_way", {});
    this.#isUnderWay = true;
    try {
      yield* this.#pieces(caller);
    } catch (error) {
      if (error instanceof CorruptionError) this.#parts.onCorruption(error);
      throw error;
    } finally {
      this.#isUnderWay = false;
    }
  }

  async *#pieces({ deadlineMs }: Caller): AsyncGenerator<CreateBackupResponse> {
    const { group, identity, clock } = this.#parts;
    const index = await group.readBarrier({ deadlineMs });
    await using source = await this.#sourceFrom(index, deadlineMs);
    const writer = new BackupWriter(source, { identity, createdAt: clock.now() });
    for await (const content of writer.pieces()) yield { content };
    yield { summary: told(writer.summary()) };
  }

  /** What was acknowledged is applied, and may not have landed here yet. */
  async #sourceFrom(index: LogIndex, deadlineMs: number): Promise<RowSource & AsyncDisposable> {
    for (;;) {
      const source = this.#parts.openSnapshot();
      if (source.meta.position.index >= index) return source;
      await source[Symbol.asyncDispose]();
      if (this.#parts.clock.monotonicMs() > deadlineMs) throw refuseCall("timed_out", {});
      await pause(lookAgainMs);
    }
  }
}

function told(summary: BackupSummary): NonNullable<CreateBackupResponse["summary"]> {
  const { clusterId, region, nodeId, position, createdAt, sha256, digest } = summary;
  const { secretCount, valueCount, sizeBytes } = summary;
  return {
    clusterId,
    region,
    nodeId,
    index: position.index,
    term: position.term,
    createdAt,
    secretCount,
    valueCount,
    sizeBytes,
    sha256: hex(sha256),
    stateDigest: hex(digestBytes(digest)),
  };
}
