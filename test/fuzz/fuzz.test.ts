import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { Chance } from "./chance.ts";
import { canary, corpus } from "./corpus.ts";
import { Finding } from "./finding.ts";
import { batch, describeFailure, describeSummary, runFuzz, shrink } from "./run-fuzz.ts";
import type { Target } from "./target.ts";
import { runWatched } from "./watched-fuzz.ts";
import { inputsFor, targets } from "./targets.ts";
import { secretOperationNames } from "../../src/services/operations/operations.ts";
import { RefusedError, refuseCall } from "../../src/base/errors.ts";

/** Of all targets together; `npm run fuzz` runs more, from other seeds. */
const inputs = 100_000;
const seed = 20_261_122;

describe("inputs that nobody should send", () => {
  for (const target of targets) {
    it(`come to an answer or a refusal: ${target.name}`, async () => {
      const summary = await runWatched({ target, seed, inputs: inputsFor(target, inputs) });

      console.log(`      ${describeSummary(summary)}`);
      const { failure } = summary;
      assert.ok(failure === undefined, failure && describeFailure(target.name, failure));
      assert.ok(summary.verdicts.size > 2, "the inputs are not all refused at the first look");
    }).timeout(300_000);
  }
});

describe("the fuzz harness", () => {
  it("begins with requests of every operation", () => {
    const operations = new Set(corpus.map(({ operation }) => operation));

    assert.deepEqual([...operations].sort(), [...secretOperationNames].sort());
  });

  it("makes the same input for the same seed and number, and another for another", () => {
    for (const target of targets) {
      const made = (of: number, number: number): string =>
        Buffer.from(target.make(new Chance(of, number)).bytes).toString("hex");

      assert.equal(made(1, 7), made(1, 7));
      assert.notEqual(
        [1, 2, 3, 4].map((number) => made(1, number)).join(),
        [1, 2, 3, 4].map((number) => made(2, number)).join(),
      );
    }
  });

  /** A target that has one of the faults that are looked for, at every input with an `x`. */
  function faulty(fault: () => unknown): Target {
    return {
      name: "faulty",
      make: (chance) => ({
        label: "any",
        bytes: Buffer.from(chance.once(50) ? `abc${"d".repeat(40)}x` : "abc"),
      }),
      open: async () => ({
        run: async ({ bytes }) => {
          if (Buffer.from(bytes).includes("x")) await fault();
          return "answered";
        },
      }),
    };
  }

  const faults: Record<string, () => unknown> = {
    "an error that is no refusal": () => {
      throw new TypeError("undefined is not a function");
    },
    "a new member of Object.prototype": () => {
      const prototype = Object.prototype as Record<string, unknown>;
      prototype["polluted"] = 1;
      // Taken away when it was seen: the other tests live here too.
      setImmediate(() => delete prototype["polluted"]);
    },
    "a long hold of the event loop": () => {
      const begun = process.cpuUsage();
      for (let used = 0; used < 80_000;) {
        const { user, system } = process.cpuUsage(begun);
        used = user + system;
      }
    },
  };
  for (const [what, fault] of Object.entries(faults)) {
    it(`finds ${what}, and shrinks the input to what matters`, async () => {
      const { failure } = await runFuzz({ target: faulty(fault), seed: 1, inputs: 1_000 });

      assert.ok(failure !== undefined);
      if (!what.includes("prototype")) assert.equal(Buffer.from(failure.bytes).toString(), "x");
      assert.match(describeFailure("faulty", failure), /^FAILED faulty, seed 1, input \d+ /);
      assert.match(describeFailure("faulty", failure), /npm run fuzz -- --target faulty --seed 1/);
    }).timeout(60_000);
  }

  it("says which inputs came before when one fails only after them", async () => {
    let count = 0;
    const target = faulty(() => {
      count += 1;
      if (count === 2) throw new Finding("it fails the second time");
    });

    const { failure } = await runFuzz({ target, seed: 1, inputs: 3 * batch });

    assert.equal(failure?.alone, "after others");
    const text = describeFailure("faulty", failure);
    const from = Number(/--from (\d+)/.exec(text)?.[1]);
    assert.equal(from % batch, 0);
    assert.equal(from + Number(/--inputs (\d+)/.exec(text)?.[1]), failure.number + 1);
  });

  it("names an input that never ends, though its thread cannot", async () => {
    const endless =
      "import { workerData } from 'node:worker_threads';" +
      "Atomics.store(new Int32Array(workerData.progress), 0, 4711); for (;;);";
    const program = new URL(`data:text/javascript,${encodeURIComponent(endless)}`);
    const target = faulty(() => undefined);

    const run = runWatched({ target, seed: 1, inputs: 1, stallMs: 200, program });

    await assert.rejects(run, {
      message: /^FAILED faulty, seed 1, input \d+ \(alone\), any: it holds/,
    });
  });

  it("leaves out of an input what does not matter", async () => {
    const bytes = Buffer.from("aaaaaaaaXbbbbbbbbbbYcccc");

    const least = await shrink(bytes, async (shorter) => {
      const text = Buffer.from(shorter).toString();
      return text.includes("X") && text.includes("Y");
    });

    assert.equal(Buffer.from(least).toString(), "XY");
  });
});

describe("verdicts of the fuzz harness", () => {
  const found: readonly (readonly [string, () => unknown])[] = [
    ["a refusal that blames the node", () => refuseCall("no_leader", {})],
    [
      "a value that is repeated",
      () => refuseCall("malformed_request", { reason: `bad ${canary}` }),
    ],
    [
      "a value that is repeated as base64",
      () => refuseCall("malformed_request", { reason: Buffer.from(canary).toString("base64") }),
    ],
    [
      "a place in the program",
      () => refuseCall("malformed_request", { reason: new Error("x").stack ?? "" }),
    ],
    ["what was never thrown as a refusal", () => new RangeError("Invalid array length")],
  ];
  for (const [what, make] of found) {
    it(`finds ${what}`, async () => {
      const { verdictOfError } = await import("./finding.ts");

      assert.throws(() => verdictOfError(make(), { mayEcho: false }), Finding);
    });
  }

  it("takes a refusal that says nothing of the kind", async () => {
    const { verdictOfError } = await import("./finding.ts");
    const refused: RefusedError = refuseCall("secret_not_found", {});

    assert.equal(verdictOfError(refused, { mayEcho: false }), "secret_not_found");
  });
});
