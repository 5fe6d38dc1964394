import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { operations, secretOperationNames } from "../../src/services/operations/operations.ts";
import { allCases } from "./all-cases.ts";
import { toldElsewhere } from "./told-elsewhere.ts";

/** Every table of semantics.md §2 to §8, and every row of those whose rows have numbers or keys. */
const numbered = (prefix: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `${prefix} #${at + 1}`);
const tables = [
  ...["1.2", "2.1", "2.2", "2.3", "3.1", "3.2", "3.3", "4", "6", "7", "8"],
  ...Array.from({ length: 17 }, (_, at) => `5.${at + 1}`),
];
const texts = ["NF", "NFS", "NFV", "MIS", "DEL", "SCH", "TOK", "KMSX", "REP", "LAM", "NOL"];
const moreTexts = ["PREV", "KMSA", "MGD"];
const rows = [
  ...numbered("3.3.1", 17),
  ...numbered("16", 60),
  ...[...texts, ...moreTexts].map((key) => `5 T-${key}`),
];

describe("the tables of conformance", () => {
  it("have at least five hundred cases", () => {
    assert.ok(allCases.length >= 500, `there are ${allCases.length}`);
  });

  it("have each case once", () => {
    const titles = allCases.map(({ row, says, call }) => JSON.stringify([row, says, call]));
    const repeated = titles.filter((title, at) => titles.indexOf(title) !== at);
    assert.deepEqual(repeated, []);
  });

  for (const table of tables) {
    it(`have rows of ${table}`, () => {
      assert.ok(allCases.some(({ row }) => row === table || row.startsWith(`${table} `)));
    });
  }

  it("have every numbered row, or a word on where it is shown instead", () => {
    const told = new Set([...allCases.map(({ row }) => row), ...Object.keys(toldElsewhere)]);
    assert.deepEqual(
      rows.filter((row) => !told.has(row)),
      [],
    );
  });

  it("do not excuse a row that they have", () => {
    const both = Object.keys(toldElsewhere).filter((row) =>
      allCases.some((one) => one.row === row),
    );
    assert.deepEqual(both, []);
  });

  it("call every operation, to be answered and to be refused", () => {
    for (const operation of secretOperationNames) {
      const of = allCases.filter(({ call }) => call[0] === operation);
      assert.ok(
        of.some(({ expected }) => !("refused" in expected)) || operation in neverAnswered,
        `${operation} is answered`,
      );
      assert.ok(
        of.some(({ expected }) => "refused" in expected),
        `${operation} is refused`,
      );
    }
  });

  it("use names of operations and members that there are", () => {
    for (const { call, row, says } of allCases) {
      assert.ok(call[0] in operations, `${row}: ${says}`);
    }
  });
});

/** Operations whose engines come later: what they can be asked now, they refuse. */
const neverAnswered: Readonly<Record<string, string>> = {
  CancelRotateSecret: "there is no rotation to cancel",
  ReplicateSecretToRegions: "a region knows no other yet",
  RotateSecret: "no rotation function can be invoked",
  StopReplicationToReplica: "a region knows no other yet",
};
