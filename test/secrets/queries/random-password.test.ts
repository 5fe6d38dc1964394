import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { textOf } from "../../../src/base/bytes.ts";
import {
  defaultPasswordRequest,
  randomPassword,
  type PasswordRequest,
} from "../../../src/secrets/queries/random-password.ts";
import { step } from "../outcome-checks.ts";

type Below = (limit: number) => number;

/** A repeatable source of draws (a linear congruence; quality does not matter here). */
function draws(seed: number): Below {
  let state = BigInt(seed);
  return (limit) => {
    state = (state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n) % 2n ** 64n;
    return Number((state >> 33n) % BigInt(limit));
  };
}

function password(more: Partial<PasswordRequest>, below: Below = draws(1)): string {
  const outcome = randomPassword({ ...defaultPasswordRequest, ...more }, below);
  assert.ok(outcome.ok);
  using plaintext = outcome.reply;
  return textOf(plaintext.reveal()) ?? "";
}

const lower = { excludeNumbers: true, excludePunctuation: true, excludeUppercase: true } as const;
const nothing = { ...lower, excludeLowercase: true } as const;
const letters = "abcdefghijklmnopqrstuvwxyz";

const classes: readonly (readonly [exclude: keyof PasswordRequest, characters: RegExp])[] = [
  ["excludeLowercase", /[a-z]/],
  ["excludeUppercase", /[A-Z]/],
  ["excludeNumbers", /[0-9]/],
  ["excludePunctuation", /[!-/:-@[-`{-~]/],
];

describe("randomPassword", () => {
  it("makes 32 characters of all four classes when nothing is said", () => {
    const made = password({});

    assert.equal(made.length, 32);
    for (const [, characters] of classes) assert.match(made, characters);
    assert.doesNotMatch(made, / /);
  });

  it("holds exactly what was asked for, whatever was asked for", () => {
    const requests = fc.record({
      length: fc.integer({ min: 4, max: 64 }),
      excludeCharacters: fc.constantFrom("", "aB1!", "/@\"'\\"),
      excludeNumbers: fc.boolean(),
      excludePunctuation: fc.boolean(),
      excludeUppercase: fc.boolean(),
      excludeLowercase: fc.constant(false),
      includeSpace: fc.boolean(),
      requireEachIncludedType: fc.constant(true),
    });

    fc.assert(
      fc.property(requests, fc.nat(), (request, seed) => {
        const made = password(request, draws(seed));

        assert.equal(made.length, request.length);
        for (const [exclude, characters] of classes) {
          assert.equal(characters.test(made), request[exclude] !== true, exclude);
        }
        for (const character of request.excludeCharacters) assert.ok(!made.includes(character));
        assert.ok(request.includeSpace || !made.includes(" "));
      }),
      { seed: 5_14, numRuns: 300 },
    );
  });

  it("admits a space, and never requires it", () => {
    const onlySpace = password({ ...nothing, includeSpace: true, length: 3 });
    const withSpace = password({ ...lower, includeSpace: true, length: 200 });
    const short = password({ ...lower, includeSpace: true, length: 1 }, () => 0);

    assert.equal(onlySpace, "   ");
    assert.match(withSpace, / /);
    assert.equal(short, "a");
  });

  it("puts required characters in every order, each by one row of draws", () => {
    const others = letters.slice(1);
    const excludeCharacters = `${others}${others.toUpperCase()}012345678`;
    const request = { excludeCharacters, excludePunctuation: true, length: 3 };

    const orders = [0, 1, 2].flatMap((ofThree) =>
      [0, 1].map((ofTwo) => {
        const fixed = new Map([
          [3, ofThree],
          [2, ofTwo],
        ]);
        return password(request, (limit) => fixed.get(limit) ?? 0);
      }),
    );

    assert.deepEqual(orders.sort(), ["9Aa", "9aA", "A9a", "Aa9", "a9A", "aA9"]);
  });

  it("chooses every character of the alphabet about as often", () => {
    const counts = new Map<string, number>();
    const below = draws(7);
    for (let round = 0; round < 13; round += 1) {
      for (const one of password({ ...lower, length: 4000 }, below)) {
        counts.set(one, (counts.get(one) ?? 0) + 1);
      }
    }

    assert.equal(counts.size, letters.length);
    for (const count of counts.values()) assert.ok(count > 1800 && count < 2200, "near 2000");
  });

  it("needs no character of an exhausted class that is not required", () => {
    const made = password({ excludeCharacters: "0123456789", requireEachIncludedType: false });

    assert.doesNotMatch(made, /[0-9]/);
  });

  it("meets its checks in order", () => {
    const noDigits = { excludeCharacters: "0123456789" };
    const rungs: readonly (readonly [expected: string, request: Partial<PasswordRequest>])[] = [
      ["validation_failed", { ...noDigits, length: 0 }],
      ["validation_failed", { ...noDigits, length: 4097 }],
      ["validation_failed", { ...noDigits, length: Number.NaN }],
      ["validation_failed", { ...noDigits, length: 1.5 }],
      ["password_too_short", { ...noDigits, length: 3 }],
      ["password_class_excluded", { ...noDigits, length: 4 }],
      ["password_alphabet_empty", { ...nothing, length: 1 }],
      ["password_alphabet_empty", { ...nothing, includeSpace: true, excludeCharacters: " " }],
      [
        "password_alphabet_empty",
        { ...lower, excludeCharacters: letters, requireEachIncludedType: false },
      ],
      ["accepted", { ...lower, length: 1 }],
      ["accepted", { length: 4096 }],
      ["accepted", { length: 4 }],
    ];

    for (const [expected, request] of rungs) {
      const outcome = randomPassword({ ...defaultPasswordRequest, ...request }, draws(1));
      assert.equal(step(outcome), expected, JSON.stringify(request));
    }
  });

  it("says of a length what AWS says", () => {
    const outcome = randomPassword({ ...defaultPasswordRequest, length: 5000 }, draws(1));

    assert.deepEqual(outcome, {
      ok: false,
      refusal: {
        code: "validation_failed",
        facts: {
          violations: [
            "Value '5000' at 'passwordLength' failed to satisfy constraint: " +
              "Member must have value less than or equal to 4096",
          ],
        },
      },
    });
  });
});
