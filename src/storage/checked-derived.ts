// The rows that a node derives of its state, read from end to end: each as it was written.
import { readProgress } from "./derived-rows.ts";
import type { Applied } from "./applied-row.ts";
import type { RowReader } from "./checked-rows.ts";
import type { Row } from "./database.ts";
import { derivedFormat } from "./derived-progress.ts";
import { unframe } from "./frame.ts";
import { derivedRowsOf } from "./keys.ts";

/**
 * Nothing adds up to anything here: what is missing is found when the rows are made anew. Rows that
 * are not those of this very state are nobody's, and are not looked at. Throws `CorruptionError`.
 */
export async function* checkedDerivedRows(
  reader: RowReader,
  generation: number,
  { position }: Applied,
): AsyncGenerator<Row> {
  const progress = readProgress(reader, generation);
  if (progress?.format !== derivedFormat || progress.appliedIndex !== position.index) return;
  for await (const row of reader.scan(derivedRowsOf({ generation, make: progress.make }))) {
    const [key, framed] = row;
    unframe(key, framed, "a derived row");
    yield row;
  }
}
