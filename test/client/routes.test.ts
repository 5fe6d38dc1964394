import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { Routes, type ReadRouting } from "../../src/client/routes.ts";
import { SetClock } from "../support/set-clock.ts";

function routesOf(reads: ReadRouting = "stick", first = 0) {
  const clock = new SetClock();
  return { clock, routes: new Routes(["a", "b", "c"], { clock, reads, first }) };
}

describe("Routes", () => {
  it("stays with the node it begins with as long as that answers", () => {
    const { routes } = routesOf("stick", 1);

    const asked = (["read", "write", "read"] as const).map((kind) => routes.choose(kind));

    assert.deepEqual(asked, ["b", "b", "b"]);
  });

  it("goes on to the next node when one fails, and round, past those that failed", () => {
    const { routes } = routesOf();

    routes.failed("a");
    const second = routes.choose("read");
    routes.failed("b");
    const third = routes.choose("read");

    assert.deepEqual([second, third], ["b", "c"]);
  });

  it("moves once when two calls leave the same node", () => {
    const { routes } = routesOf();

    routes.failed("a");
    routes.failed("a");

    assert.equal(routes.choose("read"), "b");
  });

  it("asks somebody although everybody has failed", () => {
    const { routes } = routesOf();

    for (const node of ["a", "b", "c"]) routes.failed(node);

    assert.equal(routes.choose("write"), "a");
  });

  it("gives every node its turn of the reads when they are spread, and keeps writes in one place", () => {
    const { routes } = routesOf("spread", 2);

    const reads = Array.from({ length: 6 }, () => routes.choose("read"));
    const writes = Array.from({ length: 2 }, () => routes.choose("write"));

    assert.deepEqual(reads, ["a", "b", "c", "a", "b", "c"]);
    assert.deepEqual(writes, ["c", "c"]);
  });

  it("passes over a node that failed, twice as long with every failure, until it answers", () => {
    const { routes, clock } = routesOf("spread", 2);
    const isAsked = (): boolean => {
      return ["", "", ""].map(() => routes.choose("read")).includes("b");
    };

    for (const ms of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      routes.failed("b");
      clock.advance(ms - 1);
      assert.equal(isAsked(), false, `${ms} ms are not over`);
      clock.advance(1);
      assert.equal(isAsked(), true, `${ms} ms are over`);
    }
    routes.answered("b");
    routes.failed("b");
    clock.advance(1_000);
    assert.equal(isAsked(), true, "it answered in between");
  });

  it("counts failures of calls that were under way together once", () => {
    const { routes, clock } = routesOf("spread", 2);

    for (let call = 0; call < 10; call += 1) routes.failed("b");
    clock.advance(1_000);

    assert.ok(["", "", ""].map(() => routes.choose("read")).includes("b"));
  });

  it("sends what changes something to the leader, and reads where they were", () => {
    const { routes } = routesOf();

    routes.leader = "c";

    assert.equal(routes.choose("write"), "c");
    assert.equal(routes.choose("read"), "a");
  });

  it("forgets a leader that fails", () => {
    const { routes, clock } = routesOf();
    routes.leader = "c";

    routes.failed("c");
    clock.advance(60_000);

    assert.equal(routes.leader, undefined);
    assert.equal(routes.choose("write"), "a");
  });

  it("does not send a write to a leader that failed a moment ago, whoever says that it leads", () => {
    const { routes, clock } = routesOf();

    routes.failed("c");
    routes.leader = "c";

    assert.equal(routes.choose("write"), "a");
    clock.advance(1_000);
    assert.equal(routes.choose("write"), "c");
  });
});
