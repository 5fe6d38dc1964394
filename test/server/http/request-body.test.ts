import assert from "node:assert/strict";
import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { describe, it } from "mocha";
import { BodyBudget } from "../../../src/server/http/body-budget.ts";
import { readBody } from "../../../src/server/http/request-body.ts";

describe("readBody", () => {
  it("wipes what it read in pieces, and the whole when it is disposed of", async () => {
    const request = new IncomingMessage(new Socket());
    const pieces = [Buffer.from("hunter"), Buffer.from("2")];
    for (const piece of pieces) request.push(piece);
    request.push(null);

    const body = await readBody(request, { limitBytes: 7, budget: new BodyBudget(7) });
    const read = Buffer.from(body.bytes).toString();
    body[Symbol.dispose]();

    assert.equal(read, "hunter2");
    assert.deepEqual(pieces, [Buffer.alloc(6), Buffer.alloc(1)]);
    assert.deepEqual(body.bytes, new Uint8Array(7));
  });

  it("gives back what it took when it is disposed of, and not before", async () => {
    const budget = new BodyBudget(7);
    const first = await readBody(bodyOf("hunter2"), { limitBytes: 7, budget });

    await assert.rejects(readBody(bodyOf("x"), { limitBytes: 7, budget }), {
      message: "Rate exceeded",
    });

    first[Symbol.dispose]();
    assert.ok(budget.take(7));
    assert.ok(!budget.take(1));
  });

  it("keeps nothing of a body that is refused", async () => {
    const budget = new BodyBudget(7);
    const pieces = [Buffer.from("hunt"), Buffer.from("er")];

    await assert.rejects(readBody(bodyOf(...pieces), { limitBytes: 5, budget }), {
      message: "The request is larger than 5 bytes.",
    });

    assert.deepEqual(pieces[0], Buffer.alloc(4));
    assert.ok(budget.take(7));
  });
});

function bodyOf(...pieces: readonly (Buffer | string)[]): IncomingMessage {
  const request = new IncomingMessage(new Socket());
  for (const piece of pieces) request.push(piece);
  request.push(null);
  return request;
}
