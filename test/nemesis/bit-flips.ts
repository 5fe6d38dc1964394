// Bits that turn over in the files of a node that is stopped, and back.
import { closeSync, existsSync, openSync, readSync, statSync, writeSync } from "node:fs";
import { basename } from "node:path";
import type { Chance } from "./link-proxy.ts";
import { filesBelow } from "./power-cut.ts";

export interface Flip {
  readonly path: string;
  readonly inode: number;
  readonly offset: number;
  readonly bit: number;
  readonly kind: string;
}

/** Such as `log`, `ldb`, `MANIFEST`: the kinds of files that LevelDB and we write. */
export function kindOf(path: string): string {
  const name = basename(path);
  return /\.([a-z]+)$/.exec(name)?.[1] ?? name.replace(/-\d+$/, "");
}

/** One kind at a time shows which kind is believed; all at once, only that something is wrong. */
export function flipOneKind(folder: string, kind: string, chance: Chance): Flip | undefined {
  const paths = filesBelow(folder).filter(
    (path) => kindOf(path) === kind && statSync(path).size > 0,
  );
  const path = paths[Math.floor(chance() * paths.length)];
  return path === undefined ? undefined : flipOne(path, kind, chance);
}

export function kindsIn(folder: string): readonly string[] {
  const kinds = filesBelow(folder).filter((path) => statSync(path).size > 0);
  return [...new Set(kinds.map(kindOf))].sort();
}

/** Whether the bit could be turned back: the file may have been replaced meanwhile. */
export function flipBack({ path, inode, offset, bit }: Flip): boolean {
  if (!existsSync(path) || statSync(path).ino !== inode) return false;
  turn(path, offset, bit);
  return true;
}

function flipOne(path: string, kind: string, chance: Chance): Flip {
  const { size, ino } = statSync(path);
  const offset = Math.floor(chance() * size);
  const bit = Math.floor(chance() * 8);
  turn(path, offset, bit);
  return { path, inode: ino, offset, bit, kind };
}

function turn(path: string, offset: number, bit: number): void {
  const file = openSync(path, "r+");
  const byte = new Uint8Array(1);
  readSync(file, byte, 0, 1, offset);
  byte[0] = (byte[0] ?? 0) ^ (1 << bit);
  writeSync(file, byte, 0, 1, offset);
  closeSync(file);
}
