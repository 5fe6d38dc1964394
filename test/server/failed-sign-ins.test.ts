import assert from "node:assert/strict";
import { beforeEach, describe, it } from "mocha";
import { refuseCall } from "../../src/base/errors.ts";
import { FailedSignIns } from "../../src/server/failed-sign-ins.ts";
import { SetClock } from "../support/set-clock.ts";

const refused = refuseCall("unrecognized_client", {});
const settings = { perMinute: 10, delayMs: 1_000, waiting: 32 };

let clock: SetClock;
/** What was asked to wait, and how to let it go on. */
let waits: { readonly ms: number; readonly end: () => void }[];
let signIns: FailedSignIns;
beforeEach(() => {
  clock = new SetClock();
  waits = [];
  signIns = new FailedSignIns({
    clock,
    settings,
    pause: (ms) =>
      new Promise<void>((end) => {
        waits.push({ ms, end });
      }),
  });
});

const fail = (address: string, accessKeyId?: string) =>
  signIns.hold({ address, accessKeyId, refused });

describe("FailedSignIns", () => {
  it("answers ten a minute of one address at once, and lets the next wait", async () => {
    for (let at = 0; at < 10; at += 1) assert.equal(await fail("192.0.2.1"), refused);
    assert.equal(waits.length, 0);

    const eleventh = fail("192.0.2.1");

    assert.deepEqual(
      waits.map(({ ms }) => ms),
      [1_000],
    );
    for (const { end } of waits) end();
    assert.equal(await eleventh, refused);
    clock.advance(6_000);
    assert.equal(await fail("192.0.2.1"), refused);
    assert.equal(waits.length, 1);
  });

  it("counts an access key whatever address it is tried from", async () => {
    for (let at = 0; at < 10; at += 1) await fail(`192.0.2.${at}`, "HFKAAAAAAAAAAAAAAAAA");

    void fail("192.0.2.99", "HFKAAAAAAAAAAAAAAAAA");
    await fail("192.0.2.98", "HFKABBBBBBBBBBBBBBBB");

    assert.equal(waits.length, 1);
  });

  it("counts all spellings of one address, and all addresses of one network, as one", async () => {
    for (let at = 0; at < 5; at += 1) {
      await fail("192.0.2.1");
      await fail("::ffff:192.0.2.1");
      await fail(`2001:db8:1:2::${at}`);
      await fail(`2001:db8:1:2:${at}::`);
    }

    void fail("192.0.2.1");
    void fail("2001:db8:1:2:ffff::1");

    assert.equal(waits.length, 2);
  });

  it("lets no network take more than an eighth of the places to wait in", async () => {
    for (let at = 0; at < 10; at += 1) await fail("192.0.2.1");
    for (let at = 0; at < 4; at += 1) void fail("192.0.2.1");

    const fifth = await fail("192.0.2.1");

    assert.equal(fifth.refusal.code, "rate_exceeded");
    assert.equal(waits.length, 4);
    waits[0]?.end();
    await Promise.resolve();
    await Promise.resolve();
    void fail("192.0.2.1");
    assert.equal(waits.length, 5);
  });

  it("lets so many wait in all, and turns the next away at once", async () => {
    for (let network = 0; network < 9; network += 1) {
      for (let at = 0; at < 10; at += 1) await fail(`192.0.2.${network}`);
    }
    for (let network = 0; network < 8; network += 1) {
      for (let at = 0; at < 4; at += 1) void fail(`192.0.2.${network}`);
    }
    assert.equal(waits.length, 32);

    const oneTooMany = await fail("192.0.2.8");

    assert.equal(oneTooMany.refusal.code, "rate_exceeded");
  });
});
