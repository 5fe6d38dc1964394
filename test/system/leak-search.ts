// Looks for secrets where none may be: in every file below a folder, in the clear and in the forms
// that programs give to bytes when they write them down.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Something that must not be found, by a name that may be told. */
export interface Sought {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface Hit {
  readonly file: string;
  readonly name: string;
  readonly form: string;
}

const passesMax = 10;

/**
 * Every place in the files below `folder`, in one pass in which none of them went away: a database
 * that runs rewrites its files, and what was in one that is gone is in another by then.
 */
export function searchFiles(folder: string, sought: readonly Sought[]): readonly Hit[] {
  for (let pass = 1; ; pass += 1) {
    try {
      return searchOnce(folder, sought);
    } catch (error) {
      const isGone = error instanceof Error && "code" in error && error.code === "ENOENT";
      if (!isGone || pass === passesMax) throw error;
    }
  }
}

function searchOnce(folder: string, sought: readonly Sought[]): readonly Hit[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const needles = sought.map((each) => [each.name, needlesOf(Buffer.from(each.bytes))] as const);
  return files.flatMap((file) =>
    searchContent(file, withoutZerosAtEnd(readFileSync(file)), needles),
  );
}

/** Space that is kept in reserve is many megabytes of nothing. */
function withoutZerosAtEnd(content: Buffer): Buffer {
  let end = content.length;
  while (end > 0 && content[end - 1] === 0) end -= 1;
  // A form that ends with a zero is still found.
  return content.subarray(0, end + 1);
}

/** Every place in one text, such as an answer to a caller. */
export function searchText(where: string, text: string, sought: readonly Sought[]): readonly Hit[] {
  const needles = sought.map((each) => [each.name, needlesOf(Buffer.from(each.bytes))] as const);
  return searchContent(where, Buffer.from(text), needles);
}

type Needles = readonly (readonly [form: string, needle: Buffer])[];

function searchContent(
  file: string,
  content: Buffer,
  sought: readonly (readonly [name: string, needles: Needles])[],
): readonly Hit[] {
  return sought.flatMap(([name, needles]) =>
    needles
      .filter(([, needle]) => content.includes(needle))
      .map(([form]) => ({ file, name, form })),
  );
}

/** Both halves are looked for: a message may have cut the rest off. */
function needlesOf(bytes: Buffer): Needles {
  const middle = bytes.length >> 1;
  return [bytes.subarray(0, middle), bytes.subarray(middle)].flatMap((half) =>
    Object.entries(formsOf(half)).map(
      ([form, text]) => [form, typeof text === "string" ? Buffer.from(text) : text] as const,
    ),
  );
}

/** The ways to write bytes down, by name. */
export function formsOf(bytes: Buffer): Readonly<Record<string, Buffer | string>> {
  const wide = Buffer.from(bytes.toString("latin1"), "utf16le");
  const hex = bytes.toString("hex");
  const numbers = [...bytes];
  return {
    raw: bytes,
    "UTF-16 LE": wide,
    "UTF-16 BE": Buffer.from(wide).swap16(),
    hex,
    "upper-case hex": hex.toUpperCase(),
    "hex with spaces": hex.replace(/..(?!$)/g, "$& "),
    "numbers with commas": numbers.join(","),
    "numbers with commas and spaces": numbers.join(", "),
    // As JSON has a Uint8Array whose first bytes these are.
    "numbers by position": JSON.stringify(Object.fromEntries(numbers.entries())).slice(1, -1),
    ...Object.fromEntries(
      [0, 1, 2].flatMap((shift) => {
        const base64 = base64Within(bytes, shift);
        const url = base64.replaceAll("+", "-").replaceAll("/", "_");
        return [
          [`base64 shifted by ${shift}`, base64],
          [`base64url shifted by ${shift}`, url],
        ];
      }),
    ),
  };
}

/** What of the base64 of a longer text does not depend on what stands before and behind. */
function base64Within(bytes: Buffer, shift: number): string {
  const shifted = Buffer.concat([Buffer.alloc(shift), bytes]);
  const whole = Math.floor((shifted.length * 8) / 6);
  return shifted.toString("base64").slice(Math.ceil((shift * 8) / 6), whole);
}
