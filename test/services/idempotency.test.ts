// Calls that are sent again: to the node that took them, to another one, and to one that leads by
// now. What a call that is sent again may mean is decided where it is applied.
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { asSent, retriedCalls, versionsIn, type Ask } from "./retried-calls.ts";
import { assertRefused, serviceNode, token, type ServiceNode } from "./service-node.ts";

/** Where a call goes first, and where it goes again. */
interface Route {
  readonly first: Ask;
  readonly again: Ask;
  /** What happens in between. */
  readonly meanwhile: () => void;
}

const askOf =
  (node: ServiceNode): Ask =>
  (operation, draft) =>
    node.call(operation, draft);
const handsTo = (node: ServiceNode, leader: ServiceNode) => {
  node.group.follow((request) => leader.dispatcher.serveHandedOver(request));
};

async function pair(): Promise<readonly [leader: ServiceNode, follower: ServiceNode]> {
  const leader = await serviceNode();
  const follower = await serviceNode({ peer: leader, seed: "follower" });
  handsTo(follower, leader);
  return [leader, follower];
}

const routes: Readonly<Record<string, () => Promise<Route>>> = {
  "to the same node": async () => {
    const ask = askOf(await serviceNode());
    return { first: ask, again: ask, meanwhile: () => undefined };
  },
  "to a follower, after the leader took it": async () => {
    const [leader, follower] = await pair();
    return { first: askOf(leader), again: askOf(follower), meanwhile: () => undefined };
  },
  "to the leader, after a follower took it": async () => {
    const [leader, follower] = await pair();
    return { first: askOf(follower), again: askOf(leader), meanwhile: () => undefined };
  },
  "to the same node, which lost the lead to another": async () => {
    const [former, next] = await pair();
    const meanwhile = () => {
      handsTo(former, next);
      next.group.lead();
    };
    return { first: askOf(former), again: askOf(former), meanwhile };
  },
  "to the node that leads by now": async () => {
    const [former, next] = await pair();
    const meanwhile = () => {
      handsTo(former, next);
      next.group.lead();
    };
    return { first: askOf(former), again: askOf(next), meanwhile };
  },
};

for (const [where, routeOf] of Object.entries(routes)) {
  describe(`a call that is sent again ${where}`, () => {
    for (const { name, prepare, send, clashes, versions } of retriedCalls) {
      it(`is answered as the first time: ${name}`, async () => {
        const { first, again, meanwhile } = await routeOf();
        await prepare(first);
        const answer = await send(first);
        const before = await versionsIn(first);
        meanwhile();

        const repeated = await send(again);

        assert.deepEqual(asSent(repeated), asSent(answer));
        for (const clash of clashes) await assertRefused(clash.send(again), clash.code);
        assert.deepEqual(asSent(await versionsIn(again)), asSent(before));
        assert.equal(before.length, versions);
      });
    }
  });
}

describe("a call that is sent again", () => {
  it("changes nothing, not even the date of the last change", async () => {
    const node = await serviceNode();
    const ask = askOf(node);
    for (const { name, prepare, send } of retriedCalls) {
      // A change that makes no version is a change each time.
      if (name.startsWith("UpdateSecret without")) continue;
      await node.call("DeleteSecret", { secretId: "db", forceDeleteWithoutRecovery: true });
      await prepare(ask);
      await send(ask);
      const before = await ask("DescribeSecret", { secretId: "db" });
      node.clock.advance(1_000);

      await send(ask);

      assert.deepEqual(await ask("DescribeSecret", { secretId: "db" }), before, name);
    }
  });

  it("is told the labels its version has by now", async () => {
    const ask = askOf(await serviceNode());
    const put = (number: number) =>
      ask("PutSecretValue", {
        secretId: "db",
        clientRequestToken: token(number),
        secretString: String(number),
      });
    await ask("CreateSecret", { name: "db", clientRequestToken: token(1) });

    assert.deepEqual((await put(2)).versionStages, ["AWSCURRENT"]);
    await put(3);
    assert.deepEqual((await put(2)).versionStages, ["AWSPREVIOUS"]);
    await put(4);
    assert.equal((await put(2)).versionStages, undefined);
  });

  it("names the token and the secret when it clashes", async () => {
    const ask = askOf(await serviceNode());
    const draft = { name: "db", clientRequestToken: token(1), secretString: "first" };
    const { arn = "" } = await ask("CreateSecret", draft);

    const clash = ask("CreateSecret", { ...draft, secretString: "second" });

    await assertRefused(clash, "token_in_use", { token: token(1), arn });
    await assert.rejects(clash, {
      message:
        `You can't use ClientRequestToken ${token(1)} because that value is already in use for a ` +
        `version of secret ${arn}.`,
    });
    await assertRefused(
      ask("CreateSecret", { ...draft, clientRequestToken: token(2) }),
      "secret_exists",
      { name: "db" },
    );
  });

  it("has a token of 32 to 64 characters, or is refused by the model", async () => {
    const ask = askOf(await serviceNode());
    for (const [length, isTaken] of [
      [31, false],
      [32, true],
      [64, true],
      [65, false],
    ] as const) {
      const name = `db-${length}`;
      const call = ask("CreateSecret", { name, clientRequestToken: "t".repeat(length) });
      if (isTaken) assert.equal((await call).name, name);
      else await assertRefused(call, "validation_failed");
    }
  });
});
