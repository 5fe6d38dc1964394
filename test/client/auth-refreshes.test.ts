import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { AuthRefreshes } from "../../src/client/auth-refreshes.ts";
import { SetClock } from "../support/set-clock.ts";

describe("AuthRefreshes", () => {
  it("lets each secret be read once within its time", () => {
    const clock = new SetClock();
    const refreshes = new AuthRefreshes(clock, { everyMs: 1_000, most: 10 });

    const taken = [refreshes.take("a"), refreshes.take("a"), refreshes.take("b")];
    clock.advance(999);
    taken.push(refreshes.take("a"));
    clock.advance(1);
    taken.push(refreshes.take("a"));

    assert.deepEqual(taken, [true, false, true, false, true]);
  });

  it("lets so many secrets be read within the time, and then others", () => {
    const clock = new SetClock();
    const refreshes = new AuthRefreshes(clock, { everyMs: 1_000, most: 2 });

    const taken = ["a", "b", "c"].map((key) => refreshes.take(key));
    clock.advance(1_000);
    taken.push(refreshes.take("c"));

    assert.deepEqual(taken, [true, true, false, true]);
  });
});
