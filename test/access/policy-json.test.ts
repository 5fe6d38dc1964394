import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { readPolicyJson, shownText, type PolicyJson } from "../../src/access/policy-json.ts";

/** As `JSON.parse` would have it, but for numbers, which stay texts. */
function plain(json: PolicyJson): unknown {
  switch (json.kind) {
    case "text":
      return json.text;
    case "number":
      return { number: json.text };
    case "boolean":
      return json.text === "true";
    case "null":
      return null;
    case "list":
      return json.items.map(plain);
    case "object":
      return Object.fromEntries([...json.members].map(([key, value]) => [key, plain(value)]));
  }
}

function read(text: string): unknown {
  const reading = readPolicyJson(text);
  assert.ok(reading.ok, JSON.stringify(reading));
  return plain(reading.json);
}

const wrong: readonly (readonly [text: string, at: string, reason: RegExp])[] = [
  ["", "line 1, column 1", /a value is expected/],
  ["{", "line 1, column 2", /a key in double quotes is expected/],
  ['{"a" 1}', "line 1, column 6", /a colon is expected/],
  ['{"a":1 "b":2}', "line 1, column 8", /a comma or } is expected/],
  ['{"a":1,}', "line 1, column 8", /a key in double quotes is expected/],
  ["[1,]", "line 1, column 4", /a value is expected/],
  ["[1 2]", "line 1, column 4", /a comma or ] is expected/],
  ['{"a":1}x', "line 1, column 8", /something follows the end/],
  ['{"a":1,\n  "a":2}', "line 2, column 3", /the key "a" appears twice/],
  ['{"a":1,"\\u0061":2}', "line 1, column 8", /the key "a" appears twice/],
  ['{"a":{"b":1,"b":1}}', "line 1, column 13", /the key "b" appears twice/],
  ['"abc', "line 1, column 1", /the text has no end/],
  ['"a\\', "line 1, column 1", /the text has no end/],
  ['"a\\x"', "line 1, column 1", /not valid JSON/],
  ['"a\nb"', "line 1, column 1", /not valid JSON/],
  ['"\\ud800"', "line 1, column 1", /half a character/],
  ["01", "line 1, column 2", /something follows/],
  ["NaN", "line 1, column 1", /a value is expected/],
  ["'a'", "line 1, column 1", /a value is expected/],
  ["\u00a01", "line 1, column 1", /a value is expected/],
  [`${"[".repeat(11)}${"]".repeat(11)}`, "line 1, column 11", /deeper than 10 levels/],
];

describe("the JSON of a policy", () => {
  it("is read as JSON is, but for numbers, which stay as they were written", () => {
    const text =
      ' {"a": ["x\\u0041\\n", 1.50, -2e3, true, false, null], "": {}, "__proto__": [] } ';

    const members = read(text) as Record<string, unknown>;

    assert.deepEqual(members["a"], [
      "xA\n",
      { number: "1.50" },
      { number: "-2e3" },
      true,
      false,
      null,
    ]);
    assert.deepEqual(Object.keys(members), ["a", "", "__proto__"]);
  });

  for (const [text, at, reason] of wrong) {
    it(`is refused at ${at}: ${JSON.stringify(text)}`, () => {
      const reading = readPolicyJson(text);

      assert.ok(!reading.ok);
      assert.equal(reading.at, at);
      assert.match(reading.reason, reason);
    });
  }

  it("may be ten levels deep", () => {
    assert.ok(readPolicyJson(`${"[".repeat(10)}${"]".repeat(10)}`).ok);
    assert.ok(readPolicyJson(`[${"[],".repeat(100)}{}]`).ok);
  });

  it("is read wherever JSON.parse reads it, and nowhere else", () => {
    const pieces = fc.constantFrom(
      ...["{", "}", "[", "]", ",", ":", '"a"', '"b"', "1", "-0.5", "true", "null", " "],
    );

    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 9 }), (written) => {
        const text = written.join("");
        const reading = readPolicyJson(text);
        const isTwice = !reading.ok && reading.reason.includes("twice");
        assert.equal(reading.ok || isTwice, isJson(text), text);
      }),
      { numRuns: 2_000 },
    );
  });

  it("is quoted short in a sentence", () => {
    assert.equal(shownText("a"), '"a"');
    assert.equal(shownText("x".repeat(5_000)).length, 65);
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
