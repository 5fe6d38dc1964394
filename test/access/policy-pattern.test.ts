import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { hasWildcard, matchesAction, matchesPattern } from "../../src/access/policy-pattern.ts";

const rows: readonly (readonly [pattern: string, text: string, matches: boolean])[] = [
  ["", "", true],
  ["", "a", false],
  ["a", "", false],
  ["abc", "abc", true],
  ["abc", "abcd", false],
  ["abc", "Abc", false],
  ["*", "", true],
  ["*", "anything/at:all", true],
  ["*", ":", true],
  ["a*c", "a:/c", true],
  ["?", "", false],
  ["?", "a", true],
  ["?", "ab", false],
  ["a*", "a", true],
  ["a*c", "abbbc", true],
  ["a*c", "abbbd", false],
  ["*c", "cccd", false],
  ["*c", "cdc", true],
  ["a**c", "ac", true],
  ["a*b*c", "axbxbxc", true],
  ["a*b?c", "abbxc", true],
  ["a*b?c", "abc", false],
  ["secret:NAME-??????", "secret:NAME-aB3dE6", true],
  ["secret:NAME-??????", "secret:NAME-more-aB3dE6", false],
  ["secret:NAME-*", "secret:NAME-more-aB3dE6", true],
  [".*", "ab", false],
  ["a+(b)[c]", "a+(b)[c]", true],
];

describe("a pattern of a policy", () => {
  for (const [pattern, text, matches] of rows) {
    it(`"${pattern}" ${matches ? "covers" : "does not cover"} "${text}"`, () => {
      assert.equal(matchesPattern(pattern, text), matches);
    });
  }

  it("covers what the same pattern as a regular expression does", () => {
    const letters = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 12 });
    const words = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 12 });

    fc.assert(
      fc.property(letters, words, (pattern, text) => {
        const source = pattern.replaceAll("*", "[ab]*").replaceAll("?", "[ab]");
        assert.equal(matchesPattern(pattern, text), new RegExp(`^${source}$`).test(text));
      }),
    );
  });

  it("is decided at once, however many stars it has", () => {
    const pattern = `${"*a".repeat(5_000)}b`;

    assert.equal(matchesPattern(pattern, "a".repeat(9_000)), false);
  });

  it("of an action matches letters in either case", () => {
    assert.equal(matchesAction("SecretsManager:get*", "secretsmanager:GetSecretValue"), true);
    assert.equal(matchesAction("secretsmanager:Get*", "secretsmanager:PutSecretValue"), false);
  });

  it("has a wildcard when it has a star or a question mark", () => {
    assert.deepEqual(["a*", "a?", "a"].map(hasWildcard), [true, true, false]);
  });
});
