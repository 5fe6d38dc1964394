import assert from "node:assert/strict";
import { before, describe, it } from "mocha";
import { RefusedError } from "../../src/base/errors.ts";
import { MemoryState } from "../../src/machine/memory-state.ts";
import type { QueryView } from "../../src/machine/state-view.ts";
import type { SecretFilter } from "../../src/secrets/queries/list-secrets.ts";
import { searchSecrets, usualSearchLimits } from "../../src/services/search-secrets.ts";
import type {
  SecretPage,
  SecretPosition,
  SortedSearch,
  SortKey,
} from "../../src/services/sorted-search.ts";
import { WorkSlices } from "../../src/services/work-slices.ts";
import { daysLater, secretIn } from "../secrets/example-secret.ts";
import { SetClock } from "../support/set-clock.ts";
import { storeSecret } from "./stored-secrets.ts";

const sortKeys: readonly SortKey[] = [
  "created-date",
  "name",
  "last-changed-date",
  "last-accessed-date",
];

describe("searchSecrets", () => {
  const stale = [
    { order: 1, name: "db" },
    { order: 2, name: "gone" },
    { order: 3, name: "db" },
    { order: 4, name: "other" },
  ];
  for (const sortBy of sortKeys) {
    for (const index of ["complete", "missing"] as const) {
      it(`by ${sortBy} passes over a name whose secret is gone or was made anew meanwhile (index ${index})`, async () => {
        const state = new MemoryState();
        storeSecret(state, secretIn("", { name: "db", order: 1 }));
        storeSecret(state, secretIn("", { name: "other", order: 2 }));
        // What an iterator over an older moment of the store may still give.
        const view = viewOf(state, {
          isIndexComplete: () => index === "complete",
          namesByOrder: () => Promise.resolve(stale),
          indexed: () =>
            Promise.resolve(
              stale.map(({ order, name }) => {
                const term = sortBy === "name" ? name : String(order).padStart(16, "0");
                return { term, order, name };
              }),
            ),
        });

        const page = await searchSecrets(
          { view, slices: new WorkSlices(new SetClock(), Infinity) },
          everything(sortBy),
          { after: undefined, limit: 10 },
        );

        assert.deepEqual(namesOf(page), ["db"]);
      });
    }
  }

  for (const sortBy of sortKeys) {
    it(`by ${sortBy} lets others have a turn each slice of its work`, async () => {
      const clock = new SetClock();
      const view = slowView(clock, { secrets: 100, msEach: 0.5 });
      let turns = 0;
      let isDone = false;
      const count = (): void => {
        turns += 1;
        if (!isDone) setImmediate(count);
      };
      setImmediate(count);

      await search(view, everything(sortBy), new WorkSlices(clock, Infinity));
      isDone = true;

      assert.ok(turns >= 30, `${turns} turns in 50 ms of work`);
    });

    it(`by ${sortBy} ends when its caller's deadline has passed`, async () => {
      const clock = new SetClock();
      const view = slowView(clock, { secrets: 100, msEach: 1 });

      const late = search(
        view,
        everything(sortBy),
        new WorkSlices(clock, clock.monotonicMs() + 20),
      );

      await assert.rejects(
        late,
        (error) => error instanceof RefusedError && error.refusal.code === "timed_out",
      );
      assert.ok(clock.monotonicMs() < 25, `it went on for ${clock.monotonicMs()} ms`);
    });
  }

  it("finds a secret once that moved ahead while the page was made", async () => {
    const state = new MemoryState();
    storeSecret(state, secretIn("", { name: "db", order: 1 }));
    const gone = Array.from({ length: 199 }, (_, at) => ({ term: "1", order: at + 2, name: "x" }));
    const view = viewOf(state, {
      indexed: ({ after }) => {
        const met = { term: after === undefined ? "1" : "2", order: 1, name: "db" };
        return Promise.resolve(after === undefined ? [met, ...gone] : [met]);
      },
    });

    const page = await search(view, everything("last-changed-date"));

    assert.deepEqual(namesOf(page), ["db"]);
    assert.deepEqual(page.places, [{ sortedBy: 1, order: 1 }]);
  });

  for (const direction of ["ascending", "descending"] as const) {
    it(`by name goes from one beginning to the next, and through none twice (${direction})`, async () => {
      const state = new MemoryState();
      const names = ["a1", "a2", "a3", "b1", "b2", "c", "c1", "c2", "d"];
      for (const [order, name] of names.entries()) {
        storeSecret(state, secretIn("", { name, order }));
      }
      const filters = [{ key: "name", values: ["c", "a", "a2", "x", "c1"] }] as const;
      const wanted = { ...everything("name"), filters, direction };
      const slices = new WorkSlices(new SetClock(), Infinity);

      for (const limit of [1, 2, 3, 4, 6]) {
        const found: string[] = [];
        let after: SecretPosition | undefined;
        do {
          const range = { after, limit };
          const page = await searchSecrets({ view: state, slices }, wanted, range, tooManyToGather);
          found.push(...namesOf(page));
          after = page.next;
          assert.ok(found.length <= 6, found.join());
        } while (after !== undefined);
        const expected = ["a1", "a2", "a3", "c", "c1", "c2"];
        assert.deepEqual(found, direction === "ascending" ? expected : expected.reverse());
      }
    });
  }

  it("searches once more without the index when a snapshot took its place meanwhile", async () => {
    const state = new MemoryState();
    storeSecret(state, secretIn("", { name: "db", order: 1 }));
    let asked = 0;
    const view = viewOf(state, {
      isIndexComplete: () => (asked += 1) === 1,
      indexed: () => Promise.resolve([]),
    });

    const page = await search(view, everything("name"));

    assert.deepEqual(namesOf(page), ["db"]);
  });
});

