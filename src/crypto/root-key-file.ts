// Where the unseal key comes from: a file that only the user of the process can have written or
// read. A file that anybody else could read is refused, for a key that leaked is worse than none.
import { closeSync, constants, fstatSync, fsyncSync, openSync, readSync, writeSync } from "node:fs";
import type { Stats } from "node:fs";
import { assert } from "../base/assert.ts";
import type { Entropy } from "../base/entropy.ts";
import { keyBytes, SecretKey } from "./secret-key.ts";

const hexDigits = 2 * keyBytes;
const newline = 0x0a;
const othersMayUse = 0o077;

/** The key file cannot be used. The message names the file, the fault and what to do about it. */
export class RootKeyFileError extends Error {
  override readonly name = "RootKeyFileError";
}

/**
 * Reads the key: 32 raw bytes, or 64 hexadecimal digits with at most one newline after them, which
 * is what an editor or `openssl rand -hex 32` leaves.
 *
 * Throws `RootKeyFileError` for a file that is missing, a symbolic link, not a regular file, of
 * another owner, open to others, linked twice, or of another length.
 */
export function loadRootKeyFile(path: string): SecretKey {
  const file = openKeyFile(path);
  try {
    const fault = faultOf(fstatSync(file));
    if (fault !== undefined) throw refusal(path, fault);
    return readKey(path, file);
  } finally {
    closeSync(file);
  }
}

/** Makes a file with a fresh key. Never overwrites: an old key may be all that opens a store. */
export function createRootKeyFile(path: string, entropy: Entropy): void {
  let file: number;
  try {
    file = openSync(path, "wx", 0o600);
  } catch (cause) {
    throw refusal(path, `it could not be created (${errorCode(cause)})`, cause);
  }
  const key = entropy.bytes(keyBytes);
  try {
    assert(writeSync(file, key) === keyBytes, "a key is written whole");
    fsyncSync(file);
  } finally {
    key.fill(0);
    closeSync(file);
  }
}

function openKeyFile(path: string): number {
  try {
    // Without O_NONBLOCK a pipe put in the place of the file would hold the process for ever.
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    const code = errorCode(cause);
    if (code === "ENOENT") throw refusal(path, "there is no such file", cause);
    if (code === "ELOOP") throw refusal(path, "it is a symbolic link; name the file itself", cause);
    throw refusal(path, `it could not be opened (${code})`, cause);
  }
}

function faultOf(stats: Stats): string | undefined {
  if (!stats.isFile()) return "it is not a regular file";
  if (stats.uid !== process.geteuid?.()) return "it belongs to another user than this process";
  if ((stats.mode & othersMayUse) !== 0) {
    return `its mode is ${(stats.mode & 0o777).toString(8)}, which lets others use it; chmod it to 600`;
  }
  if (stats.nlink !== 1) return `it has ${stats.nlink} names; a key file has one`;
  return undefined;
}

function readKey(path: string, file: number): SecretKey {
  // One byte more than the longest key, so that a longer file is seen to be longer.
  const content = new Uint8Array(hexDigits + 2);
  const key = new Uint8Array(keyBytes);
  try {
    const length = readAll(file, content);
    if (!decodeKey(content.subarray(0, length), key)) {
      key.fill(0);
      throw refusal(path, "it holds neither 32 raw bytes nor 64 hexadecimal digits");
    }
    return SecretKey.take(key);
  } finally {
    content.fill(0);
  }
}

function decodeKey(content: Uint8Array, into: Uint8Array): boolean {
  if (content.length === keyBytes) {
    into.set(content);
    return true;
  }
  const endsInNewline = content.length === hexDigits + 1 && content[hexDigits] === newline;
  if (content.length !== hexDigits && !endsInNewline) return false;
  return decodeHex(content.subarray(0, hexDigits), into);
}

function readAll(file: number, into: Uint8Array): number {
  let length = 0;
  while (length < into.length) {
    const count = readSync(file, into, length, into.length - length, null);
    if (count === 0) break;
    length += count;
  }
  return length;
}

/** By hand, because a string of the key could not be wiped. False when a digit is not one. */
function decodeHex(digits: Uint8Array, into: Uint8Array): boolean {
  for (let at = 0; at < into.length; at += 1) {
    const high = nibble(digits[2 * at] ?? 0);
    const low = nibble(digits[2 * at + 1] ?? 0);
    if (high === undefined || low === undefined) return false;
    into[at] = (high << 4) | low;
  }
  return true;
}

function nibble(digit: number): number | undefined {
  if (digit >= 0x30 && digit <= 0x39) return digit - 0x30;
  const lower = digit | 0x20;
  if (lower >= 0x61 && lower <= 0x66) return lower - 0x61 + 10;
  return undefined;
}

function refusal(path: string, fault: string, cause?: unknown): RootKeyFileError {
  return new RootKeyFileError(`Cannot use the root key file "${path}": ${fault}`, { cause });
}

function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown error";
}
