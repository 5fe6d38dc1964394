import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { optionsFromEnvironment, SettingsError } from "../../src/client/environment.ts";

const complete = { HOLDFAST_ENDPOINT: "a:1,b:2", HOLDFAST_TOKEN: "hft_x" };

describe("optionsFromEnvironment", () => {
  it("reads the endpoints and the token", () => {
    const options = optionsFromEnvironment({ ...complete, HOLDFAST_TOKEN: "hft_x\n" });

    assert.deepEqual(options, { endpoints: ["a:1", "b:2"], token: "hft_x" });
  });

  const mistakes: [why: string, environment: Record<string, string>, sentence: RegExp][] = [
    ["no endpoint", { HOLDFAST_ENDPOINT: "" }, /^HOLDFAST_ENDPOINT is not set: expected host:port/],
    ["no token", { HOLDFAST_TOKEN: " " }, /^HOLDFAST_TOKEN is not set: expected an access token/],
    ["a bad endpoint", { HOLDFAST_ENDPOINT: "a" }, /"a": expected host:port.*HOLDFAST_ENDPOINT/],
    [
      "no such file",
      { HOLDFAST_CA_FILE: "/no/such" },
      /"\/no\/such" that HOLDFAST_CA_FILE names: ENOENT/,
    ],
  ];
  for (const [why, environment, sentence] of mistakes) {
    it(`says what is wrong and what was expected with ${why}`, () => {
      const read = (): unknown => optionsFromEnvironment({ ...complete, ...environment });

      assert.throws(
        read,
        (error) => error instanceof SettingsError && sentence.test(error.message),
      );
    });
  }
});
