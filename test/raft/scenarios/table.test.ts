// The table in README.md names tests; it must not name one that is not there, nor add up wrongly.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { packageFolder } from "../../../src/base/package-folder.ts";

const folder = join(packageFolder(), "test", "raft");

interface Section {
  readonly title: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly rows: readonly Row[];
}

interface Row {
  readonly theirs: readonly string[];
  readonly kind: string;
  readonly text: string;
}

const text = readFileSync(join(folder, "scenarios", "README.md"), "utf8");
const sections = text.split(/^## /m).flatMap(sectionOf);

function sectionOf(part: string): readonly Section[] {
  const head = /^(\S+): (\d+) \((\d+) had, (\d+) new, (\d+) none\)\n/.exec(part);
  if (head === null) return [];
  const [, title = "", all, had, fresh, none] = head;
  const counts = { all: Number(all), had: Number(had), new: Number(fresh), none: Number(none) };
  return [{ title, counts, rows: part.split("\n").flatMap(rowOf) }];
}

function rowOf(line: string): readonly Row[] {
  const [, theirs = "", , ours = ""] = line.split("|").map((cell) => cell.trim());
  const kind = /^(had|new|none): /.exec(ours)?.[1];
  if (kind === undefined) return [];
  return [{ theirs: quotedIn(theirs), kind, text: ours.slice(kind.length + 2) }];
}

function quotedIn(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
}

/** The titles of a file, as they are written. */
function titlesOf(path: string): ReadonlySet<string> {
  const source = readFileSync(path, "utf8");
  const named = source.matchAll(/\b(?:it|describe)\(\s*(["`])((?:\\.|(?!\1).)*)\1/g);
  return new Set([...named].map(([, , title = ""]) => title));
}

function references({
  text: ours,
}: Row): readonly { readonly file: string; readonly title: string }[] {
  return [...ours.matchAll(/`([^`]+\.test\.ts)` "([^"]+)"/g)].map(([, file = "", title = ""]) => ({
    file,
    title,
  }));
}

describe("the table of scenarios", () => {
  for (const { title, counts, rows } of sections) {
    it(`adds up for ${title}`, () => {
      const names = rows.flatMap(({ theirs }) => theirs);

      assert.equal(names.length, counts["all"]);
      assert.equal(new Set(names).size, names.length, "each is there once");
      for (const kind of ["had", "new", "none"]) {
        const those = rows.filter((row) => row.kind === kind).flatMap(({ theirs }) => theirs);
        assert.equal(those.length, counts[kind], kind);
      }
    });

    it(`names tests that exist for ${title}`, () => {
      const missing = rows.flatMap(references).filter(({ file, title: wanted }) => {
        const path = join(folder, file);
        return !existsSync(path) || !titlesOf(path).has(wanted);
      });

      assert.deepEqual(missing, []);
    });

    it(`has a test or a reason for each of ${title}`, () => {
      for (const row of rows) {
        const files = references(row).map(({ file }) => file);
        const isHere = files.some((file) => file.startsWith("scenarios/"));
        const transcript = /^`(transcripts\/[^`]+)`$/.exec(row.text)?.[1];
        const isPlayed = transcript !== undefined && existsSync(join(folder, transcript));
        if (row.kind === "new") assert.ok(isHere, row.text);
        if (row.kind === "had") assert.ok(!isHere && (files.length > 0 || isPlayed), row.text);
        if (row.kind === "none") assert.ok(files.length === 0 && row.text.length > 10, row.text);
      }
    });
  }

  it("says in its first lines what the sections come to", () => {
    const sum = (kind: string): number =>
      sections.reduce((total, { counts }) => total + (counts[kind] ?? 0), 0);
    const words = text.slice(0, 600).replaceAll("\n", " ");

    assert.ok(
      words.includes(`${String(sum("all"))} scenarios, ${String(sum("had"))} of which`),
      words,
    );
    assert.ok(words.includes(`${String(sum("new"))} of which are in this folder`));
    assert.ok(words.includes(`${String(sum("none"))} of which do not apply`));
    assert.equal(sections.length, 12);
  });
});
