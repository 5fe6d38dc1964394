// Optional texts of a secret, as callers give them.

/** Not given keeps what there was; the empty string removes it (AWS: UpdateSecret). */
export function textAfter(
  before: string | undefined,
  given: string | undefined,
): string | undefined {
  if (given === undefined) return before;
  return given === "" ? undefined : given;
}
