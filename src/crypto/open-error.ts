// The one way in which opening sealed bytes fails.

/** `malformed`: not in our format. `not_authentic`: another key, another context, or altered. */
export type OpenFailure = "malformed" | "not_authentic";

/** Says which of the two it was, and nothing of the bytes. */
export class OpenError extends Error {
  override readonly name = "OpenError";
  readonly failure: OpenFailure;

  constructor(failure: OpenFailure) {
    super(sentences[failure]);
    this.failure = failure;
  }
}

const sentences: Readonly<Record<OpenFailure, string>> = {
  malformed: "Cannot open sealed bytes: they are not in a format this node knows",
  not_authentic: "Cannot open sealed bytes: wrong key, wrong context or altered bytes",
};
