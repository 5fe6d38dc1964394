// @ts-check
// One set-up at a time in one clone: `npm start` and `npm test` would write the same files.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/**
 * Holds the lock file while `work` runs; waits for another process that holds it, while it lives.
 *
 * @param {string} path
 * @param {() => void} work
 */
export async function withLock(path, work) {
  mkdirSync(dirname(path), { recursive: true });
  while (!take(path)) {
    if (isAbandoned(path)) rmSync(path, { force: true });
    else await pause(200);
  }
  try {
    work();
  } finally {
    rmSync(path, { force: true });
  }
}

/** @param {string} path */
function take(path) {
  try {
    writeFileSync(path, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

/** @param {string} path */
function isAbandoned(path) {
  try {
    const holder = Number(readFileSync(path, "utf8"));
    // Taken and not yet signed: its owner is at it.
    if (holder === 0) return false;
    process.kill(holder, 0);
    return false;
  } catch (error) {
    // ESRCH: the holder is gone. ENOENT: it has just let go, and the next try may succeed.
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}