describe("the cost of a page of searchSecrets", () => {
  const count = 2_000;
  let state: CountedState;
  before(() => {
    state = new CountedState(count);
  });

  for (const sortBy of sortKeys) {
    it(`by ${sortBy} is the page's own, first or deep`, async () => {
      const wanted = everything(sortBy);
      const first = await costOf(state, wanted, undefined);
      const deep = await costOf(state, wanted, await halfWay(state, wanted));

      assert.deepEqual([first.found, deep.found], [20, 20]);
      assert.deepEqual([first.records, deep.records], [21, 21]);
      assert.ok(Math.max(first.entries, deep.entries) <= 200, `${first.entries}, ${deep.entries}`);
    });
  }

  const narrow: readonly (readonly [what: string, filter: SecretFilter, fits: number])[] = [
    ["a name's beginning", { key: "name", values: ["rare/"] }, 30],
    ["a tag's key", { key: "tag-key", values: ["rare"] }, 30],
    ["a tag's value", { key: "tag-value", values: ["few"] }, 30],
    ["a word of a description", { key: "description", values: ["seldom"] }, 30],
    ["a word anywhere", { key: "all", values: ["many seldom"] }, 30],
    ["one of two values", { key: "name", values: ["rare/1", "rare/2"] }, 22],
    ["a service that owns it", { key: "owning-service", values: ["rds"] }, 0],
  ];
  for (const [what, filter, fits] of narrow) {
    for (const sortBy of sortKeys) {
      it(`by ${sortBy} is that of what has ${what}, not of the store`, async () => {
        const wanted = { ...everything(sortBy), filters: [broad, filter] };

        const { found, records, entries } = await costOf(state, wanted, undefined);

        assert.equal(found, Math.min(20, fits));
        assert.ok(records <= 30, `${records} records`);
        assert.ok(entries <= 2 * 101 + 30, `${entries} entries`);
      });
    }
  }

  it("is bounded when a filter finds next to nothing and the index does not help", async () => {
    const filters = [{ key: "name", values: ["!many/"] }] as const;
    const wanted = { ...everything("created-date"), filters };

    const first = await costOf(state, wanted, undefined);

    assert.equal(first.records, 1_000);
    assert.equal(first.next?.order, 1_000);
  });

  for (const direction of ["ascending", "descending"] as const) {
    it(`by created-date is the page's own for a tag that a part of the store has (${direction})`, async () => {
      const filters = [broad, { key: "tag-value", values: ["part"] }] as const;
      const wanted = { ...everything("created-date"), filters, direction };
      const first = await costOf(state, wanted, undefined, tooManyToGather);
      const deep = await costOf(state, wanted, { sortedBy: 1_501, order: 1_501 }, tooManyToGather);

      assert.deepEqual([first.found, deep.found], [20, 20]);
      assert.deepEqual([first.records, deep.records], [21, 21]);
      assert.ok(Math.max(first.entries, deep.entries) <= 250, `${first.entries}, ${deep.entries}`);
    });
  }

  it("by created-date goes on along a tag for as long as there is any", async () => {
    const filters = [{ key: "tag-value", values: ["part"] }] as const;
    const wanted = { ...everything("created-date"), filters };
    const slices = new WorkSlices(new SetClock(), Infinity);
    const range = { after: undefined, limit: 400 };

    const page = await searchSecrets({ view: state.view, slices }, wanted, range, tooManyToGather);

    assert.deepEqual([page.secrets.length, page.next], [count / 10, undefined]);
  });

  it("by name is the page's own under a beginning that thousands of names have", async () => {
    const filters = [{ key: "name", values: ["many/"] }] as const;
    const wanted = { ...everything("name"), filters, direction: "descending" } as const;

    const { found, records } = await costOf(state, wanted, undefined);

    assert.deepEqual([found, records], [20, 21]);
  });
});

