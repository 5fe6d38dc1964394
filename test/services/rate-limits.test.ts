import assert from "node:assert/strict";
import { beforeEach, describe, it } from "mocha";
import { administrator, assertRefused, callerOf, serviceNode, token } from "./service-node.ts";
import { Dispatcher } from "../../src/services/dispatcher.ts";
import { secretHandlers } from "../../src/services/secret-service.ts";
import type { OperationName } from "../../src/services/operations/operations.ts";
import {
  defaultRequestRates,
  rateGroupOf,
  RateLimits,
  type RequestRates,
} from "../../src/services/rate-limits.ts";
import { SetClock } from "../support/set-clock.ts";

const me = administrator.arn;

/** AWS: User Guide, "Secrets Manager quotas". Operations of one row share what it says. */
const quotasOfAws: readonly (readonly [perSecond: number, ...operations: OperationName[]])[] = [
  [10_000, "GetSecretValue"],
  [40_000, "DescribeSecret"],
  [100, "BatchGetSecretValue"],
  [100, "ListSecrets"],
  [50, "ListSecretVersionIds"],
  [50, "GetRandomPassword"],
  [50, "CreateSecret"],
  [50, "DeleteSecret"],
  [50, "RestoreSecret"],
  [
    50,
    "PutSecretValue",
    "RemoveRegionsFromReplication",
    "ReplicateSecretToRegions",
    "StopReplicationToReplica",
    "UpdateSecret",
    "UpdateSecretVersionStage",
  ],
  [50, "RotateSecret", "CancelRotateSecret"],
  [50, "TagResource", "UntagResource"],
  [50, "PutResourcePolicy", "GetResourcePolicy", "DeleteResourcePolicy", "ValidateResourcePolicy"],
];

describe("RateLimits", () => {
  let clock: SetClock;
  let limits: RateLimits;
  beforeEach(() => {
    clock = new SetClock();
    limits = new RateLimits({ clock, perSecond: defaultRequestRates });
  });

  for (const [perSecond, ...operations] of quotasOfAws) {
    it(`lets ${perSecond} of ${operations.join(", ")} through in a second, together`, () => {
      const asked = Array.from({ length: perSecond + 7 }, (_, at) =>
        limits.admit(me, operations[at % operations.length] ?? "GetSecretValue"),
      );

      assert.equal(asked.filter((refusal) => refusal === undefined).length, perSecond);
      assert.deepEqual(asked.at(-1), { code: "rate_exceeded", facts: {} });
      clock.advance(1_000);
      const [first] = operations;
      assert.equal(first && limits.admit(me, first), undefined);
    });
  }

  it("has a row of AWS for every operation of Secrets Manager", () => {
    const ours = Object.entries(rateGroupOf).filter(([, group]) => group !== "cluster");

    assert.deepEqual(
      new Set(quotasOfAws.flatMap(([, ...operations]) => operations)),
      new Set(ours.map(([operation]) => operation)),
    );
    const groups = quotasOfAws.map(
      ([, ...operations]) => new Set(operations.map((operation) => rateGroupOf[operation])),
    );
    assert.ok(groups.every((group) => group.size === 1));
    assert.equal(new Set(groups.flatMap((group) => [...group])).size, quotasOfAws.length);
  });

  it("counts every principal and every quota by itself", () => {
    const strict = new RateLimits({ clock, perSecond: onePerSecond() });

    assert.equal(strict.admit(me, "CreateSecret"), undefined);
    assert.equal(strict.admit(me, "CreateSecret")?.code, "rate_exceeded");
    assert.equal(strict.admit(me, "DeleteSecret"), undefined);
    assert.equal(strict.admit(`${me}2`, "CreateSecret"), undefined);
  });
});

describe("Dispatcher.call, too often", () => {
  it("refuses before it looks at the request, and wipes the value", async () => {
    const node = await serviceNode();
    const rates = new RateLimits({ clock: node.clock, perSecond: onePerSecond() });
    const dispatcher = new Dispatcher(node.parts, secretHandlers, rates);
    const call = (secretBinary: Uint8Array, name?: string) =>
      dispatcher.call("CreateSecret", callerOf(node.clock), {
        name,
        secretBinary,
        clientRequestToken: token(1),
      });
    await call(Uint8Array.of(1, 2, 3), "db");
    const value = Uint8Array.of(1, 2, 3);

    await assertRefused(call(value), "rate_exceeded");

    assert.deepEqual(value, new Uint8Array(3));
    node.clock.advance(1_000);
    await assertRefused(call(value), "validation_failed");
  });

  it("counts on the node that is asked, and not again on the leader", async () => {
    const leader = await serviceNode();
    const follower = await serviceNode({ peer: leader, seed: "follower" });
    const perSecond = onePerSecond();
    const atLeader = new Dispatcher(
      leader.parts,
      secretHandlers,
      new RateLimits({ clock: leader.clock, perSecond }),
    );
    follower.group.follow((request) => atLeader.serveHandedOver(request));
    const draft = (name: string) => ({ name, clientRequestToken: token(1) });
    await atLeader.call("CreateSecret", callerOf(leader.clock), draft("one"));

    await follower.call("CreateSecret", draft("two"));

    const again = atLeader.call("CreateSecret", callerOf(leader.clock), draft("three"));
    await assertRefused(again, "rate_exceeded");
  });
});

function onePerSecond(): RequestRates {
  const groups = Object.keys(defaultRequestRates);
  return Object.fromEntries(groups.map((group) => [group, 1])) as unknown as RequestRates;
}
