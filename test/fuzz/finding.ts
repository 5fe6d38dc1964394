// What must not come of an input, and how an answer is looked at.
import { RefusedError } from "../../src/base/errors.ts";
import { packageFolder } from "../../src/base/package-folder.ts";
import { wireStatus } from "../../src/server/wire-status.ts";
import { canary } from "./corpus.ts";

/** Something that must not be. */
export class Finding extends Error {
  override readonly name = "Finding";
}

/** What came of an input that is as it should be: a refusal's code, or `answered`. */
export type Verdict = string;

/**
 * A refusal that a caller may see gives its code. Throws a `Finding` for any other error, for a
 * refusal that blames the node, and for a sentence that says what it must not.
 */
export function verdictOfError(
  error: unknown,
  { mayEcho }: { readonly mayEcho: boolean },
): Verdict {
  if (error instanceof Finding) throw error;
  if (!(error instanceof RefusedError)) {
    throw new Finding(`it throws ${describe(error)}`, { cause: error });
  }
  const { code } = error.refusal;
  const { http } = wireStatus[code];
  if (http >= 500) throw new Finding(`it is answered ${http}: ${code}`, { cause: error });
  checkSentence(error.message, { mayEcho });
  return code;
}

const ownFolder = packageFolder();

/** `mayEcho`: the mark was moved to a member that is repeated to its caller, as AWS does. */
export function checkSentence(sentence: string, { mayEcho }: { readonly mayEcho: boolean }): void {
  if (
    sentence.includes(ownFolder) ||
    /\n\s+at \S+ \(|node:internal|\.[cm]?[jt]s:\d+/.test(sentence)
  ) {
    throw new Finding("an answer tells of the program's files");
  }
  if (!mayEcho && marks.some((mark) => sentence.includes(mark))) {
    throw new Finding("an answer repeats a value");
  }
}

/** As text, and as the beginning of its base64. */
const marks = [canary, Buffer.from(canary).toString("base64").slice(0, -2)];

const sensitive: ReadonlySet<string> = new Set(["secretString", "secretBinary", "rotationToken"]);

/** Whether the mark stands in a member that is no secret. */
export function isCanaryElsewhere(part: unknown): boolean {
  if (typeof part === "string") return marks.some((mark) => part.includes(mark));
  if (typeof part !== "object" || part === null || part instanceof Uint8Array) return false;
  if (part instanceof Map) return [...part].flat().some(isCanaryElsewhere);
  return Object.entries(part).some(
    ([name, value]) => !sensitive.has(name) && isCanaryElsewhere(value),
  );
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
