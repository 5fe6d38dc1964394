import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { searchWords } from "../../../src/secrets/queries/search-words.ts";

const rows: readonly (readonly [text: string, words: readonly string[]])[] = [
  ["SecretOne", ["Secret", "One"]],
  ["Thirdsecret", ["Thirdsecret"]],
  ["DescTwo", ["Desc", "Two"]],
  ["prod/AppBeta/x", ["prod", "App", "Beta", "x"]],
  ["prod_AppBeta_x", ["prod", "App", "Beta", "x"]],
  ["prod+AppBeta=x", ["prod", "App", "Beta", "x"]],
  ["prod.AppBeta@x", ["prod", "App", "Beta", "x"]],
  ["prod-AppBeta/x", ["prod", "App", "Beta", "x"]],
  ["uat/COMPANY/x", ["uat", "COMPANY", "x"]],
  ["COMPANYthings", ["COMPAN", "Ythings"]],
  ["db2primary42", ["db", "2", "primary", "42"]],
  ["a secret", ["a", "secret"]],
  ["été Über 日本", ["été", "Über", "日本"]],
  ["+", []],
  ["", []],
];

describe("searchWords", () => {
  for (const [text, words] of rows) {
    it(`splits ${JSON.stringify(text)} into ${words.length} words`, () => {
      assert.deepEqual(searchWords(text), words);
    });
  }
});
