import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { epochMs } from "../../src/base/ids.ts";
import { MemoryState } from "../../src/machine/memory-state.ts";
import type { QueryView } from "../../src/machine/state-view.ts";
import { secretFinder, type SecretFilter } from "../../src/secrets/queries/list-secrets.ts";
import type { SecretRecord } from "../../src/secrets/secret.ts";
import { searchSecrets, type SearchLimits } from "../../src/services/search-secrets.ts";
import type { SecretPosition, SortedSearch } from "../../src/services/sorted-search.ts";
import { WorkSlices } from "../../src/services/work-slices.ts";
import { born, deletion, secretIn } from "../secrets/example-secret.ts";
import { SetClock } from "../support/set-clock.ts";
import { removeSecret, storeSecret } from "./stored-secrets.ts";

const words = ["app", "App", "appBeta", "web", "w", "db2", "x", "9"];
const text = fc
  .array(fc.constantFrom(...words), { minLength: 1, maxLength: 3 })
  .chain((some) => fc.constantFrom("/", "-", " ", "").map((between) => some.join(between)));
const long = "n".repeat(70);
const name = fc.oneof(
  { arbitrary: text.map((some) => some.replaceAll(" ", "_")), weight: 5 },
  { arbitrary: fc.constantFrom("a", "b", "c").map((end) => long + end), weight: 1 },
);
const tags = fc.option(fc.array(fc.record({ key: text, value: text }), { maxLength: 3 }), {
  nil: undefined,
});

type Looks = Pick<SecretRecord, "name" | "description" | "tags" | "deletion" | "changedAt"> & {
  readonly accessedDay: number | undefined;
};

const looks: fc.Arbitrary<Looks> = fc.record({
  name,
  description: fc.option(text, { nil: undefined }),
  tags,
  deletion: fc.option(fc.constant(deletion), { nil: undefined, freq: 5 }),
  changedAt: fc.nat(4).map((later) => epochMs(born + later)),
  accessedDay: fc.option(fc.nat(3), { nil: undefined }),
});

const value = fc
  .tuple(fc.boolean(), fc.oneof(text, fc.constantFrom("", "+", "us-", "eu-", long, `${long}b`)))
  .map(([isUnwanted, wanted]) => (isUnwanted ? `!${wanted}` : wanted));
const filter: fc.Arbitrary<SecretFilter> = fc.record({
  key: fc.constantFrom(
    ...(["name", "description", "tag-key", "tag-value", "all", "name", "all"] as const),
    ...(["primary-region", "owning-service"] as const),
  ),
  values: fc.oneof(
    fc.array(value, { minLength: 1, maxLength: 3 }),
    // Without a negation, so that the index is used.
    fc.array(text, { minLength: 1, maxLength: 3 }),
  ),
});

const search: fc.Arbitrary<SortedSearch> = fc.record({
  filters: fc.array(filter, { maxLength: 3 }),
  includePlannedDeletion: fc.boolean(),
  sortBy: fc.constantFrom("created-date", "name", "last-changed-date", "last-accessed-date"),
  direction: fc.constantFrom("ascending", "descending"),
});

/** Which way a search goes is decided by these: it must make no difference to what is found. */
const limits: fc.Arbitrary<SearchLimits> = fc.record({
  gathered: fc.record({
    first: fc.constantFrom(0, 1, 5),
    most: fc.constantFrom(-1, 0, 4, 12, 1_000),
    inAll: fc.constantFrom(0, 5, 20, 1_000),
  }),
  passed: fc.constantFrom(1, 3, 10, 1_000),
});

const pageSize = fc.integer({ min: 1, max: 9 });
/** Whether the index is complete when it is asked, time and again. */
const completeness = fc.oneof(
  fc.constant([true]),
  fc.constant([false]),
  fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }),
);

type Change = { readonly at: number } & (
  | { readonly kind: "add" | "remake"; readonly looks: Looks }
  | { readonly kind: "alter"; readonly looks: Looks }
  | { readonly kind: "remove" }
);

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ at: fc.nat(), kind: fc.constantFrom("add", "remake", "alter"), looks }),
  fc.record({ at: fc.nat(), kind: fc.constant("remove" as const) }),
);

class Store {
  readonly view = new MemoryState();
  /** Names of secrets that are not as they were at the beginning. */
  readonly touched = new Set<string>();
  #nextOrder = 1;

  constructor(all: readonly Looks[]) {
    for (const each of all) this.#put(each);
  }

  get records(): readonly SecretRecord[] {
    return [...this.view.contents().secrets.values()];
  }

  apply(wanted: Change): void {
    const { records } = this;
    const met = records[wanted.at % Math.max(records.length, 1)];
    if (wanted.kind === "add") {
      this.touched.add(wanted.looks.name);
      this.#put(wanted.looks);
      return;
    }
    if (met === undefined) return;
    this.touched.add(met.name);
    if (wanted.kind === "remove") removeSecret(this.view, met.name);
    else this.#put({ ...wanted.looks, name: met.name }, wanted.kind === "alter" ? met : undefined);
  }

