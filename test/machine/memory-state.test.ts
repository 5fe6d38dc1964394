import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { MemoryState } from "../../src/machine/memory-state.ts";
import { newVersion, secretIn } from "../secrets/example-secret.ts";

describe("MemoryState", () => {
  it("begins with nothing", () => {
    const state = new MemoryState();

    assert.equal(state.secret("db"), undefined);
    assert.equal(state.sealedValue("db", "v1"), undefined);
    assert.equal(state.keyring(), undefined);
    assert.deepEqual(state.counters(), { lastAt: 0, nextOrder: 1, secretCount: 0 });
  });

  it("gives back the rows it took, until they are removed", () => {
    const state = new MemoryState();
    const { value } = newVersion("v1");
    const row = { row: "value", name: "db", versionId: "v1" } as const;

    state.absorb([
      { row: "secret", name: "db", record: secretIn("v1[C]") },
      { ...row, value },
    ]);
    assert.deepEqual(state.secret("db"), secretIn("v1[C]"));
    assert.deepEqual(state.sealedValue("db", "v1"), value);

    state.absorb([
      { row: "secret", name: "db", record: undefined },
      { ...row, value: undefined },
    ]);
    assert.deepEqual(state.contents(), new MemoryState().contents());
  });

  it("lists names in the order of creation, from either end, a page at a time", async () => {
    const state = new MemoryState();
    state.absorb([3, 1, 20].map((order) => ({ row: "order", order, name: `n${order}` })));
    const all = { after: undefined, limit: 9 };

    const up = await state.namesByOrder({ direction: "ascending", ...all });
    const down = await state.namesByOrder({ direction: "descending", ...all });
    const page = await state.namesByOrder({ direction: "ascending", after: 1, limit: 1 });
    const last = await state.namesByOrder({ direction: "descending", after: 3, limit: 9 });

    assert.deepEqual(
      [up, down, page, last].map((names) => names.map(({ name }) => name)),
      [["n1", "n3", "n20"], ["n20", "n3", "n1"], ["n3"], ["n1"]],
    );
  });
});
