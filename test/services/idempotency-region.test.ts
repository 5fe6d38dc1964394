// Calls that are sent again in a region of three real nodes, whose leader goes away in between.
import assert from "node:assert/strict";
import { afterEach, describe, it } from "mocha";
import { systemClock } from "../../src/base/clock.ts";
import { systemEntropy } from "../../src/base/entropy.ts";
import { RefusedError } from "../../src/base/errors.ts";
import type { NodeId } from "../../src/base/ids.ts";
import type { RaftNode } from "../../src/consensus/raft-node.ts";
import { AccessNotes } from "../../src/services/access-notes.ts";
import { authorize } from "../../src/services/authorization.ts";
import { Dispatcher } from "../../src/services/dispatcher.ts";
import { KeyService } from "../../src/services/key-service.ts";
import { secretHandlers } from "../../src/services/secret-service.ts";
import { cluster, region, RunningRegion, soon } from "../consensus/running-region.ts";
import { asSent, retriedCalls, versionsIn, type Ask } from "./retried-calls.ts";
import { administrator, assertRefused, unsealKeyOf } from "./service-node.ts";

const identity = { region, account: "000000000000" };

/** The services of each node of a region, which hand to each other what only a leader may do. */
class ServedRegion {
  /** What the leader does when it has carried out what it was handed, before it answers. */
  beforeAnswer: () => void = () => undefined;

  readonly #region: RunningRegion;
  readonly #dispatchers = new Map<NodeId, Dispatcher>();

  private constructor(region: RunningRegion) {
    this.#region = region;
    region.onHandedOver = async (at, request) => {
      const answer = await this.#at(at).serveHandedOver(request);
      this.beforeAnswer();
      return answer;
    };
  }

  /** The leader first, which makes the region's keys. */
  static async over(region: RunningRegion): Promise<ServedRegion> {
    const served = new ServedRegion(region);
    const { id: leader } = await region.leader();
    await served.#serve(leader);
    for (const node of region.running.keys()) await served.#serve(node);
    return served;
  }

  /** Asks one node. A definite "not now", such as during an election, is asked again. */
  ask(node: NodeId): Ask {
    return async (operation, draft) => {
      const caller = { principal: administrator, requestId: "request-1", ...soon() };
      for (;;) {
        try {
          return await this.#at(node).call(operation, caller, structuredClone(draft));
        } catch (error) {
          if (!(error instanceof RefusedError) || error.refusal.code !== "no_leader") throw error;
          await this.#region.leader();
        }
      }
    };
  }

  #at(node: NodeId): Dispatcher {
    const dispatcher = this.#dispatchers.get(node);
    assert.ok(dispatcher);
    return dispatcher;
  }

  async #serve(id: NodeId): Promise<void> {
    const node = this.#region.running.get(id);
    assert.ok(node);
    const keys = await this.#openedKeys(node);
    const limits = {
      secret: { versions: 100, labels: 20, tags: 50 },
      secretsPerRegion: 1_000,
    };
    const dispatcher = new Dispatcher(
      {
        group: node,
        membership: node.membership,
        keys,
        accessNotes: new AccessNotes(systemClock),
        clock: systemClock,
        entropy: systemEntropy,
        identity,
        limits,
        authorize,
      },
      secretHandlers,
    );
    this.#dispatchers.set(id, dispatcher);
  }

  /** The first leader makes the keys; every other node waits until it has applied them. */
  async #openedKeys(node: RaftNode): Promise<KeyService> {
    const keys = new KeyService({
      group: node,
      home: { clusterId: cluster, region },
      unsealKey: unsealKeyOf(9),
      clock: systemClock,
      entropy: systemEntropy,
    });
    await keys.poll();
    if (keys.keyring() === undefined) {
      await this.#region.until(() => node.view.keyring());
      await keys.poll();
    }
    assert.ok(keys.keyring());
    return keys;
  }
}

describe("a call that is sent again to a region of three", function () {
  this.timeout(60_000);
  let running: RunningRegion;
  afterEach(async () => {
    await running[Symbol.asyncDispose]();
  });

  it("is answered as the first time, whichever node leads by now", async () => {
    running = await RunningRegion.start();
    const served = await ServedRegion.over(running);
    const leader = await running.leader();
    const answers = new Map<string, unknown>();
    const first = served.ask(leader.id);
    for (const [at, { name, prepare, send }] of retriedCalls.entries()) {
      const ask = named(first, `db-${at}`);
      await prepare(ask);
      answers.set(name, asSent(await send(ask)));
    }

    await running.stopNode(leader.id);
    const next = await running.leader();

    assert.notEqual(next.id, leader.id);
    for (const survivor of running.running.keys()) {
      for (const [at, { name, send, clashes, versions }] of retriedCalls.entries()) {
        const again = named(served.ask(survivor), `db-${at}`);
        const answer = asSent(await send(again));
        assert.deepEqual(answer, answers.get(name), `${name} at ${survivor}`);
        for (const clash of clashes) {
          await assert.rejects(
            clash.send(again),
            (error) => error instanceof RefusedError && error.refusal.code === clash.code,
          );
        }
        assert.equal((await versionsIn(again)).length, versions);
      }
    }
  });

  it("finds what was done when the answer was lost with the leader", async () => {
    running = await RunningRegion.start();
    const served = await ServedRegion.over(running);
    const { id: leader } = await running.leader();
    const [follower] = [...running.running.keys()].filter((id) => id !== leader);
    assert.ok(follower);
    served.beforeAnswer = () => {
      throw new Error("the leader stops here");
    };
    const create = { name: "db", clientRequestToken: "t".repeat(32), secretString: "hunter2" };
    const ask = served.ask(follower);

    await assertRefused(ask("CreateSecret", create), "outcome_unknown");
    served.beforeAnswer = () => undefined;
    await running.stopNode(leader);
    await running.leader();
    const again = await ask("CreateSecret", create);

    const { arn } = await ask("DescribeSecret", { secretId: "db" });
    assert.deepEqual(again, { arn, name: "db", versionId: create.clientRequestToken });
    assert.equal((await versionsIn(ask)).length, 1);
  });
});

/** The same calls on a secret of another name. */
function named(ask: Ask, name: string): Ask {
  return (operation, draft) =>
    ask(operation, {
      ...draft,
      ...("name" in draft ? { name } : {}),
      ...("secretId" in draft ? { secretId: name } : {}),
    });
}