const tooManyToGather = { ...usualSearchLimits, gathered: { first: 0, most: 0, inAll: 0 } };

const broad: SecretFilter = { key: "all", values: ["many"] };

/** Thirty of its secrets are rare, and last in every order. */
class CountedState {
  readonly view: QueryView;
  records = 0;
  entries = 0;

  constructor(count: number) {
    const state = new MemoryState();
    for (let order = 1; order <= count; order += 1) {
      const place = count - order;
      const isRare = place < 30;
      storeSecret(
        state,
        secretIn("", {
          name: isRare ? `rare/${place}` : `many/${String(place).padStart(4, "0")}`,
          order,
          description: isRare ? "many, seldom" : "many, often",
          tags: [
            isRare ? { key: "rare", value: "few" } : { key: "often", value: "lots" },
            { key: "share", value: order % 10 === 0 ? "part" : "other" },
          ],
          changedAt: daysLater(order % 7),
          accessedDay: order % 5,
        }),
      );
    }
    this.view = viewOf(state, {
      secret: (name) => {
        this.records += 1;
        return state.secret(name);
      },
      namesByOrder: async (range) => this.#counted(await state.namesByOrder(range)),
      indexed: async (range) => this.#counted(await state.indexed(range)),
    });
  }

  #counted<Entry>(page: readonly Entry[]): readonly Entry[] {
    this.entries += page.length;
    return page;
  }
}

async function costOf(
  state: CountedState,
  wanted: SortedSearch,
  after: SecretPosition | undefined,
  limits = usualSearchLimits,
): Promise<{
  readonly found: number;
  readonly records: number;
  readonly entries: number;
  readonly next: SecretPosition | undefined;
}> {
  state.records = 0;
  state.entries = 0;
  const slices = new WorkSlices(new SetClock(), Infinity);
  const range = { after, limit: 20 };
  const page = await searchSecrets({ view: state.view, slices }, wanted, range, limits);
  const { records, entries } = state;
  return { found: page.secrets.length, records, entries, next: page.next };
}

async function halfWay(
  { view }: CountedState,
  wanted: SortedSearch,
): Promise<SecretPosition | undefined> {
  const slices = new WorkSlices(new SetClock(), Infinity);
  const range = { after: undefined, limit: 1_500 };
  return (await searchSecrets({ view, slices }, wanted, range)).next;
}

function everything(sortBy: SortKey): SortedSearch {
  return { filters: [], includePlannedDeletion: false, sortBy, direction: "ascending" };
}

function search(
  view: QueryView,
  wanted: SortedSearch,
  slices = new WorkSlices(new SetClock(), Infinity),
): Promise<SecretPage> {
  return searchSecrets({ view, slices }, wanted, { after: undefined, limit: 200 });
}

function namesOf({ secrets }: SecretPage): readonly string[] {
  return secrets.map(({ name }) => name);
}

/** A state in which to look at a secret takes its time. */
function slowView(
  clock: SetClock,
  { secrets, msEach }: { readonly secrets: number; readonly msEach: number },
): QueryView {
  const state = new MemoryState();
  for (let order = 1; order <= secrets; order += 1) {
    storeSecret(state, secretIn("", { name: `many-${order}`, order }));
  }
  return viewOf(state, {
    secret: (name) => {
      clock.advance(msEach);
      return state.secret(name);
    },
  });
}

function viewOf(state: MemoryState, other: Partial<QueryView>): QueryView {
  return {
    secret: state.secret.bind(state),
    sealedValue: state.sealedValue.bind(state),
    resourcePolicy: state.resourcePolicy.bind(state),
    keyring: state.keyring.bind(state),
    counters: state.counters.bind(state),
    configuration: state.configuration.bind(state),
    member: state.member.bind(state),
    removedNode: state.removedNode.bind(state),
    joinTokens: state.joinTokens.bind(state),
    namesByOrder: state.namesByOrder.bind(state),
    isIndexComplete: state.isIndexComplete.bind(state),
    indexed: state.indexed.bind(state),
    eventsAfter: state.eventsAfter.bind(state),
    ...other,
  };
}
