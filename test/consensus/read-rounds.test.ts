import { strict as assert } from "node:assert";
import { beforeEach, describe, it } from "mocha";
import { RefusedError } from "../../src/base/errors.ts";
import { logIndex } from "../../src/base/ids.ts";
import { ReadRounds } from "../../src/consensus/read-rounds.ts";
import { SetClock } from "../support/set-clock.ts";

const firstReadId = 1_000;

describe("ReadRounds", () => {
  let clock: SetClock;
  let asked: number[];
  let turn: (() => void)[];
  let reads: ReadRounds;

  beforeEach(() => {
    clock = new SetClock();
    asked = [];
    turn = [];
    reads = new ReadRounds({
      monotonicMs: () => clock.monotonicMs(),
      ask: (readId) => asked.push(readId),
      atEndOfTurn: (callback) => turn.push(callback),
      lostAfterMs: 300,
      firstReadId,
    });
  });

  function endTurn(): void {
    for (const callback of turn.splice(0)) callback();
  }

  function tick(hasLeader = (): boolean => true): void {
    reads.onTick(hasLeader);
    endTurn();
  }

  /** A reader; what it comes to is written down, a few microtasks later. */
  function wait(deadlineMs = 10_000): { came: string; index: number } {
    const answer = { came: "nothing yet", index: 0 };
    reads.wait(deadlineMs).then(
      (index) => {
        answer.came = "ready";
        answer.index = index;
      },
      (error: unknown) => {
        answer.came = error instanceof RefusedError ? error.refusal.code : String(error);
      },
    );
    return answer;
  }

  async function settled(): Promise<void> {
    for (let turns = 0; turns < 5; turns += 1) await Promise.resolve();
  }

  it("asks once for all readers of a turn", async () => {
    const readers = [wait(), wait(), wait()];

    endTurn();
    reads.ready(firstReadId, logIndex(5), logIndex(5));
    await settled();

    assert.deepEqual(asked, [firstReadId]);
    assert.deepEqual(
      readers.map(({ came }) => came),
      ["ready", "ready", "ready"],
    );
  });

  it("refuses a reader when too many wait already, and serves the others", async () => {
    const readers = Array.from({ length: 20_000 }, () => wait());
    const oneTooMany = wait();

    endTurn();
    reads.ready(firstReadId, logIndex(5), logIndex(5));
    await settled();

    assert.equal(oneTooMany.came, "overloaded");
    assert.ok(readers.every(({ came }) => came === "ready"));
  });

  it("gives a reader that comes during a round the next one, never this one", async () => {
    const first = wait();
    endTurn();
    const second = wait();
    endTurn();
    assert.deepEqual(asked, [firstReadId]);

    reads.ready(firstReadId, logIndex(5), logIndex(5));
    endTurn();
    await settled();

    assert.deepEqual([first.came, second.came], ["ready", "nothing yet"]);
    assert.deepEqual(asked, [firstReadId, firstReadId + 1]);
  });

  it("waits until the node has applied as far as the read must see", async () => {
    const reader = wait();
    endTurn();
    reads.ready(firstReadId, logIndex(9), logIndex(5));
    reads.applied(logIndex(8));
    await settled();
    assert.equal(reader.came, "nothing yet");

    reads.applied(logIndex(11));
    await settled();

    assert.equal(reader.came, "ready");
  });

  it("tells a reader how far the node has applied when it is released, not what it waited for", async () => {
    const early = wait();
    endTurn();
    reads.ready(firstReadId, logIndex(5), logIndex(7));
    const late = wait();
    endTurn();
    reads.ready(firstReadId + 1, logIndex(8), logIndex(7));
    reads.applied(logIndex(9));
    await settled();

    assert.deepEqual([early.index, late.index], [7, 9]);
  });

  it("asks again, under another number, at the tick after a round failed", async () => {
    const reader = wait();
    endTurn();
    reads.failed(firstReadId);
    endTurn();
    assert.deepEqual(asked, [firstReadId]);

    tick();
    reads.ready(firstReadId + 1, logIndex(1), logIndex(1));
    await settled();

    assert.deepEqual(asked, [firstReadId, firstReadId + 1]);
    assert.equal(reader.came, "ready");
  });

  it("waits longer for each round after a lost one, until an answer comes", async () => {
    const reader = wait();
    endTurn();
    clock.advance(301);
    tick();
    clock.advance(599);
    tick();

    reads.ready(firstReadId + 1, logIndex(7), logIndex(7));
    await settled();

    assert.deepEqual(asked, [firstReadId, firstReadId + 1]);
    assert.equal(reader.came, "ready");
  });

  it("takes a round without an answer for lost, and asks again", async () => {
    const reader = wait();
    endTurn();
    clock.advance(300);
    tick();
    assert.deepEqual(asked, [firstReadId]);

    clock.advance(1);
    tick();

    assert.deepEqual(asked, [firstReadId, firstReadId + 1]);
    assert.equal(reader.came, "nothing yet");
  });

  it("believes no late answer to a round that it gave up", async () => {
    const reader = wait();
    endTurn();
    clock.advance(301);
    tick();

    reads.ready(firstReadId, logIndex(1), logIndex(1));
    await settled();
    assert.equal(reader.came, "nothing yet");

    reads.ready(firstReadId + 1, logIndex(1), logIndex(1));
    await settled();
    assert.equal(reader.came, "ready");
  });

  for (const [isLed, code] of [
    [true, "timed_out"],
    [false, "no_leader"],
  ] as const) {
    it(`refuses with ${code} when the time is up and there is ${isLed ? "a" : "no"} leader`, async () => {
      const reader = wait(400);
      endTurn();

      for (let ms = 0; ms < 900; ms += 100) {
        clock.advance(100);
        tick(() => isLed);
      }
      await settled();

      assert.equal(reader.came, code);
    });
  }

  it("refuses a reader whose time is up while the node still applies", async () => {
    const reader = wait(400);
    const other = wait();
    endTurn();
    reads.ready(firstReadId, logIndex(9), logIndex(5));

    clock.advance(400);
    tick();
    reads.applied(logIndex(9));
    await settled();

    assert.deepEqual([reader.came, other.came], ["timed_out", "ready"]);
  });

  it("lets nobody wait any longer once the node stops, in a round, before one or behind one", async () => {
    const applying = wait();
    endTurn();
    reads.ready(firstReadId, logIndex(9), logIndex(5));
    const proving = wait();
    endTurn();
    const next = wait();

    reads.close();
    await settled();

    assert.deepEqual(
      [applying, proving, next].map(({ came }) => came),
      ["no_leader", "no_leader", "no_leader"],
    );
  });
});
