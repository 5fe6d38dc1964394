// What a power cut leaves of a node's files: all that was synced, and of the rest as much as chance
// will have it. The process was killed before, so nothing but its unsynced bytes is at stake.
import {
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
  openSync,
  closeSync,
} from "node:fs";
import { basename, join } from "node:path";
import type { Chance } from "./link-proxy.ts";

interface Synced {
  readonly inode: number;
  readonly sizeBytes: number;
  readonly path: string;
  /** In hex; of small files only. */
  readonly content: string;
}

export interface CutReport {
  readonly files: number;
  /** Files that lost something. */
  readonly shortened: number;
  readonly lostBytes: number;
}

/** `syncedFile` is what the preloaded library wrote of all lives of the node. */
export function cutPower(folder: string, syncedFile: string, chance: Chance): CutReport {
  const synced = readSynced(syncedFile);
  const report = { files: 0, shortened: 0, lostBytes: 0 };
  const kept: string[] = [];
  for (const path of filesBelow(folder)) {
    const lost = cutFile(path, lastSync(path, synced), chance);
    report.files += 1;
    report.lostBytes += lost;
    if (lost > 0) report.shortened += 1;
    // What came through one cut is on the disk for the next.
    const { ino, size } = statSync(path);
    const content = size > 0 && size <= 64 ? readFileSync(path).toString("hex") : "";
    kept.push(`${ino} ${size} ${path} ${content}\n`);
  }
  writeFileSync(syncedFile, kept.join(""));
  return report;
}

export function filesBelow(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function readSynced(path: string): ReadonlyMap<number, Synced> {
  if (!existsSync(path)) return new Map();
  return new Map(
    readFileSync(path, "utf8")
      .split("\n")
      .flatMap((line) => {
        const [, inode, size, file, content] = /^(\d+) (\d+) (\S+) ([0-9a-f]*)$/.exec(line) ?? [];
        if (file === undefined || content === undefined) return [];
        return [[Number(inode), synced(Number(inode), Number(size), file, content)]];
      }),
  );
}

function synced(inode: number, sizeBytes: number, path: string, content: string): Synced {
  return { inode, sizeBytes, path, content };
}

/** An inode number may be given out again: only a renamed file may have another name. */
function lastSync(path: string, all: ReadonlyMap<number, Synced>): Synced | undefined {
  const found = all.get(statSync(path).ino);
  if (found === undefined) return undefined;
  const isSame = basename(found.path) === basename(path);
  return isSame || /\.(?:dbtmp|new|tmp)$/.test(found.path) ? found : undefined;
}

/** Returns how many bytes are gone. */
function cutFile(path: string, sync: Synced | undefined, chance: Chance): number {
  const { size } = statSync(path);
  const durable = Math.min(sync?.sizeBytes ?? 0, size);
  // A small file may have been written anew in its place: either content can be there.
  if (sync !== undefined && sync.content !== "" && chance() < 0.5) return putBack(path, sync);
  if (durable === size) return 0;
  const left = chance() < 0.5 ? durable : durable + Math.floor(chance() * (size - durable));
  truncateSync(path, left);
  if (left > durable && chance() < 0.5) blank(path, durable, left);
  return size - left;
}

function putBack(path: string, { content }: Synced): number {
  const before = readFileSync(path).toString("hex");
  writeFileSync(path, Buffer.from(content, "hex"));
  return before === content ? 0 : 1;
}

/** The length came to the disk and the bytes did not: file systems do that. */
function blank(path: string, from: number, to: number): void {
  const file = openSync(path, "r+");
  writeSync(file, new Uint8Array(to - from), 0, to - from, from);
  closeSync(file);
}
