// The end of a node's log, for a person who wants to know why it is down.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { z } from "zod";

const tailBytes = 16_384;
const widest = 200;

/** Nothing but what a line of our own logs needs to be told in a sentence. */
const logLine = z.object({
  msg: z.string(),
  err: z.object({ message: z.string() }).optional(),
});

/** The last lines of a file, oldest first; none when there is no file. */
export function lastLines(path: string, count: number): readonly string[] {
  return readTail(path)
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "")
    .slice(-count)
    .map(inWords);
}

function readTail(path: string): string {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch {
    // A node that never started has no log, and nothing to tell.
    return "";
  }
  try {
    const { size } = fstatSync(descriptor);
    const bytes = Buffer.alloc(Math.min(size, tailBytes));
    const read = readSync(descriptor, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString("utf8", 0, read);
  } finally {
    closeSync(descriptor);
  }
}

function inWords(line: string): string {
  const words = line.startsWith("{") ? messageOf(line) : line;
  return words.length > widest ? `${words.slice(0, widest)}…` : words;
}

function messageOf(line: string): string {
  try {
    const { msg, err } = logLine.parse(JSON.parse(line));
    return err === undefined ? msg : `${msg}: ${err.message}`;
  } catch {
    // Cut off, or not one of ours: shown as it is.
    return line;
  }
}