  #put({ accessedDay, ...rest }: Looks, before?: SecretRecord): void {
    const order = before?.order ?? this.#nextOrder++;
    const accessed = accessedDay === undefined ? {} : { accessedDay };
    storeSecret(this.view, secretIn("v1[C]", { ...rest, ...accessed, order }));
  }
}

/** The plain way: everything that fits, sorted. */
function expected(records: readonly SecretRecord[], wanted: SortedSearch): readonly SecretRecord[] {
  const sign = wanted.direction === "ascending" ? 1 : -1;
  return records.filter(secretFinder(wanted)).sort((one, other) => {
    const [first, second] = [sortedBy(one, wanted), sortedBy(other, wanted)];
    if (first !== second) return first < second ? -sign : sign;
    return sign * (one.order - other.order);
  });
}

function sortedBy(secret: SecretRecord, { sortBy }: SortedSearch): string | number {
  switch (sortBy) {
    case "created-date":
      return secret.order;
    case "name":
      return secret.name;
    case "last-changed-date":
      return secret.changedAt;
    case "last-accessed-date":
      return secret.accessedDay ?? 0;
  }
}

interface Walk {
  readonly limit: number;
  readonly limits: SearchLimits;
  readonly completeness: readonly boolean[];
  /** Called between two reads of the state. */
  readonly meanwhile?: () => void;
  /** Called between two pages. */
  readonly between?: () => void;
}

async function pagesOf(
  { view }: Store,
  wanted: SortedSearch,
  { limit, limits: within, completeness: complete, meanwhile, between }: Walk,
): Promise<readonly SecretRecord[]> {
  let asked = 0;
  const lively: QueryView = Object.assign(Object.create(view) as MemoryState, {
    secret: view.secret.bind(view),
    isIndexComplete: () => complete[asked++ % complete.length] ?? true,
    namesByOrder: async (range: Parameters<QueryView["namesByOrder"]>[0]) => {
      const page = await view.namesByOrder(range);
      meanwhile?.();
      return page;
    },
    indexed: async (range: Parameters<QueryView["indexed"]>[0]) => {
      const page = await view.indexed(range);
      meanwhile?.();
      return page;
    },
  });
  const slices = new WorkSlices(new SetClock(), Infinity);
  const found: SecretRecord[] = [];
  let after: SecretPosition | undefined;
  for (let pages = 0; ; pages += 1) {
    assert.ok(pages < 1_000, "a listing comes to an end");
    const page = await searchSecrets({ view: lively, slices }, wanted, { after, limit }, within);
    assert.ok(page.secrets.length <= limit);
    assert.equal(page.places.length, page.secrets.length);
    found.push(...page.secrets);
    if (page.next === undefined) return found;
    after = page.next;
    between?.();
  }
}

describe("a listing, page by page", () => {
  it("holds what a plain filter and a sort of everything give, whichever way it is found", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(looks, { maxLength: 30 }),
        search,
        fc.record({ limit: pageSize, limits, completeness }),
        async (all, wanted, walk) => {
          const store = new Store(all);

          const found = await pagesOf(store, wanted, walk);

          assert.deepEqual(namesOf(found), namesOf(expected(store.records, wanted)));
        },
      ),
      { numRuns: 400 },
    );
  });

  for (const moment of ["between", "meanwhile"] as const) {
    it(`holds once whatever is there all along when others change (${moment})`, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(looks, { minLength: 5, maxLength: 30 }),
          search,
          fc.record({ limit: pageSize, limits, completeness }),
          fc.array(change, { minLength: 1, maxLength: 12 }),
          async (all, wanted, walk, changes) => {
            const store = new Store(all);
            const ahead = [...changes];
            const next = (): void => {
              const one = ahead.shift();
              if (one !== undefined) store.apply(one);
            };

            const found = await pagesOf(store, wanted, { ...walk, [moment]: next });

            const untouched = ({ name: named }: SecretRecord) => !store.touched.has(named);
            const stayed = expected(store.records.filter(untouched), wanted);
            assert.deepEqual(namesOf(found.filter(untouched)), namesOf(stayed));
            assert.ok(
              found.every(secretFinder(wanted)),
              "what changed and fits no more is left out",
            );
            // Where places never change nothing is met twice.
            const isFixed = wanted.sortBy === "created-date" || wanted.sortBy === "name";
            const orders = found.map(({ order }) => order);
            if (isFixed) assert.equal(new Set(orders).size, orders.length);
          },
        ),
        { numRuns: 200 },
      );
    });
  }
});

function namesOf(secrets: readonly SecretRecord[]): readonly string[] {
  return secrets.map(({ name: named }) => named);
}
