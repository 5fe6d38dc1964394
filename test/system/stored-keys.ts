// Every key of a region in the clear, taken from the copy of a stopped node's data with the root
// key file: what must be found in no file. The way to them is written down here a second time.
import assert from "node:assert/strict";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Level } from "level";
import { contextOf } from "../../src/crypto/context.ts";
import { purposes } from "../../src/crypto/purpose.ts";
import { loadRootKeyFile } from "../../src/crypto/root-key-file.ts";
import { open } from "../../src/crypto/sealed-blob.ts";
import { SecretKey } from "../../src/crypto/secret-key.ts";
import { decodeKeyring, decodeSecret, decodeValue } from "../../src/storage/row-codec.ts";
import { nodePlaces, regionPlaces } from "../../cluster/local/places.ts";
import type { Sought } from "./leak-search.ts";
import { regionName, type TestRegion } from "./test-region.ts";

/** `copy` is a folder that does not exist yet. */
export async function keysOf(
  region: TestRegion,
  nodeId: string,
  copy: string,
): Promise<readonly Sought[]> {
  const places = nodePlaces(region.home, regionName, nodeId);
  cpSync(places.dataDir, copy, { recursive: true });
  const rows = await stateRows(join(copy, "db"));
  const { clusterId } = JSON.parse(readFileSync(places.config, "utf8")) as { clusterId: string };
  const keys: Sought[] = [];
  const opened = (
    name: string,
    sealed: { key: SecretKey; context: Uint8Array; blob: Uint8Array },
  ): SecretKey => {
    const bytes = open(sealed.key, sealed.context, sealed.blob);
    keys.push({ name, bytes: Uint8Array.from(bytes) });
    return SecretKey.take(bytes);
  };

  const unseal = loadRootKeyFile(regionPlaces(region.home, regionName).rootKey);
  keys.push({ name: "the root key file", bytes: Uint8Array.from(unseal.reveal()) });
  const [[, keyringRow] = []] = rows.filter(([kind]) => kind === "k");
  assert.ok(keyringRow !== undefined, "the region has keys");
  const record = decodeKeyring(keyringRow.payload);
  const home = [clusterId, regionName];
  const root = opened("the root key", {
    key: unseal,
    context: contextOf(purposes.rootKey, [...home, record.sealId]),
    blob: record.sealedRootKey,
  });
  opened("the fingerprint key", {
    key: root,
    context: contextOf(purposes.fingerprintKey, home),
    blob: record.sealedFingerprintKey,
  });
  opened("the page token key", {
    key: root,
    context: contextOf(purposes.pageTokenKey, home),
    blob: record.sealedPageTokenKey,
  });
  const { keyId, versions } = record.defaultKey;
  const [first] = versions;
  assert.ok(first !== undefined);
  const ofKey = [keyId, String(first.version)];
  const material = opened("the key material", {
    key: root,
    context: contextOf(purposes.keyMaterial, [...home, ...ofKey]),
    blob: first.sealedMaterial,
  });

  const secrets = rows.filter(([kind]) => kind === "s").map(([, row]) => decodeSecret(row.payload));
  const arns = new Map(secrets.map(({ name, arn }) => [name, arn]));
  for (const [, { key, payload }] of rows.filter(([kind]) => kind === "v")) {
    const [name = "", versionId = ""] = key.split("\0");
    const fields = [...home, arns.get(name) ?? "", versionId, ...ofKey];
    opened(`the data key of ${name} ${versionId}`, {
      key: material,
      context: contextOf(purposes.dataKey, fields),
      blob: decodeValue(payload).sealedDataKey,
    });
  }
  return keys;
}

interface StateRow {
  /** Without what its kind and generation are told by. */
  readonly key: string;
  readonly payload: Uint8Array;
}

const stateTag = 0x20;
const generationEnd = 5;
const frameHeader = 5;

async function stateRows(path: string): Promise<readonly (readonly [kind: string, StateRow])[]> {
  const level = new Level<Buffer, Buffer>(path, { keyEncoding: "buffer", valueEncoding: "buffer" });
  try {
    const rows = await level.iterator().all();
    return rows
      .filter(([key]) => key[0] === stateTag)
      .map(([key, framed]) => [
        String.fromCharCode(key[generationEnd] ?? 0),
        {
          key: key.subarray(generationEnd + 1).toString(),
          payload: framed.subarray(frameHeader),
        },
      ]);
  } finally {
    await level.close();
  }
}
