// A backup on its way into a file: whole and durable under its name, or not there at all.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { open, rename, rm, type FileHandle } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { BackupSummary, CreateBackupResponse } from "../generated/public-contract.ts";
import { UsageError } from "./usage-error.ts";

/** The file is not what was sent, or the disk refused. The message is a sentence. */
export class DownloadError extends Error {
  override readonly name = "DownloadError";
}

interface Destination {
  readonly file: string;
  /** What becomes of a file that is there already. */
  readonly existing: "kept" | "replaced";
}

/** Writes the pieces and gives what they come to. Throws `UsageError`, `DownloadError`. */
export async function saveBackup(
  pieces: AsyncIterable<CreateBackupResponse>,
  { file, existing }: Destination,
): Promise<BackupSummary> {
  if (existing === "kept") refuseExisting(file);
  const partial = `${file}.partial`;
  const handle = await openPartial(partial, existing);
  let isDone = false;
  const giveUp = (): void => {
    void rm(partial, { force: true }).finally(() => process.exit(130));
  };
  process.on("SIGINT", giveUp);
  process.on("SIGTERM", giveUp);
  try {
    const summary = await writeAll(handle, pieces);
    await handle.sync();
    await handle.close();
    // Somebody may have come first meanwhile.
    if (existing === "kept") refuseExisting(file);
    await rename(partial, file);
    await syncFolder(dirname(resolve(file)));
    isDone = true;
    return summary;
  } catch (error) {
    throw asDownloadError(error, partial);
  } finally {
    process.off("SIGINT", giveUp);
    process.off("SIGTERM", giveUp);
    // Closing twice does no harm.
    await handle.close();
    if (!isDone) await rm(partial, { force: true });
  }
}

async function writeAll(
  handle: FileHandle,
  pieces: AsyncIterable<CreateBackupResponse>,
): Promise<BackupSummary> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  let summary: BackupSummary | undefined;
  for await (const piece of pieces) {
    if (piece.content !== undefined) {
      hash.update(piece.content);
      sizeBytes += piece.content.length;
      await handle.writeFile(piece.content);
    }
    summary = piece.summary ?? summary;
  }
  if (summary === undefined) throw new DownloadError("The backup broke off before its end");
  if (summary.sha256 !== hash.digest("hex") || summary.sizeBytes !== sizeBytes) {
    throw new DownloadError("The backup that arrived is not the one that was sent");
  }
  return summary;
}

function refuseExisting(file: string): void {
  if (!existsSync(file)) return;
  throw new UsageError(`Cannot write a backup to "${file}": it is there already; --force replaces`);
}

async function openPartial(
  partial: string,
  existing: Destination["existing"],
): Promise<FileHandle> {
  if (existing === "replaced") await rm(partial, { force: true });
  try {
    return await open(partial, "wx", 0o600);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw asDownloadError(error, partial);
    throw new UsageError(
      `Cannot write a backup to "${partial}": another one is under way there, or was broken off; ` +
        "--force replaces it",
    );
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function asDownloadError(error: unknown, file: string): unknown {
  const code = codeOf(error);
  if (code === undefined || !(error instanceof Error && "syscall" in error)) return error;
  return new DownloadError(`Cannot write a backup to "${file}": ${code}`, { cause: error });
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}
