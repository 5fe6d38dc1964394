import assert from "node:assert/strict";
import { describe, it } from "mocha";
import {
  decideRestart,
  describeExit,
  type RestartDecision,
} from "../../cluster/local/restart-policy.ts";

const crash = { code: 1, signal: null };

describe("decideRestart", () => {
  it("starts a node that answered again within a second, however often it dies", () => {
    for (const earlierDeaths of [0, 1, 7]) {
      assert.deepEqual(decideRestart(crash, "answered", earlierDeaths), {
        kind: "restart",
        afterMs: 100,
        earlyDeaths: 0,
      });
    }
  });

  it("waits longer and longer for a node that dies before it answers", () => {
    const waits: number[] = [];
    let earlyDeaths = 0;
    for (let death = 0; death < 6; death += 1) {
      const decision: RestartDecision = decideRestart(crash, "never_answered", earlyDeaths);
      assert.equal(decision.kind, "restart");
      earlyDeaths = decision.earlyDeaths;
      waits.push(decision.afterMs);
    }

    assert.deepEqual(waits, [100, 1_000, 2_000, 5_000, 10_000, 10_000]);
  });

  for (const code of [65, 78]) {
    it(`leaves a node down that ended with ${code}, even one that answered`, () => {
      assert.deepEqual(decideRestart({ code, signal: null }, "answered", 0), { kind: "stay_down" });
    });
  }
});

describe("decideRestart of a node that was removed", () => {
  it("never starts it again", () => {
    assert.deepEqual(decideRestart({ code: 77, signal: null }, "answered", 0), { kind: "removed" });
  });
});

describe("describeExit", () => {
  it("names the signal, or the code and what it stands for", () => {
    assert.equal(describeExit({ code: null, signal: "SIGKILL" }), "SIGKILL");
    assert.equal(describeExit(crash), "exit code 1");
    assert.equal(
      describeExit({ code: 78, signal: null }),
      "exit code 78 (its configuration cannot be used)",
    );
  });
});
