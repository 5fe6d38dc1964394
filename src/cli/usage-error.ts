// What a person mistyped. The sentence says what was wrong and what was expected.

export class UsageError extends Error {
  override readonly name = "UsageError";
}
