import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { createNamed, RunningRegion, soon } from "./running-region.ts";

describe("RaftNode.resign", () => {
  it("hands the lead to another node, which leads at once and has lost nothing", async () => {
    await using region = await RunningRegion.start();
    const { id, node } = await region.leader();
    await node.readBarrier(soon());
    const { term } = node.status();

    await node.resign();
    const successor = await region.leader();

    assert.notEqual(successor.id, id);
    assert.equal(successor.node.status().term, term + 1);
    await successor.node.readBarrier(soon());
    assert.deepEqual(region.fatal, []);
  });

  it("leaves no proposal without an answer, and loses none that was acknowledged", async () => {
    await using region = await RunningRegion.start();
    const { id, node } = await region.leader();
    await node.readBarrier(soon());
    const made: Promise<{ readonly name: string; readonly isDone: boolean }>[] = [];
    const write = (count: number): void => {
      for (let place = 0; place < count; place += 1) {
        const name = `secret-${String(made.length)}`;
        made.push(
          node.propose(createNamed(name), soon()).then(
            ({ ok }) => ({ name, isDone: ok }),
            () => ({ name, isDone: false }),
          ),
        );
      }
    };

    write(100);
    // They are in the log when the leader is asked to hand over, and not yet answered.
    await new Promise((resolve) => setImmediate(resolve));
    const resigning = node.resign();
    write(50);
    await resigning;
    write(50);
    const answers = await Promise.all(made);
    const successor = await region.leader();
    await successor.node.readBarrier(soon());

    assert.notEqual(successor.id, id);
    assert.equal(answers.length, 200);
    const done = answers.filter(({ isDone }) => isDone);
    assert.ok(done.length >= 100);
    for (const { name } of done) assert.ok(successor.node.view.secret(name), name);
    assert.equal(successor.node.view.counters().secretCount, done.length);
    assert.equal(node.leadership().kind, "follower");
    assert.deepEqual(region.fatal, []);
  });

  it("is nothing for a node that does not lead", async () => {
    await using region = await RunningRegion.start();
    const { id } = await region.leader();
    const follower = [...region.running].find(([other]) => other !== id)?.[1];
    assert.ok(follower);

    await follower.resign();

    assert.equal((await region.leader()).id, id);
  });
});
