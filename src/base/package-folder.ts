// Where the package is installed: what ships beside the code (proto/, package.json) is found from
// here, however deep the compiled file lies.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { assert } from "./assert.ts";

/** The nearest folder above this file that has a package.json. */
export function packageFolder(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, "package.json"))) {
    const parent = dirname(folder);
    assert(parent !== folder, "the code lies in a package");
    folder = parent;
  }
  return folder;
}
