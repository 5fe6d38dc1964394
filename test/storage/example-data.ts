// A node's data as a life of commands leaves it: applied by the state machine, written in batches.
import { join } from "node:path";
import { Level } from "level";
import { storedSecretArn } from "../../src/base/arn.ts";
import { clusterId, epochMs, logIndex, nodeId, term } from "../../src/base/ids.ts";
import { applyCommand } from "../../src/machine/apply.ts";
import type { Command } from "../../src/machine/command.ts";
import type { OrderedName } from "../../src/machine/state-view.ts";
import { votersOnly } from "../../src/raft/configuration.ts";
import type { Entry } from "../../src/raft/input.ts";
import { encodeEnvelope } from "../../src/storage/command-codec.ts";
import { NodeStore } from "../../src/storage/node-store.ts";
import type { OpenOptions } from "../../src/storage/recovery.ts";
import { commandTime, keyring } from "./example-records.ts";
import { plain } from "./plain.ts";

export const identity = {
  clusterId: clusterId("c0ffee"),
  region: "us-east-1",
  nodeId: nodeId("n1"),
};

export function optionsFor(directory: string): OpenOptions {
  const founders = votersOnly([nodeId("n1"), nodeId("n2"), nodeId("n3")]);
  return { directory, identity, founders, now: commandTime };
}

/** Opens the data as the node does; damage that is met later fails the test by itself. */
export function openStore(directory: string): Promise<NodeStore> {
  return NodeStore.open(optionsFor(directory), () => undefined);
}

export function nameOf(place: number): string {
  return `app/${String(place).padStart(4, "0")}`;
}

function versionIdOf(place: number): string {
  return `00000000-0000-4000-8000-${String(place).padStart(12, "0")}`;
}

/** A life in miniature: keys first, then secrets of which each fifth is removed again. */
export function commandAt(place: number, valueBytes = 60): Command {
  if (place === 1) return { kind: "initialize_keys", keyring };
  const named = (of: number) => ({
    name: nameOf(of),
    arn: storedSecretArn(
      `arn:aws:secretsmanager:us-east-1:000000000000:secret:${nameOf(of)}-AbCdEf`,
    ),
  });
  if (place % 5 === 0 && place > 5) {
    return { kind: "delete_secret", ...named(place - 4), recoveryWindowDays: 0 };
  }
  const fingerprint = Uint8Array.from({ length: 32 }, (_, at) => (place * 7 + at) % 256);
  const sealedValue = Uint8Array.from(
    { length: valueBytes },
    (_, at) => (place * 31 + at * 17) % 256,
  );
  return {
    kind: "create_secret",
    ...named(place),
    token: versionIdOf(place),
    description: `the secret made by command ${place}`,
    type: undefined,
    kmsKeyId: undefined,
    tags: [{ key: "place", value: String(place) }],
    version: {
      versionId: versionIdOf(place),
      keyRef: "2f6c#1",
      fingerprint,
      value: { kind: "string", sealedValue, sealedDataKey: fingerprint },
    },
    limits: { versions: 100, labels: 20, tags: 50 },
    regionSecretLimit: undefined,
  };
}

export function entryOf(place: number, inTerm = 1): Entry {
  const payload = encodeEnvelope({ at: epochMs(commandTime + place), command: commandAt(place) });
  return { index: logIndex(place), term: term(inTerm), kind: "command", payload };
}

/** Appends and applies the commands from `first` to `last`, some in each batch. */
export async function live(
  store: NodeStore,
  { first, last, inBatch = 3 }: { first: number; last: number; inBatch?: number },
): Promise<void> {
  for (let place = first; place <= last; place += 1) {
    const entry = entryOf(place);
    store.log.append([entry]);
    const envelope = { at: epochMs(commandTime + place), command: commandAt(place) };
    const { changes } = applyCommand(store.state, envelope);
    store.state.absorb(changes, { index: entry.index, term: entry.term });
    if (place % inBatch === 0 || place === last) await flush(store);
  }
}

export function flush(store: NodeStore, votedFor = "n1"): Promise<void> {
  return store.flush({
    hardState: { term: term(1), votedFor: nodeId(votedFor) },
    commitIndex: store.state.applied.position.index,
  });
}

/** Moves what is in LevelDB's write-ahead log into its tables. */
export async function compact(directory: string): Promise<void> {
  const level = new Level<Uint8Array, Uint8Array>(join(directory, "db"), {
    keyEncoding: "view",
    valueEncoding: "view",
    compression: false,
  });
  await level.open();
  // The types of level know nothing of what only classic-level can do.
  const whole = level as unknown as {
    compactRange(from: Uint8Array, to: Uint8Array): Promise<void>;
  };
  await whole.compactRange(Uint8Array.of(0), Uint8Array.of(255));
  await level.close();
}

/** Everything a node could be asked, read the ways a node reads it. */
export async function readEverything(store: NodeStore): Promise<unknown> {
  const { log, state, recoveredLog, recoveredHardState } = store;
  const entries = [];
  for (let index = log.start.index + 1; index <= log.lastIndex; index += 1) {
    entries.push(log.entry(logIndex(index)));
  }
  const ascending = await allNames(store, "ascending");
  const descending = await allNames(store, "descending");
  const places = Array.from({ length: log.lastIndex + 1 }, (_, place) => place);
  return plain({
    recoveredLog,
    recoveredHardState,
    start: log.start,
    lastChain: log.lastChain,
    entries,
    applied: { ...state.applied, digest: state.applied.digest.toString(16) },
    ascending,
    descending,
    keyring: state.keyring(),
    counters: state.counters(),
    secrets: places.map((place) => state.secret(nameOf(place))),
    values: places.map((place) => state.sealedValue(nameOf(place), versionIdOf(place))),
  });
}

async function allNames(
  store: NodeStore,
  direction: "ascending" | "descending",
): Promise<readonly OrderedName[]> {
  const names: OrderedName[] = [];
  for (;;) {
    const after = names.at(-1)?.order;
    const page = await store.state.namesByOrder({ direction, after, limit: 50 });
    if (page.length === 0) return names;
    names.push(...page);
  }
}
