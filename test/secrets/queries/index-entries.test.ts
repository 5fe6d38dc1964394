import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { epochMs } from "../../../src/base/ids.ts";
import {
  indexChange,
  indexEntriesOf,
  indexTerm,
  numberTerm,
  termCharactersMax,
  type IndexEntry,
  type IndexName,
} from "../../../src/secrets/queries/index-entries.ts";
import type { SecretRecord } from "../../../src/secrets/secret.ts";
import { born, deletion, secretIn } from "../example-secret.ts";

function terms(secret: SecretRecord, index: IndexName): readonly string[] {
  return indexEntriesOf(secret)
    .filter((entry) => entry.index === index)
    .map(({ term }) => term)
    .sort();
}

const tags = [
  { key: "Team", value: "Core" },
  { key: "empty", value: "" },
];
const full = secretIn("v1[C]", {
  name: "prod/AppBeta2",
  description: "The Core database",
  tags,
  deletion,
  accessedDay: 20_454,
});

describe("indexEntriesOf", () => {
  for (const [index, expected] of [
    ["name", ["prod/AppBeta2"]],
    ["changed", [`000${born}`]],
    ["accessed", ["0000000000020454"]],
    ["deletion", [`000${deletion.scheduledFor}`]],
    ["description", ["core", "database", "the"]],
    ["word", ["2", "app", "beta", "core", "database", "empty", "prod", "team", "the"]],
    ["tag-key", ["Team", "empty"]],
    ["tag-value", ["", "Core"]],
  ] as const) {
    it(`holds a secret under ${index}`, () => {
      assert.deepEqual(terms(full, index), expected);
    });
  }

  it("holds a bare secret under what it has", () => {
    assert.deepEqual(indexEntriesOf(secretIn("")), [
      { index: "name", term: "db" },
      { index: "changed", term: `000${born}` },
      { index: "accessed", term: "0000000000000000" },
      { index: "word", term: "db" },
    ]);
  });

  it("has each entry once, also of terms that are alike only once they are cut", () => {
    const long = "x".repeat(termCharactersMax);
    const alike = secretIn("", {
      description: `${long}y ${long}z`,
      tags: [
        { key: `${long}1`, value: "same" },
        { key: `${long}2`, value: "same" },
      ],
    });

    assert.deepEqual(terms(alike, "description"), [long]);
    assert.deepEqual(terms(alike, "tag-key"), [long]);
    assert.deepEqual(terms(alike, "tag-value"), ["same"]);
  });
});

describe("indexChange", () => {
  const named = ({ index, term }: IndexEntry): string => `${index} ${term}`;

  it("tells what is new and what is gone, and nothing that stays", () => {
    const after = { ...full, changedAt: epochMs(born + 1), tags: tags.slice(0, 1) };

    const { added, dropped } = indexChange(full, after);

    assert.deepEqual(added.map(named), [`changed 000${born + 1}`]);
    assert.deepEqual(dropped.map(named), [
      `changed 000${born}`,
      "word empty",
      "tag-key empty",
      "tag-value ",
    ]);
  });

  it("tells everything of a secret that is new, or gone", () => {
    assert.deepEqual(indexChange(undefined, full), { added: indexEntriesOf(full), dropped: [] });
    assert.deepEqual(indexChange(full, undefined), { added: [], dropped: indexEntriesOf(full) });
  });

  it("costs a new version two entries", () => {
    const { added, dropped } = indexChange(full, { ...full, changedAt: epochMs(born + 1) });

    assert.equal(added.length + dropped.length, 2);
  });

  it("makes the entries of one record from those of any other", () => {
    const text = fc.constantFrom("", "a", "b", "a b", "B a", "c");
    const record = fc
      .record({
        changedAt: fc.integer({ min: born, max: born + 2 }).map(epochMs),
        description: fc.option(text, { nil: undefined }),
        tags: fc.option(fc.array(fc.record({ key: text, value: text }), { maxLength: 3 }), {
          nil: undefined,
        }),
        deletion: fc.constantFrom(undefined, deletion),
      })
      .map((parts) => secretIn("", parts));

    fc.assert(
      fc.property(record, record, (before, after) => {
        const { added, dropped } = indexChange(before, after);
        const entries = new Set(indexEntriesOf(before).map(named));
        for (const entry of dropped) assert.ok(entries.delete(named(entry)), "it was there");
        for (const entry of added) {
          assert.ok(!entries.has(named(entry)), "it is new");
          entries.add(named(entry));
        }
        assert.deepEqual([...entries].sort(), indexEntriesOf(after).map(named).sort());
      }),
      { seed: 4_1 },
    );
  });
});

describe("indexTerm", () => {
  for (const [text, term] of [
    ["as it is", "as it is"],
    ["", ""],
    ["x".repeat(65), "x".repeat(64)],
    ["before\0behind", "before"],
    ["\0", ""],
    [`${"x".repeat(63)}😀`, "x".repeat(63)],
    [`${"x".repeat(62)}😀`, `${"x".repeat(62)}😀`],
  ] as const) {
    it(`makes ${JSON.stringify(term)} of ${JSON.stringify(text)}`, () => {
      assert.equal(indexTerm(text), term);
    });
  }

  it("keeps what begins with a text behind what begins with its term", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "😀", "\0", "é"), maxLength: 80 });

    fc.assert(
      fc.property(text, text, (prefix, rest) => {
        assert.ok(indexTerm(prefix + rest).startsWith(indexTerm(prefix)));
      }),
      { seed: 4_2 },
    );
  });
});

describe("numberTerm", () => {
  it("sorts as numbers do, up to the greatest there is", () => {
    const numbers = [0, 9, 10, 1e12, Number.MAX_SAFE_INTEGER];

    const made = numbers.map(numberTerm);

    assert.deepEqual([...made].sort(), made);
    assert.ok(made.every((term) => term.length === 16));
  });
});
