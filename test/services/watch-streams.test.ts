import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { logIndex } from "../../src/base/ids.ts";
import type { QueryView } from "../../src/machine/state-view.ts";
import type { WatchParts } from "../../src/services/watch-secrets.ts";
import { administrator, assertRefused, stranger } from "./service-node.ts";
import { deny, heartbeatMs, turns, WatchedNode } from "./watched-node.ts";

describe("the streams of a WatchService", () => {
  it("refuses a position from which on not all is kept, and tells a stream that comes to it", async () => {
    let floor = 0;
    const node = await WatchedNode.start({
      group: (group) => ({
        ...passedOn(group),
        get view() {
          return keepingFrom(group.view, () => floor);
        },
      }),
    });
    const watching = node.watch();
    const { position } = await watching.beat();
    await node.create("db", 1);
    await watching.events(1);

    floor = node.node.group.proposed.length + 1;
    // Before it is told anything.
    await assertRefused(node.watch({ position }).stream.next().then(nothing), "position_too_old");
    const refused = assertRefused(watching.events(1), "position_too_old");
    await node.create("web", 2);

    await refused;
  });

  it("tells nothing to whoever may not list, and nothing of what they may not describe", async () => {
    const node = await WatchedNode.start({
      authorize: (principal, action, resource) => {
        if (principal === stranger) return deny(principal, action);
        const isHidden = action.endsWith("DescribeSecret") && resource?.named === "hidden";
        return isHidden ? deny(principal, action, "hidden") : undefined;
      },
    });
    await assertRefused(
      node.watch({}, { principal: stranger }).stream.next().then(nothing),
      "access_denied",
    );

    const watching = node.watch();
    const { position } = await watching.beat();
    await node.create("hidden", 1);
    await node.create("seen", 2);

    const late = node.watch({ position });
    await late.beat();
    for (const stream of [watching, late]) {
      const { events } = await stream.untilBeat();
      assert.deepEqual(
        events.map(({ name }) => name),
        ["seen"],
      );
      await stream.end();
    }
  });

  it("asks again what the caller may, as long as the stream lives", async () => {
    const denied = new Set<string>();
    const node = await WatchedNode.start({
      authorize: (principal, action) => (denied.has(action) ? deny(principal, action) : undefined),
    });
    const watching = node.watch();
    await watching.beat();
    await node.create("first", 1);
    await watching.events(1);

    denied.add("secretsmanager:DescribeSecret");
    await node.create("second", 2);
    assert.deepEqual((await watching.untilBeat()).events, []);
    denied.add("secretsmanager:ListSecrets");

    await assertRefused(watching.untilBeat(), "access_denied");
  });

  it("cuts a watcher that takes its events too slowly, and lets it go on where it was", async () => {
    const node = await WatchedNode.start({ limits: { queueBytes: 4_096 } });
    const slow = node.watch();
    const { position: start } = await slow.beat();
    await node.create("db/0", 1);
    const [taken] = await slow.events(1);
    for (let number = 1; number <= 40; number += 1) await node.create(`db/${number}`, number + 1);
    await turns();

    await assertRefused(slow.events(41), "watcher_too_slow", { limitBytes: 4_096 });

    const again = node.watch({ position: taken?.position ?? start });
    await again.beat();
    const names = (await again.events(40)).map(({ name }) => name);
    assert.deepEqual(
      names,
      Array.from({ length: 40 }, (_, at) => `db/${at + 1}`),
    );
    await again.end();
  });

  it("says how stale it is: not at all behind a quorum, and more and more without one", async () => {
    const node = await WatchedNode.start();
    const watching = node.watch();
    await watching.beat();
    const before = node.node.group.barriers;

    const { heartbeat: fresh } = await watching.untilBeat();
    node.node.group.follow();
    const { heartbeat: old } = await watching.untilBeat();
    const { heartbeat: older } = await watching.untilBeat();
    node.node.group.lead();
    const { heartbeat: freshAgain } = await watching.untilBeat();

    const beats = [fresh, old, older, freshAgain];
    assert.deepEqual(
      beats.map(({ staleMs }) => staleMs),
      [0, heartbeatMs, 2 * heartbeatMs, 0],
    );
    assert.equal(node.node.group.barriers, before + 4);
    await watching.end();
  });

  it("does not call itself fresh before it has told what a quorum knows", async () => {
    let shown = 0;
    const node = await WatchedNode.start({
      group: (group) => ({
        ...passedOn(group),
        get view() {
          return showingUpTo(group.view, () => shown);
        },
      }),
    });
    shown = node.node.group.proposed.length;
    const watching = node.watch();
    await watching.beat();
    await node.create("db", 1);

    // The node has applied the change, and its events come a moment later.
    const next = watching.next();
    await turns();
    node.pass();
    await turns();
    shown = node.node.group.proposed.length;
    await node.create("web", 2);

    // Once, although it was on two pages.
    assert.equal((await next).event?.name, "db");
    assert.equal((await watching.next()).heartbeat?.staleMs, 0);
    await watching.end();
  });

  it("asks a quorum once for all who watch, and not at all when nobody does", async () => {
    const node = await WatchedNode.start();
    const watches = [node.watch(), node.watch(), node.watch()];
    for (const watching of watches) await watching.beat();
    const begun = node.node.group.barriers;
    const beats = watches.map((watching) => watching.next());
    await turns();
    node.pass();
    await Promise.all(beats);
    assert.equal(node.node.group.barriers, begun + 1);

    for (const watching of watches) await watching.end();

    assert.equal(node.timers, 0);
    const later = node.watch();
    await later.untilBeat();
    assert.equal(node.timers, 1);
    await later.end();
  });

  it("serves no more streams than it may, and another when one has ended", async () => {
    const node = await WatchedNode.start({ limits: { streams: 3, streamsPerPrincipal: 2 } });
    const other = { ...administrator, arn: "arn:aws:iam::000000000000:user/other" };
    const first = node.watch();
    const second = node.watch();
    const third = node.watch({}, { principal: other });
    for (const watching of [first, second]) await watching.beat();

    const own = { limit: 2, per: "principal" } as const;
    await assertRefused(node.watch().stream.next().then(nothing), "too_many_watches", own);
    await third.beat();
    const all = { limit: 3, per: "node" } as const;
    await assertRefused(node.watch().stream.next().then(nothing), "too_many_watches", all);
    await first.end();

    const again = node.watch();
    await again.beat();
    for (const watching of [second, third, again]) await watching.end();
  });

  it("ends when the caller hangs up, wherever it is, and leaves nothing behind", async () => {
    const node = await WatchedNode.start({ limits: { streams: 1 } });
    for (const whileWaiting of ["for the first event", "before it was asked for more"]) {
      const hangUp = new AbortController();
      const watching = node.watch({}, { signal: hangUp.signal });
      await watching.beat();
      const waiting = whileWaiting === "for the first event" ? watching.stream.next() : undefined;

      hangUp.abort();

      const { done } = await (waiting ?? watching.stream.next());
      assert.equal(done, true, whileWaiting);
      assert.equal(node.timers, 0);
    }
  });

  it("ends all streams when the node stops, and begins none", async () => {
    const node = await WatchedNode.start();
    const watching = node.watch();
    await watching.beat();
    const ended = assertRefused(watching.next(), "watch_ended");

    node.service.close();

    await ended;
    await assertRefused(node.watch().stream.next().then(nothing), "watch_ended");
    assert.equal(node.timers, 0);
  });

  it("stops the node when the state cannot be read", async () => {
    const cause = new Error("the disk is on fire");
    let isBroken = false;
    const node = await WatchedNode.start({
      group: (group) => ({
        ...passedOn(group),
        get view() {
          return isBroken ? broken(group.view, cause) : group.view;
        },
      }),
    });
    const watching = node.watch();
    await watching.beat();
    await node.create("db", 1);
    await watching.events(1);
    const ended = assertRefused(watching.next(), "watch_ended");

    isBroken = true;
    await node.create("web", 2);

    await ended;
    await assert.rejects(node.watch({ position: "us-east-1:cluster-1:0" }).events(1), cause);
    assert.deepEqual(node.broken, [cause, cause]);
  });

  it("tells a thousand watchers of everything, each once and in order", async () => {
    const node = await WatchedNode.start();
    const watches = Array.from({ length: 1_000 }, () => node.watch());
    for (const watching of watches) await watching.beat();

    const told = watches.map((watching) => watching.events(20));
    for (let number = 1; number <= 20; number += 1) await node.create(`db/${number}`, number);

    const names = Array.from({ length: 20 }, (_, at) => `db/${at + 1}`);
    for (const events of await Promise.all(told)) {
      assert.deepEqual(
        events.map(({ name }) => name),
        names,
      );
    }
    await Promise.all(watches.map((watching) => watching.end()));
    assert.equal(node.timers, 0);
  });
});

type Group = WatchParts["group"];

function passedOn(group: Group): Omit<Group, "view"> {
  return {
    readBarrier: (options) => group.readBarrier(options),
    onApplied: (listener) => group.onApplied(listener),
  };
}

function keepingFrom(view: QueryView, floor: () => number): QueryView {
  return overEvents(view, (after, limit) =>
    after < floor() ? Promise.resolve("too_old") : view.eventsAfter(after, limit),
  );
}

function showingUpTo(view: QueryView, last: () => number): QueryView {
  return overEvents(view, async (after, limit) => {
    const page = await view.eventsAfter(after, limit);
    if (page === "too_old" || page.through <= last()) return page;
    // What it says it has told of is all that counts.
    return { events: page.events, through: logIndex(Math.max(after, last())) };
  });
}

function broken(view: QueryView, cause: Error): QueryView {
  return overEvents(view, () => Promise.reject(cause));
}

function overEvents(view: QueryView, eventsAfter: QueryView["eventsAfter"]): QueryView {
  // The rest of a view is not asked by a watch.
  return Object.assign(Object.create(view) as QueryView, { eventsAfter });
}

function nothing(): undefined {
  return undefined;
}
