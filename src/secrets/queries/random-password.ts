// GetRandomPassword: characters drawn without bias, every required class among them.
import { refuse, accept, type Outcome } from "../../base/outcome.ts";
import { Plaintext } from "../../base/plaintext.ts";

/** AWS: GetRandomPassword. */
export interface PasswordRequest {
  /** 1 to 4096. */
  readonly length: number;
  readonly excludeCharacters: string;
  readonly excludeNumbers: boolean;
  readonly excludePunctuation: boolean;
  readonly excludeUppercase: boolean;
  readonly excludeLowercase: boolean;
  /** Admits the space; it is never required. */
  readonly includeSpace: boolean;
  readonly requireEachIncludedType: boolean;
}

/** What AWS does when a caller says nothing. */
export const defaultPasswordRequest: PasswordRequest = {
  length: 32,
  excludeCharacters: "",
  excludeNumbers: false,
  excludePunctuation: false,
  excludeUppercase: false,
  excludeLowercase: false,
  includeSpace: false,
  requireEachIncludedType: true,
};

const lowercase = "abcdefghijklmnopqrstuvwxyz";
const uppercase = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const digits = "0123456789";
const punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
const longest = 4096;

/** Draws a whole number in `[0, limit)`, each as likely as the others. */
type Below = (limit: number) => number;

/**
 * Makes a password, as ASCII.
 *
 * Refuses `validation_failed` for a length out of range, `password_too_short` when the required
 * classes do not fit, `password_class_excluded` when one of them has no character left, and
 * `password_alphabet_empty` when nothing at all is left.
 */
export function randomPassword(
  request: PasswordRequest,
  below: Below,
): Outcome<undefined, Plaintext> {
  const { length, excludeCharacters, requireEachIncludedType } = request;
  const violation = lengthViolation(length);
  if (violation !== undefined) return refuse("validation_failed", { violations: [violation] });

  const classes = includedClasses(request).map((characters) =>
    without(characters, excludeCharacters),
  );
  const required = requireEachIncludedType ? classes : [];
  if (length < required.length) return refuse("password_too_short", {});
  if (required.includes("")) return refuse("password_class_excluded", {});

  const space = request.includeSpace ? without(" ", excludeCharacters) : "";
  const alphabet = classes.join("") + space;
  if (alphabet === "") return refuse("password_alphabet_empty", {});

  const password = new Uint8Array(length);
  for (let place = 0; place < length; place += 1) {
    password[place] = drawFrom(required[place] ?? alphabet, below);
  }
  shuffle(password, below);
  return accept(undefined, Plaintext.take(password));
}

function lengthViolation(length: number): string | undefined {
  if (Number.isInteger(length) && length >= 1 && length <= longest) return undefined;
  const bound =
    length > longest ? `less than or equal to ${longest}` : "greater than or equal to 1";
  return (
    `Value '${length}' at 'passwordLength' failed to satisfy constraint: ` +
    `Member must have value ${bound}`
  );
}

function includedClasses(request: PasswordRequest): readonly string[] {
  return [
    request.excludeLowercase ? [] : [lowercase],
    request.excludeUppercase ? [] : [uppercase],
    request.excludeNumbers ? [] : [digits],
    request.excludePunctuation ? [] : [punctuation],
  ].flat();
}

function without(characters: string, excluded: string): string {
  return Array.from(characters)
    .filter((character) => !excluded.includes(character))
    .join("");
}

function drawFrom(characters: string, below: Below): number {
  return characters.charCodeAt(below(characters.length));
}

/** Fisher-Yates: puts the required characters, which were drawn first, at any place alike. */
function shuffle(password: Uint8Array, below: Below): void {
  for (let last = password.length - 1; last > 0; last -= 1) {
    const chosen = below(last + 1);
    const kept = password[last] ?? 0;
    password[last] = password[chosen] ?? 0;
    password[chosen] = kept;
  }
}
