// The disk does not hold what was written to it. Nothing repairs that here: the node stops and says
// what it found, and its peers hold the truth.

const remedies = {
  rejoin: "Keep the directory for analysis, and give the node an empty one and a new id to rejoin",
  restore:
    "Nothing in the directory was changed: with a good copy of that file, as of the node's last " +
    "stop, it starts again. Otherwise keep the directory for analysis, and give the node an empty " +
    "one and a new id to rejoin",
} as const;

/** What was found, and where. The message is a sentence for the operator. */
export class CorruptionError extends Error {
  override readonly name = "CorruptionError";
  /** The row or file, for a log line. */
  readonly where: string;
  /** What is wrong there: the middle of a sentence. */
  readonly found: string;

  constructor(
    where: string,
    found: string,
    options: ErrorOptions & { readonly remedy?: keyof typeof remedies } = {},
  ) {
    const { remedy = "rejoin", ...rest } = options;
    super(
      `Cannot trust the data of this node: ${found} (${where}). It is not served. ` +
        remedies[remedy],
      rest,
    );
    this.where = where;
    this.found = found;
  }
}

/** A file that is not as it was written, found while nothing but reading had been done. */
export function damagedFile(where: string, found: string, options?: ErrorOptions): CorruptionError {
  return new CorruptionError(where, found, { ...options, remedy: "restore" });
}
