// Whether a directory holds a node's data, or was ever meant to.
import { existsSync } from "node:fs";
import { join } from "node:path";

/** Not whether it is whole: that is recovery's to say. */
export function holdsData(directory: string): boolean {
  return ["floor", "db"].some((name) => existsSync(join(directory, name)));
}
