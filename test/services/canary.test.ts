import assert from "node:assert/strict";
import { inspect } from "node:util";
import { describe, it } from "mocha";
import { utf8 } from "../../src/base/bytes.ts";
import type { DraftOf, OperationName } from "../../src/services/operations/operations.ts";
import { serviceNode, stranger, token, type ServiceNode } from "./service-node.ts";

const canary = "canary-7c1f0b9e";

type Attempt = (node: ServiceNode) => Promise<unknown>;

function attempt<Name extends OperationName>(operation: Name, draft: () => DraftOf<Name>): Attempt {
  return (node) => node.call(operation, draft());
}

const asText = { secretString: canary };
const asBytes = () => ({ secretBinary: Uint8Array.from(utf8(canary)) });
const db = { secretId: "db" };

/** Writes that succeed, in this order. */
const writes: Record<string, Attempt> = {
  "a new secret": attempt("CreateSecret", () => ({
    name: "db",
    clientRequestToken: token(1),
    ...asText,
  })),
  "a new secret of bytes": attempt("CreateSecret", () => ({
    name: "bytes",
    clientRequestToken: token(1),
    ...asBytes(),
  })),
  "a retry": attempt("CreateSecret", () => ({
    name: "db",
    clientRequestToken: token(1),
    ...asText,
  })),
  "a new version": attempt("PutSecretValue", () => ({
    ...db,
    clientRequestToken: token(2),
    ...asBytes(),
  })),
  "an update": attempt("UpdateSecret", () => ({ ...db, clientRequestToken: token(3), ...asText })),
};

/** Calls that are refused after the writes, each at another point of its way. */
const refusals: Record<string, Attempt> = {
  "too long a value": attempt("PutSecretValue", () => ({
    ...db,
    clientRequestToken: token(4),
    secretString: canary.repeat(5_000),
  })),
  "too short a token": attempt("PutSecretValue", () => ({
    ...db,
    clientRequestToken: "short",
    ...asText,
  })),
  "no token": attempt("PutSecretValue", () => ({ ...db, ...asText })),
  "a bad name": attempt("CreateSecret", () => ({
    name: "a b",
    clientRequestToken: token(4),
    ...asText,
  })),
  "two values": attempt("PutSecretValue", () => ({
    ...db,
    clientRequestToken: token(4),
    ...asText,
    ...asBytes(),
  })),
  "nobody's call": (node) =>
    node.call("PutSecretValue", { ...db, clientRequestToken: token(4), ...asText }, stranger),
  "a secret that is not there": attempt("PutSecretValue", () => ({
    secretId: "absent",
    clientRequestToken: token(4),
    ...asText,
  })),
  "a token in use": attempt("PutSecretValue", () => ({
    ...db,
    clientRequestToken: token(1),
    secretString: `${canary}!`,
  })),
  "a key that is not there": attempt("CreateSecret", () => ({
    name: "other",
    clientRequestToken: token(4),
    kmsKeyId: "other",
    ...asText,
  })),
};

describe("a value in the clear", () => {
  it("is in no command, in no record, and in no row", async () => {
    const node = await serviceNode();

    for (const write of Object.values(writes)) await write(node);

    assert.equal(node.group.proposed.length, 1 + Object.keys(writes).length);
    assert.ok(!isIn(node.group.proposed));
    assert.ok(!isIn(node.group.view.contents()));
  });

  it("is found where it is, by the search these tests rely on", () => {
    const encoded = Buffer.from(canary).toString("base64");

    assert.ok(isIn({ a: [{ b: new Map([["k", utf8(`x${canary}y`)]]) }] }));
    assert.ok(isIn(new Set([canary])));
    assert.ok(isIn([{ [canary]: 1 }]));
    assert.ok(isIn(encoded));
    assert.ok(!isIn({ a: "canary" }));
  });

  for (const [name, refused] of Object.entries(refusals)) {
    it(`is in no error and in no command of ${name}`, async () => {
      const node = await serviceNode();
      for (const write of Object.values(writes)) await write(node);

      const error: unknown = await refused(node).then(
        () => assert.fail("it was not refused"),
        (thrown: unknown) => thrown,
      );

      assert.ok(error instanceof Error);
      const printed = inspect(error, { depth: Infinity, showHidden: true });
      assert.ok(!isIn([printed, error.message, error.stack, JSON.stringify(error)]));
      assert.ok(!isIn(node.group.proposed));
    });
  }

  it("is in no error of a follower, and no key or value is in the parts when printed", async () => {
    const leader = await serviceNode();
    const follower = await serviceNode({ peer: leader, seed: "follower" });
    follower.group.follow((request) => leader.dispatcher.serveHandedOver(request));
    for (const write of Object.values(writes)) await write(follower);

    for (const refused of Object.values(refusals)) {
      const error: unknown = await refused(follower).catch((thrown: unknown) => thrown);
      assert.ok(error instanceof Error);
      assert.ok(!isIn(inspect(error, { depth: Infinity, showHidden: true })));
    }
    assert.ok(!isIn(leader.group.proposed));
    assert.ok(!isIn(inspect(leader, { depth: Infinity, showHidden: true })));
  });
});

/** Looks at every string and all bytes that can be reached, also as base64 and hexadecimal. */
function isIn(whole: unknown): boolean {
  const needles = [canary, Buffer.from(canary).toString("hex"), base64Core(canary)];
  const seen = new Set<unknown>();
  const holds = (part: unknown): boolean => {
    if (typeof part === "string") return needles.some((needle) => part.includes(needle));
    if (part instanceof Uint8Array) return Buffer.from(part).includes(canary);
    if (typeof part !== "object" || part === null || seen.has(part)) return false;
    seen.add(part);
    if (part instanceof Map) return [...part].flat().some(holds);
    if (part instanceof Set) return [...part].some(holds);
    return Object.entries(part).flat().some(holds);
  };
  return holds(whole);
}

/** Without the last characters, which depend on what follows. */
function base64Core(text: string): string {
  return Buffer.from(text).toString("base64").slice(0, -4);
}
