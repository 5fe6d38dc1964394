import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { refuseCall } from "../../src/base/errors.ts";
import { createKeyring } from "../../src/crypto/open-keyring.ts";
import type { SecretKey } from "../../src/crypto/secret-key.ts";
import { KeyService } from "../../src/services/key-service.ts";
import { numberedEntropy } from "../support/numbered-entropy.ts";
import { SetClock } from "../support/set-clock.ts";
import { SoloRaftGroup } from "../support/solo-raft-group.ts";
import { home, unsealKeyOf } from "./service-node.ts";

describe("KeyService", () => {
  it("on a leader gives a region its keys, and opens them", async () => {
    const { group, keys } = service();

    await keys.poll();

    assert.deepEqual(keys.status(), { kind: "open" });
    assert.equal(keys.keyring()?.defaultKeyId, group.view.keyring()?.defaultKey.keyId);
    assert.deepEqual(
      group.proposed.map(({ kind }) => kind),
      ["initialize_keys"],
    );
  });

  it("proposes once, however often it is polled meanwhile and afterwards", async () => {
    const { group, keys } = service();
    const propose = group.propose.bind(group);
    let proposals = 0;
    group.propose = async (command) => {
      proposals += 1;
      await Promise.resolve();
      return propose(command);
    };

    await Promise.all([keys.poll(), keys.poll()]);
    await keys.poll();

    assert.equal(proposals, 1);
  });

  it("on a follower waits, and opens what the leader made", async () => {
    const leader = service();
    const follower = service({ peer: leader.group });
    follower.group.follow();

    await follower.keys.poll();
    const before = follower.keys.status();
    await leader.keys.poll();
    await follower.keys.poll();

    assert.deepEqual(before, { kind: "locked", reason: "the region has no keys yet" });
    assert.deepEqual(follower.keys.status(), { kind: "open" });
    assert.deepEqual(follower.group.proposed, []);
  });

  it("takes the keys that were there first, when another leader was faster", async () => {
    const { group, keys } = service();
    const first = createKeyring({
      ...home,
      unsealKey: unsealKeyOf(9),
      now: new SetClock().now(),
      entropy: numberedEntropy("faster"),
    });
    group.beforeNextApply(() => {
      group.view.absorb([{ row: "keyring", record: first }]);
    });

    await keys.poll();

    assert.equal(keys.keyring()?.defaultKeyId, first.defaultKey.keyId);
  });

  it("tries again after a proposal that was refused or lost", async () => {
    const { group, keys } = service();
    const propose = group.propose.bind(group);
    for (const error of [
      refuseCall("no_leader", {}),
      refuseCall("outcome_unknown", { reason: "timed_out" }),
    ]) {
      group.propose = () => Promise.reject(error);
      await keys.poll();
      assert.equal(keys.status().kind, "locked");
    }
    group.propose = propose;

    await keys.poll();

    assert.deepEqual(keys.status(), { kind: "open" });
  });

  it("throws what is no refusal", async () => {
    const { group, keys } = service();
    group.propose = () => Promise.reject(new Error("the disk is gone"));

    await assert.rejects(keys.poll(), /the disk is gone/);
  });

  it("without an unseal key stays locked, and proposes nothing", async () => {
    const { group, keys } = service({ unsealKey: undefined });

    await keys.poll();

    assert.deepEqual(keys.status(), { kind: "locked", reason: "it was given no unseal key" });
    assert.equal(keys.keyring(), undefined);
    assert.deepEqual(group.proposed, []);
  });

  it("with a wrong unseal key stays locked, and says so", async () => {
    const leader = service();
    await leader.keys.poll();
    const wrong = service({ peer: leader.group, unsealKey: unsealKeyOf(8) });

    await wrong.keys.poll();
    await wrong.keys.poll();

    assert.deepEqual(wrong.keys.status(), {
      kind: "locked",
      reason: "its unseal key is not the one that the region's keys were sealed with",
    });
    assert.deepEqual(wrong.group.proposed, []);
  });

  it("tries a keyring that does not open once, not at every poll", async () => {
    const leader = service();
    await leader.keys.poll();
    const record = leader.group.view.keyring();
    assert.ok(record);
    let looks = 0;
    const watched = {
      ...record,
      get unsealCommitment() {
        looks += 1;
        return record.unsealCommitment;
      },
    };
    leader.group.view.absorb([{ row: "keyring", record: watched }]);
    const wrong = service({ peer: leader.group, unsealKey: unsealKeyOf(8) });

    await wrong.keys.poll();
    const looksOnce = looks;
    await wrong.keys.poll();

    assert.ok(looksOnce > 0);
    assert.equal(looks, looksOnce);
  });

  it("tells damage from a wrong key", async () => {
    const leader = service();
    await leader.keys.poll();
    const record = leader.group.view.keyring();
    assert.ok(record);
    const damaged = { ...record, sealedRootKey: record.sealedFingerprintKey };
    leader.group.view.absorb([{ row: "keyring", record: damaged }]);
    const late = service({ peer: leader.group });

    await late.keys.poll();

    const status = late.keys.status();
    assert.ok(status.kind === "locked");
    assert.match(status.reason, /they are damaged/);
  });

  it("wipes the keyring when it is disposed of, and opens nothing after", async () => {
    const { keys } = service();
    await keys.poll();
    const ring = keys.keyring();

    keys[Symbol.dispose]();
    await keys.poll();

    assert.equal(keys.keyring(), undefined);
    assert.deepEqual(keys.status(), { kind: "locked", reason: "it is shutting down" });
    assert.throws(() => ring?.sealPageToken(Uint8Array.of(1)), /a wiped key is not used/);
  });
});

interface Choices {
  readonly peer?: SoloRaftGroup;
  readonly unsealKey?: SecretKey | undefined;
}

function service(choices: Choices = {}) {
  const clock = new SetClock();
  const group = new SoloRaftGroup(clock, choices.peer?.view);
  const unsealKey = "unsealKey" in choices ? choices.unsealKey : unsealKeyOf(9);
  const entropy = numberedEntropy("key service");
  return { group, keys: new KeyService({ group, home, unsealKey, clock, entropy }) };
}
