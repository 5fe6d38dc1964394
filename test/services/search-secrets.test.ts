import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { RefusedError } from "../../src/base/errors.ts";
import type { StateView } from "../../src/machine/state-view.ts";
import { searchSecrets, type SortKey } from "../../src/services/search-secrets.ts";
import { WorkSlices } from "../../src/services/work-slices.ts";
import { SetClock } from "../support/set-clock.ts";
import { serviceNode, token, withSecret } from "./service-node.ts";

describe("searchSecrets", () => {
  for (const sortBy of ["created-date", "name"] as const) {
    it(`by ${sortBy} passes over a name whose secret is gone or was made anew meanwhile`, async () => {
      const node = await serviceNode();
      await withSecret(node);
      await node.call("CreateSecret", { name: "other", clientRequestToken: token(2) });
      const { view } = node.group;
      // What an iterator over an older moment of the store may still give.
      const stale = {
        ...stateReads(view),
        namesByOrder: async () => [
          { order: 1, name: "db" },
          { order: 2, name: "gone" },
          { order: 3, name: "db" },
          { order: 4, name: "other" },
        ],
      };
      const order = view.secret("other")?.order;
      assert.equal(order, 2);

      const page = await searchSecrets(
        { view: stale, slices: new WorkSlices(node.clock, Infinity) },
        { filters: [], includePlannedDeletion: false, sortBy, direction: "ascending" },
        { after: undefined, limit: 10 },
      );

      assert.deepEqual(
        page.secrets.map(({ name }) => name),
        ["db"],
      );
    });
  }

  for (const sortBy of ["created-date", "name"] as const) {
    it(`by ${sortBy} lets others have a turn each slice of its work`, async () => {
      const clock = new SetClock();
      const view = await slowView(clock, { secrets: 100, msEach: 0.5 });
      let turns = 0;
      let isDone = false;
      const count = (): void => {
        turns += 1;
        if (!isDone) setImmediate(count);
      };
      setImmediate(count);

      await search(view, sortBy, new WorkSlices(clock, Infinity));
      isDone = true;

      assert.ok(turns >= 30, `${turns} turns in 50 ms of work`);
    });

    it(`by ${sortBy} ends when its caller's deadline has passed`, async () => {
      const clock = new SetClock();
      const view = await slowView(clock, { secrets: 100, msEach: 1 });

      const late = search(view, sortBy, new WorkSlices(clock, clock.monotonicMs() + 20));

      await assert.rejects(
        late,
        (error) => error instanceof RefusedError && error.refusal.code === "timed_out",
      );
      assert.ok(clock.monotonicMs() < 25, `it went on for ${clock.monotonicMs()} ms`);
    });
  }
});

function search(view: StateView, sortBy: SortKey, slices: WorkSlices) {
  return searchSecrets(
    { view, slices },
    { filters: [], includePlannedDeletion: false, sortBy, direction: "ascending" },
    { after: undefined, limit: 200 },
  );
}

/** A state in which to look at a secret takes its time. */
async function slowView(
  clock: SetClock,
  { secrets, msEach }: { readonly secrets: number; readonly msEach: number },
): Promise<StateView> {
  const node = await serviceNode();
  await withSecret(node);
  const { view } = node.group;
  const template = view.secret("db");
  assert.ok(template);
  for (let order = 2; order <= secrets; order += 1) {
    const name = `many-${order}`;
    view.absorb([
      { row: "secret", name, record: { ...template, name, order } },
      { row: "order", order, name },
    ]);
  }
  return {
    ...stateReads(view),
    secret: (name) => {
      clock.advance(msEach);
      return view.secret(name);
    },
  };
}

function stateReads(view: StateView): StateView {
  return {
    secret: view.secret.bind(view),
    sealedValue: view.sealedValue.bind(view),
    keyring: view.keyring.bind(view),
    counters: view.counters.bind(view),
    configuration: view.configuration.bind(view),
    member: view.member.bind(view),
    removedNode: view.removedNode.bind(view),
    joinTokens: view.joinTokens.bind(view),
    namesByOrder: view.namesByOrder.bind(view),
  };
}
