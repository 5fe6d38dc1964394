// An answer that was printed and is no success: the exit code says so, and nothing is left to say.

export class AnsweredNo extends Error {
  override readonly name = "AnsweredNo";
}
