import { describe, it } from "mocha";
import assert from "node:assert/strict";
import { assertRefused, callerOf, serviceNode, token, withSecret } from "./service-node.ts";

describe("a caller who waits no more", () => {
  const endings: [why: string, end: (hangUp: AbortController, advance: () => void) => void][] = [
    [
      "has hung up",
      (hangUp) => {
        hangUp.abort();
      },
    ],
    [
      "is past its deadline",
      (_hangUp, advance) => {
        advance();
      },
    ],
  ];
  for (const [why, end] of endings) {
    it(`${why}: nothing is proposed on its behalf, and nothing was`, async () => {
      const node = await serviceNode();
      await withSecret(node);
      const hangUp = new AbortController();
      const caller = { ...callerOf(node.clock), signal: hangUp.signal };
      const proposed = node.group.proposed.length;

      const written = node.dispatcher.call("PutSecretValue", caller, {
        secretId: "db",
        clientRequestToken: token(2),
        secretString: "new",
      });
      // It waits behind its read barrier.
      end(hangUp, () => {
        node.clock.advance(60_000);
      });

      await assertRefused(written, "timed_out");
      assert.equal(node.group.proposed.length, proposed);
      const { versionId } = await node.call("GetSecretValue", { secretId: "db" });
      assert.equal(versionId, token(1));
    });
  }
});
