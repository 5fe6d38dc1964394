// The disk does not hold what was written to it. Nothing repairs that here: the node stops and says
// what it found, and its peers hold the truth.

/** What was found, and where. The message is a sentence for the operator. */
export class CorruptionError extends Error {
  override readonly name = "CorruptionError";
  /** The row or file, for a log line. */
  readonly where: string;

  constructor(where: string, found: string, options?: ErrorOptions) {
    super(
      `Cannot trust the data of this node: ${found} (${where}). It is not served. ` +
        "Keep the directory for analysis, and give the node an empty one and a new id to rejoin",
      options,
    );
    this.where = where;
  }
}
