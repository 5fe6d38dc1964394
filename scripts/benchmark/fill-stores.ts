// Fills the data of stopped nodes with secrets, faster than any client could: the same commands,
// really sealed, go through the log and the state machine of each node, written by its own storage.
import { randomUUID } from "node:crypto";
import assert from "node:assert/strict";
import { mintSecretArn } from "../../src/base/arn.ts";
import { hasSameBytes, utf8 } from "../../src/base/bytes.ts";
import { systemClock } from "../../src/base/clock.ts";
import { systemEntropy } from "../../src/base/entropy.ts";
import { logIndex } from "../../src/base/ids.ts";
import { Plaintext } from "../../src/base/plaintext.ts";
import type { Keyring } from "../../src/crypto/keyring.ts";
import { openKeyring } from "../../src/crypto/open-keyring.ts";
import { loadRootKeyFile } from "../../src/crypto/root-key-file.ts";
import type { Command } from "../../src/machine/command.ts";
import { votersOnly } from "../../src/raft/configuration.ts";
import type { Entry } from "../../src/raft/input.ts";
import type { CreateSecret } from "../../src/secrets/commands/create-secret.ts";
import { defaultSecretLimits } from "../../src/secrets/limits.ts";
import { loadConfiguration, type Configuration } from "../../src/server/config.ts";
import { applyEntry } from "../../src/storage/apply-entry.ts";
import { encodeEnvelope } from "../../src/storage/command-codec.ts";
import { NodeStore } from "../../src/storage/node-store.ts";

/** As many commands as go into one synced batch. */
const batchSize = 4_000;
/** Entries that are left in the log, for followers that are a little behind. */
const keptEntries = 1_000;

/** What each secret is called and told by. */
export type Appearance = Pick<CreateSecret, "name" | "description" | "tags">;

export function nameOfFilled(place: number): string {
  return `filled/${String(place).padStart(7, "0")}`;
}

/**
 * Creates `count` secrets of `valueBytes` in the data of every node named by its configuration
 * file: nodes of one region, stopped, with the same log.
 */
export async function fillStores(
  configFiles: readonly string[],
  {
    count,
    valueBytes,
    appearance = plain,
  }: {
    readonly count: number;
    readonly valueBytes: number;
    readonly appearance?: (place: number) => Appearance;
  },
): Promise<void> {
  const configurations = configFiles.map((file) => loadConfiguration(file));
  const stores = await Promise.all(configurations.map(openStore));
  try {
    const [configuration] = configurations;
    const [store] = stores;
    assert.ok(configuration !== undefined && store !== undefined, "there is a node to fill");
    for (const each of stores) {
      applyRest(each);
      const isSame = hasSameBytes(each.log.lastChain, store.log.lastChain);
      assert.ok(isSame, "the nodes stopped with the same log");
    }
    using unsealKey = loadRootKeyFile(configuration.rootKeyFile);
    const record = store.state.keyring();
    assert.ok(record !== undefined, "the region has its keys");
    const { clusterId, region } = configuration;
    using keyring = openKeyring({ clusterId, region, unsealKey, record, entropy: systemEntropy });
    let landing = Promise.resolve();
    for (let place = 0; place < count; place += batchSize) {
      // Sealed while the batch before is on its way to the disk.
      const commands = Array.from({ length: Math.min(batchSize, count - place) }, (_, offset) =>
        createSecret(keyring, configuration, {
          ...appearance(place + offset),
          value: String(place + offset).padEnd(valueBytes, "."),
        }),
      );
      await landing;
      const entries = commands.map((command, offset) => entryFor(store, offset, command));
      landing = Promise.all(stores.map((each) => write(each, entries))).then(() => undefined);
    }
    await landing;
  } finally {
    await Promise.all(stores.map((store) => store[Symbol.asyncDispose]()));
  }
}

function plain(place: number): Appearance {
  return {
    name: nameOfFilled(place),
    description: undefined,
    tags: [{ key: "team", value: `team-${place % 100}` }],
  };
}

function openStore({ dataDir, clusterId, region, nodeId }: Configuration): Promise<NodeStore> {
  const founders = votersOnly([]);
  const identity = { clusterId, region, nodeId };
  const options = { directory: dataDir, identity, founders, now: systemClock.now() };
  return NodeStore.open(options, (error) => {
    throw error;
  });
}

/** What the node had not applied yet when it stopped. */
function applyRest({ log, state }: NodeStore): void {
  for (let at = state.applied.position.index + 1; at <= log.lastIndex; at += 1) {
    applyEntry(state, log.entry(logIndex(at)));
  }
}

function entryFor(store: NodeStore, offset: number, command: Command): Entry {
  const payload = encodeEnvelope({ at: systemClock.now(), command });
  const index = logIndex(store.log.lastIndex + 1 + offset);
  return { index, term: store.recoveredHardState.term, kind: "command", payload };
}

function createSecret(
  keyring: Keyring,
  { region, account }: Configuration,
  { name, description, tags, value: text }: Appearance & { readonly value: string },
): Command {
  const arn = mintSecretArn({ region, account }, name, (limit) => systemEntropy.below(limit));
  const versionId = randomUUID();
  using value = Plaintext.take(utf8(text));
  const { keyRef, sealedValue, sealedDataKey } = keyring.sealValue(
    { arn, versionId, kind: "string" },
    value,
  );
  return {
    kind: "create_secret",
    name,
    arn,
    token: versionId,
    description,
    type: undefined,
    kmsKeyId: undefined,
    tags,
    version: {
      versionId,
      keyRef,
      fingerprint: keyring.fingerprint({ name, versionId, kind: "string" }, value),
      value: { kind: "string", sealedValue, sealedDataKey },
    },
    limits: defaultSecretLimits,
    regionSecretLimit: undefined,
  };
}

async function write(store: NodeStore, entries: readonly Entry[]): Promise<void> {
  store.log.append(entries);
  for (const entry of entries) {
    const outcome = applyEntry(store.state, entry);
    assert.ok(outcome?.ok, "a new name is free");
  }
  const hardState = store.recoveredHardState;
  await store.flush({ hardState, commitIndex: store.log.lastIndex });
  const { start, lastIndex } = store.log;
  store.log.release(lastIndex);
  if (lastIndex - keptEntries > start.index) store.log.compactTo(logIndex(lastIndex - keptEntries));
}
