import assert from "node:assert/strict";
import { beforeEach, describe, it } from "mocha";
import type { OperationCall } from "../../src/services/operation-call.ts";
import { openPosition, sealPosition } from "../../src/services/page-token.ts";
import { assertRefused, callerOf, serviceNode, type ServiceNode } from "./service-node.ts";

let node: ServiceNode;
let call: OperationCall;
beforeEach(async () => {
  node = await serviceNode();
  const keyring = node.keys.keyring();
  assert.ok(keyring);
  call = { parts: node.parts, caller: callerOf(node.clock), keyring };
});

describe("sealPosition and openPosition", () => {
  const listing = { operation: "ListSecrets", query: ["same"] } as const;

  it("give the position back, and nothing for the first page", () => {
    const token = sealPosition(call, listing, { order: 17 });

    assert.deepEqual(openPosition(call, listing, token), { order: 17 });
    assert.equal(openPosition(call, listing, undefined), undefined);
  });

  it("tell operations apart, though their queries are alike", async () => {
    const token = sealPosition(call, listing, { order: 17 });

    const other = { ...listing, operation: "ListSecretVersionIds" } as const;

    await assertRefused(
      Promise.resolve().then(() => openPosition(call, other, token)),
      "invalid_next_token",
    );
  });

  it("stay far below the longest token there may be, for the longest name", () => {
    const query = {
      filters: Array(10).fill({ key: "name", values: Array(10).fill("x".repeat(512)) }),
    };

    const token = sealPosition(
      call,
      { ...listing, query },
      { sortedBy: "n".repeat(512), order: 1 },
    );

    assert.ok(token.length < 2_048);
  });
});
