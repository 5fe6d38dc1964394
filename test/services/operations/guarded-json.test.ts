import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { utf8 } from "../../../src/base/bytes.ts";
import { RefusedError } from "../../../src/base/errors.ts";
import {
  parseGuardedJson,
  requestJsonLimits,
} from "../../../src/services/operations/guarded-json.ts";

describe("parseGuardedJson", () => {
  it("reads what JSON.parse reads", () => {
    // The guard compares keys as they are meant, so one of its own is kept out of the property.
    const documents = fc.json().filter((text) => !text.includes("__proto__"));

    fc.assert(
      fc.property(documents, (text) => {
        assert.deepEqual(parse(text), JSON.parse(text));
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  it("refuses, and never throws otherwise, on any text at all", () => {
    const fragments = fc.constantFrom(
      ...Array.from('{}[]:,"\\u0 \n1e-+.tfn'),
      ...["true", '"a"', '{"a":', "\uFEFF"],
    );
    const texts = fc.array(fragments, { maxLength: 30 }).map((parts) => parts.join(""));

    fc.assert(
      fc.property(texts, (text) => {
        const expected = outcomeOf(() => JSON.parse(text) as unknown);
        const actual = outcomeOf(() => parse(text));

        if (actual !== "refused" || expected === "refused") return;
        assert.match(text, /"a"/, "only a key that comes twice is refused by the guard alone");
      }),
      { numRuns: 3000, seed: 2 },
    );
  });

  it("counts 32 levels, and refuses one more", () => {
    assert.ok(parse("[".repeat(32) + "]".repeat(32)));
    assertRefused("[".repeat(33) + "]".repeat(33), "The body is nested too deeply.");
    assertRefused('{"a":'.repeat(33) + "1" + "}".repeat(33), "The body is nested too deeply.");
    assertRefused("[".repeat(100_000), "The body is nested too deeply.");
  });

  it("takes 10,000 tokens, and refuses one more", () => {
    // Two brackets, and a comma between each two values.
    const zeros = (count: number) => `[${Array(count).fill("0").join(",")}]`;

    assert.ok(parse(zeros(4999)));
    assertRefused(zeros(5000), "The body has too many values.");
  });

  const twice = "The body has an object with the same key twice.";
  const proto = "The body uses a key that is not allowed.";
  const broken = "The body is not valid JSON.";
  for (const [text, sentence] of [
    ['{"a":1,"a":1}', twice],
    ['{"a":1,"\\u0061":2}', twice],
    ['{"b":[{"a":{},"a":[]}]}', twice],
    ['{"__proto__":1}', proto],
    ['{"x":{"\\u005f_proto__":{}}}', proto],
    ['{"a":1', broken],
    ['{"a":"', broken],
    ['{"a":"\\', broken],
    ['{"a":1}}', broken],
    ["{'a':1}", broken],
    ['{"a":1,}', broken],
    ["{a:1}", broken],
    ["NaN", broken],
    ["", broken],
  ] as const) {
    it(`refuses ${text || "nothing"}`, () => {
      assertRefused(text, sentence);
    });
  }

  it("takes the same key in different objects", () => {
    assert.deepEqual(parse('{"a":{"a":1},"b":[{"a":1},{"a":2}]}'), {
      a: { a: 1 },
      b: [{ a: 1 }, { a: 2 }],
    });
  });

  it("refuses what is not UTF-8", () => {
    assert.throws(() => parseGuardedJson(Uint8Array.of(0x22, 0xff, 0x22), requestJsonLimits), {
      message: "The body is not UTF-8.",
    });
  });

  it("says nothing of what it read", () => {
    assert.throws(
      () => parse('{"SecretString":"hunter2" oops'),
      (error) => {
        assert.ok(error instanceof RefusedError);
        assert.equal(error.cause, undefined);
        assert.equal(error.message, "The body is not valid JSON.");
        return true;
      },
    );
  });
});

function parse(text: string): unknown {
  return parseGuardedJson(utf8(text), requestJsonLimits);
}

function assertRefused(text: string, sentence: string): void {
  assert.throws(() => parse(text), { name: "RefusedError", message: sentence });
}

function outcomeOf(run: () => unknown): "read" | "refused" {
  try {
    run();
    return "read";
  } catch (error) {
    assert.ok(error instanceof RefusedError || error instanceof SyntaxError);
    return "refused";
  }
}
