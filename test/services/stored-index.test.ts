// The searches and the upkeep over the data of a real node, on a real disk.
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "mocha";
import { storedSecretArn } from "../../src/base/arn.ts";
import { logIndex, nodeId, term } from "../../src/base/ids.ts";
import { applyCommand } from "../../src/machine/apply.ts";
import type { Command } from "../../src/machine/command.ts";
import { ownFeatureLevel } from "../../src/machine/feature-level.ts";
import { MemoryState } from "../../src/machine/memory-state.ts";
import type { QueryView } from "../../src/machine/state-view.ts";
import { defaultSecretLimits } from "../../src/secrets/limits.ts";
import type { SecretFilter } from "../../src/secrets/queries/list-secrets.ts";
import { DeletionUpkeep } from "../../src/services/deletion-upkeep.ts";
import { nodeCaller } from "../../src/services/node-caller.ts";
import { searchSecrets, usualSearchLimits } from "../../src/services/search-secrets.ts";
import type { SecretPosition, SortedSearch, SortKey } from "../../src/services/sorted-search.ts";
import { WorkSlices } from "../../src/services/work-slices.ts";
import type { NodeStore } from "../../src/storage/node-store.ts";
import { flush, openStore } from "../storage/example-data.ts";
import { SetClock } from "../support/set-clock.ts";
import { SetTimers } from "../support/set-timers.ts";
import { temporaryFolder, type TemporaryFolder } from "../support/temporary-folder.ts";
import { serviceNode, token } from "./service-node.ts";

const count = 60;
const long = "l".repeat(80);

function named(place: number) {
  const name = place % 7 === 0 ? `${long}-${place % 9}-${place}` : `app/${place % 4}/${place}`;
  const arn = storedSecretArn(
    `arn:aws:secretsmanager:us-east-1:000000000000:secret:${name}-AAAAAA`,
  );
  return { name, arn };
}

function life(): readonly Command[] {
  const made = Array.from({ length: count }, (_, place): Command => {
    const sealed = Uint8Array.of(place);
    return {
      kind: "create_secret",
      ...named(place),
      token: token(place),
      description: place % 3 === 0 ? `The databaseOf team ${place % 5}` : undefined,
      type: undefined,
      kmsKeyId: undefined,
      tags: place % 2 === 0 ? [{ key: "team", value: `team-${place % 6}` }] : undefined,
      version: {
        versionId: token(place),
        keyRef: "key#1",
        fingerprint: sealed,
        value: { kind: "string", sealedValue: sealed, sealedDataKey: sealed },
      },
      limits: defaultSecretLimits,
      regionSecretLimit: undefined,
    };
  });
  const places = (each: number) => Array.from({ length: count / each }, (_, at) => at * each);
  return [
    ...made,
    ...places(4).map((place): Command => {
      const tags = [{ key: "Later", value: "x" }];
      return { kind: "tag_resource", ...named(place), tags, limits: defaultSecretLimits };
    }),
    {
      kind: "note_accesses",
      day: 20_000,
      reads: places(6).map((place) => ({ ...named(place), versionIds: [token(place)] })),
    },
    ...places(10).map((place): Command => {
      return { kind: "delete_secret", ...named(place), recoveryWindowDays: place === 0 ? 7 : 0 };
    }),
  ];
}

let folder: TemporaryFolder;
let store: NodeStore;
let clock: SetClock;
const memory = (): MemoryState => {
  const state = new MemoryState();
  const at = new SetClock();
  for (const command of life()) {
    at.advance(10);
    state.absorb(applyCommand(state, { at: at.now(), command }).changes);
  }
  return state;
};

function applyToStore(command: Command) {
  const index = logIndex(store.state.applied.position.index + 1);
  const { changes, outcome } = applyCommand(store.state, { at: clock.now(), command });
  store.state.absorb(changes, { index, term: term(1) });
  return { ...outcome, index };
}

beforeEach(async () => {
  folder = await temporaryFolder();
  store = await openStore(folder.path);
  clock = new SetClock();
  const commands = life();
  for (const [at, command] of commands.entries()) {
    clock.advance(10);
    applyToStore(command);
    // Half is on the disk, half on its way there.
    if (at === commands.length >> 1) await flush(store);
  }
});
afterEach(async () => {
  await store[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const sortKeys: readonly SortKey[] = [
  "created-date",
  "name",
  "last-changed-date",
  "last-accessed-date",
];
const filterLists: readonly (readonly SecretFilter[])[] = [
  [],
  [{ key: "name", values: ["app/1", `${long}-3`, "app/3/5"] }],
  [{ key: "name", values: [long] }],
  [{ key: "tag-value", values: ["team-"] }],
  [{ key: "tag-key", values: ["Later"] }],
  [{ key: "description", values: ["database team"] }],
  [
    { key: "all", values: ["app", "database"] },
    { key: "tag-key", values: ["!Later"] },
  ],
];
const limits = {
  usual: usualSearchLimits,
  "nothing gathered": { ...usualSearchLimits, gathered: { first: 0, most: 0, inAll: 0 } },
};

async function listed(view: QueryView, search: SortedSearch, way: keyof typeof limits) {
  const slices = new WorkSlices(new SetClock(), Infinity);
  const found: string[] = [];
  let after: SecretPosition | undefined;
  do {
    const page = await searchSecrets({ view, slices }, search, { after, limit: 7 }, limits[way]);
    found.push(...page.secrets.map(({ name }) => name));
    after = page.next;
    assert.ok(found.length <= count);
  } while (after !== undefined);
  return found;
}

describe("a search of a node's data", () => {
  for (const sortBy of sortKeys) {
    for (const direction of ["ascending", "descending"] as const) {
      it(`by ${sortBy}, ${direction}, finds what a search in memory finds`, async () => {
        const state = memory();
        let inAll = 0;
        for (const filters of filterLists) {
          for (const way of ["usual", "nothing gathered"] as const) {
            const search = { filters, includePlannedDeletion: true, sortBy, direction };

            const found = await listed(store.state, search, way);

            assert.deepEqual(found, await listed(state, search, "usual"), JSON.stringify(filters));
            inAll += found.length;
          }
        }
        assert.ok(inAll > 200, `${inAll} were found`);
      });
    }
  }
});

describe("the upkeep of a node's data", () => {
  it("removes what is due, with its value, and nothing else", async () => {
    const { parts } = await serviceNode();
    for (const each of ["n1", "n2", "n3"]) {
      const addresses = { peer: "n:1", grpc: "n:2", https: "n:3" };
      const member = { nodeId: nodeId(each), addresses, featureLevel: ownFeatureLevel };
      applyToStore({ kind: "announce_member", ...member });
    }
    const timers = new SetTimers();
    const upkeep = new DeletionUpkeep({
      services: {
        ...parts,
        clock,
        group: {
          ...parts.group,
          view: store.state,
          leadership: () => ({ kind: "leader", term: term(1) }),
          propose: async (command) => applyToStore(command),
        },
      },
      caller: (options) => nodeCaller(parts, nodeId("n1"), options),
      later: timers.later,
      onFatal: (error) => {
        throw error;
      },
    });
    const { name } = named(0);
    const before = store.state.counters().secretCount;
    const { scheduledFor } = store.state.secret(name)?.deletion ?? {};
    clock.advance(Number(scheduledFor) - clock.now() - 1);
    await timers.run(Infinity);
    assert.equal(store.state.counters().secretCount, before);

    clock.advance(1);
    await timers.run(Infinity);
    await upkeep.close();

    assert.equal(store.state.counters().secretCount, before - 1);
    assert.equal(store.state.secret(name), undefined);
    assert.equal(store.state.sealedValue(name, token(0)), undefined);
    await flush(store);
  });
});
