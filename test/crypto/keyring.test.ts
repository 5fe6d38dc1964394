import assert from "node:assert/strict";
import { inspect } from "node:util";
import { describe, it } from "mocha";
import { storedSecretArn } from "../../src/base/arn.ts";
import { hasSameBytes, hex, textOf, utf8 } from "../../src/base/bytes.ts";
import { clusterId, epochMs } from "../../src/base/ids.ts";
import { Plaintext } from "../../src/base/plaintext.ts";
import {
  KeyringError,
  type KeyringFailure,
  type KeyringFields,
} from "../../src/crypto/keyring-fields.ts";
import type { Keyring, ValueHome } from "../../src/crypto/keyring.ts";
import { createKeyring, openKeyring } from "../../src/crypto/open-keyring.ts";
import { OpenError } from "../../src/crypto/open-error.ts";
import { keyRefOf } from "../../src/crypto/sealed-blob.ts";
import { SecretKey } from "../../src/crypto/secret-key.ts";
import type { KeyringRecord } from "../../src/keys/keyring-record.ts";
import { numberedEntropy } from "../support/numbered-entropy.ts";
import { goldenKeyring, goldenValue } from "./fixtures/hfv1-keyring.ts";

const home = { clusterId: clusterId("cluster-1"), region: "us-east-1" };
const db: ValueHome = {
  arn: storedSecretArn("arn:aws:secretsmanager:us-east-1:000000000000:secret:db-AbCdEf"),
  versionId: "11111111-2222-4333-8444-555555555555",
  kind: "string",
};
const changedHomes: Record<string, ValueHome> = {
  "another secret": { ...db, arn: storedSecretArn(`${db.arn.slice(0, -1)}g`) },
  "another version": { ...db, versionId: db.versionId.replace("1", "2") },
  "the other kind": { ...db, kind: "binary" },
};

describe("Keyring.sealValue and openValue", () => {
  it("give back the value", () => {
    const ring = keyring();

    for (const text of ["hunter2", "", "x".repeat(65_536)]) {
      using opened = ring.openValue(db, ring.sealValue(db, plaintext(text)));
      assert.equal(textOf(opened.reveal()), text);
    }
  });

  it("give back the value of the version with the longest names that are legal", () => {
    const identifier = "r".repeat(64);
    const region = { clusterId: clusterId(identifier), region: identifier };
    const record = createKeyring({ ...region, ...creation() });
    const ring = openKeyring({
      ...region,
      unsealKey: unseal(),
      record,
      entropy: opening().entropy,
    });
    const prefix = `arn:aws:secretsmanager:${identifier}:000000000000:secret:`;
    const longest: ValueHome = {
      arn: storedSecretArn(`${prefix}${"n".repeat(512)}-AbCdEf`),
      versionId: "😀".repeat(64),
      kind: "binary",
    };

    using opened = ring.openValue(longest, ring.sealValue(longest, plaintext("hunter2")));

    assert.equal(textOf(opened.reveal()), "hunter2");
    const other = { ...longest, versionId: `${"😀".repeat(63)}😁` };
    assert.throws(() => ring.openValue(other, ring.sealValue(longest, plaintext("x"))), OpenError);
  });

  it("name the version of the default key in the value, in its data key and beside them", () => {
    const ring = keyring();

    const { keyRef, sealedValue, sealedDataKey } = ring.sealValue(db, plaintext("hunter2"));

    assert.equal(keyRef, `${ring.defaultKeyId}#1`);
    assert.equal(keyRefOf(sealedValue), keyRef);
    assert.equal(keyRefOf(sealedDataKey), keyRef);
  });

  it("hide the length of short values", () => {
    const ring = keyring();

    const lengths = ["", "a", "x".repeat(60)].map(
      (text) => ring.sealValue(db, plaintext(text)).sealedValue.length,
    );

    assert.equal(new Set(lengths).size, 1);
  });

  it("use a fresh data key each time", () => {
    const ring = keyring();
    const one = ring.sealValue(db, plaintext("hunter2"));
    const other = ring.sealValue(db, plaintext("hunter2"));

    const mixed = { sealedValue: one.sealedValue, sealedDataKey: other.sealedDataKey };

    assert.throws(() => ring.openValue(db, mixed), OpenError);
  });

  for (const [name, elsewhere] of Object.entries(changedHomes)) {
    it(`refuse a value that was sealed for ${name}`, () => {
      const ring = keyring();
      const sealed = ring.sealValue(elsewhere, plaintext("hunter2"));

      assert.throws(() => ring.openValue(db, sealed), OpenError);
    });
  }

  it("refuse a value of another version together with its own data key", () => {
    const ring = keyring();
    const ours = ring.sealValue(db, plaintext("hunter2"));
    const theirs = ring.sealValue({ ...db, versionId: "v2".repeat(16) }, plaintext("swordfish"));

    const values = { sealedValue: theirs.sealedValue, sealedDataKey: ours.sealedDataKey };
    const dataKeys = { sealedValue: ours.sealedValue, sealedDataKey: theirs.sealedDataKey };

    assert.throws(() => ring.openValue(db, values), OpenError);
    assert.throws(() => ring.openValue(db, dataKeys), OpenError);
  });

  it("refuse what another cluster or another region sealed with the same keys", () => {
    const sealed = keyring().sealValue(db, plaintext("hunter2"));
    const others = [
      { ...home, clusterId: clusterId("cluster-2") },
      { ...home, region: "eu-west-1" },
    ];

    for (const other of others) {
      const record = createKeyring({ ...other, ...creation() });
      const theirs = openKeyring({ ...other, ...opening(), record });
      assert.throws(() => theirs.openValue(db, sealed), OpenError);
    }
  });

  it("refuse bytes that are no blob, and name an unknown key", () => {
    const ring = keyring();
    const sealed = ring.sealValue(db, plaintext("hunter2"));
    const unknownKey = Uint8Array.from(sealed.sealedDataKey);
    unknownKey[6] = "z".charCodeAt(0);

    for (const sealedDataKey of [unknownKey, new Uint8Array(0), utf8("HFV1")]) {
      assert.throws(() => ring.openValue(db, { ...sealed, sealedDataKey }), OpenError);
    }
    const noValue = { ...sealed, sealedValue: new Uint8Array(0) };
    assert.throws(() => ring.openValue(db, noValue), OpenError);
  });

  it("take the longest names that there are", () => {
    const ring = keyring();
    const arn = storedSecretArn(
      `arn:aws:secretsmanager:us-east-1:000000000000:secret:${"n".repeat(512)}-AbCdEf`,
    );
    // A token has up to 64 characters of up to three bytes.
    const long: ValueHome = { arn, versionId: "語".repeat(64), kind: "binary" };

    using opened = ring.openValue(long, ring.sealValue(long, plaintext("hunter2")));

    assert.equal(textOf(opened.reveal()), "hunter2");
  });

  it("leave the plaintext to the caller", () => {
    const value = plaintext("hunter2");

    keyring().sealValue(db, value);

    assert.equal(textOf(value.reveal()), "hunter2");
  });
});

describe("Keyring.fingerprint", () => {
  const retry = { name: "db", versionId: db.versionId, kind: "string" } as const;

  it("is the same for a retry, on every node that opened the keyring", () => {
    const one = keyring().fingerprint(retry, plaintext("hunter2"));
    const other = keyring().fingerprint(retry, plaintext("hunter2"));

    assert.equal(one.length, 32);
    assert.ok(hasSameBytes(one, other));
  });

  it("differs in value, name, version and kind", () => {
    const ring = keyring();
    const digests = [
      ring.fingerprint(retry, plaintext("hunter2")),
      ring.fingerprint(retry, plaintext("hunter3")),
      ring.fingerprint({ ...retry, name: "other" }, plaintext("hunter2")),
      ring.fingerprint({ ...retry, versionId: "other" }, plaintext("hunter2")),
      ring.fingerprint({ ...retry, kind: "binary" }, plaintext("hunter2")),
    ].map(hex);

    assert.equal(new Set(digests).size, digests.length);
  });

  it("differs between regions, because each has a key of its own", () => {
    const other = openKeyring({
      ...home,
      ...opening(),
      record: createKeyring({ ...home, ...creation("another draw") }),
    });

    const here = keyring().fingerprint(retry, plaintext("hunter2"));
    const there = other.fingerprint(retry, plaintext("hunter2"));

    assert.ok(!hasSameBytes(here, there));
  });
});

describe("Keyring.sealPageToken and openPageToken", () => {
  it("give back the content in characters that survive a URL", () => {
    const ring = keyring();

    const token = ring.sealPageToken(utf8("go on at 17"));

    assert.match(token, /^[A-Za-z0-9_-]+$/);
    assert.equal(textOf(ring.openPageToken(token)), "go on at 17");
  });

  it("refuse a token with any character changed, added or taken away", () => {
    const ring = keyring();
    const token = ring.sealPageToken(utf8("go on at 17"));

    for (let at = 0; at < token.length; at += 1) {
      const changed = token[at] === "A" ? "B" : "A";
      const altered = token.slice(0, at) + changed + token.slice(at + 1);
      assert.throws(() => ring.openPageToken(altered), OpenError, `character ${at}`);
    }
    for (const altered of [`${token}A`, token.slice(0, -1), `${token}=`, ` ${token}`, "", "é"]) {
      assert.throws(() => ring.openPageToken(altered), OpenError);
    }
  });
});

describe("createKeyring and openKeyring", () => {
  it("make a record of the shape that the replicated state holds", () => {
    const record: KeyringRecord = createKeyring({ ...home, ...creation() });

    assert.equal(record.defaultKey.createdAt, 1_000);
    assert.deepEqual(
      record.defaultKey.versions.map(({ version }) => version),
      [1],
    );
  });

  it("leave the unseal key to the caller", () => {
    const unsealKey = unseal();

    const record = createKeyring({ ...home, ...creation(), unsealKey });
    using ring = openKeyring({ ...home, ...opening(), unsealKey, record });

    assert.ok(ring.defaultKeyId.length > 0);
    assert.ok(unsealKey.reveal().every((byte) => byte === 9));
  });

  it("tell a wrong unseal key from a damaged record", () => {
    const record = createKeyring({ ...home, ...creation() });
    const wrong = SecretKey.take(new Uint8Array(32).fill(8));

    const open = (): Keyring => openKeyring({ ...home, ...opening(), unsealKey: wrong, record });

    assert.throws(open, failsAs("wrong_unseal_key"));
  });

  const record = createKeyring({ ...home, ...creation() });
  const damage: Record<string, KeyringFields> = {
    "a root key": { ...record, sealedRootKey: flipped(record.sealedRootKey) },
    "a fingerprint key": { ...record, sealedFingerprintKey: flipped(record.sealedFingerprintKey) },
    "a page token key": { ...record, sealedPageTokenKey: flipped(record.sealedPageTokenKey) },
    "keys that changed places": {
      ...record,
      sealedFingerprintKey: record.sealedPageTokenKey,
      sealedPageTokenKey: record.sealedFingerprintKey,
    },
    "key material": withVersions(
      record.defaultKey.versions.map((version) => ({
        ...version,
        sealedMaterial: flipped(version.sealedMaterial),
      })),
    ),
    "a renumbered key version": withVersions(
      record.defaultKey.versions.map((version) => ({ ...version, version: 2 })),
    ),
    "no key version": withVersions([]),
    "a renamed key": { ...record, defaultKey: { ...record.defaultKey, keyId: "other" } },
    "a commitment cut short": { ...record, unsealCommitment: record.unsealCommitment.slice(1) },
  };
  for (const [name, damaged] of Object.entries(damage)) {
    it(`call ${name} a damaged record`, () => {
      const open = (): Keyring => openKeyring({ ...home, ...opening(), record: damaged });

      assert.throws(open, failsAs("damaged_record"));
    });
  }

  it("open a record only in the cluster and the region it was made for", () => {
    const others = [
      { ...home, clusterId: clusterId("cluster-2") },
      { ...home, region: "eu-west-1" },
    ];

    for (const other of others) {
      const open = (): Keyring => openKeyring({ ...other, ...opening(), record });
      assert.throws(open, failsAs("damaged_record"));
    }
  });

  it("hold no key in the clear", () => {
    const entropy = numberedEntropy("keys");
    const drawn: string[] = [];
    const watched = {
      ...entropy,
      bytes: (count: number) => {
        const bytes = entropy.bytes(count);
        if (count === 32) drawn.push(hex(bytes));
        return bytes;
      },
    };

    const made = createKeyring({ ...home, ...creation(), entropy: watched });

    // Salts are 32 bytes too, and are in the record; the keys are the draws that are not.
    const written = [
      made.sealedRootKey,
      made.sealedFingerprintKey,
      made.sealedPageTokenKey,
      ...made.defaultKey.versions.map(({ sealedMaterial }) => sealedMaterial),
    ].map(hex);
    const inTheClear = drawn.filter((bytes) => written.some((blob) => blob.includes(bytes)));
    assert.equal(drawn.length, 8);
    assert.equal(inTheClear.length, 4);
  });
});

describe("the formats of the keyring", () => {
  it("still open, value and fingerprint too, what was sealed when they were made", () => {
    const { createdAt, keyId, sealedMaterial, unsealKeyHex, ...golden } = goldenKeyring;
    const at = epochMs(createdAt);
    const record: KeyringFields = {
      ...golden,
      defaultKey: {
        keyId,
        createdAt: at,
        versions: [{ version: 1, createdAt: at, sealedMaterial }],
      },
    };
    const unsealKey = SecretKey.take(Uint8Array.from(Buffer.from(unsealKeyHex, "hex")));
    const { arn, name, versionId, kind } = goldenValue;

    using ring = openKeyring({
      ...opening(),
      clusterId: clusterId(golden.clusterId),
      region: golden.region,
      unsealKey,
      record,
    });
    using opened = ring.openValue({ arn: storedSecretArn(arn), versionId, kind }, goldenValue);
    const fingerprint = ring.fingerprint({ name, versionId, kind }, opened);

    assert.equal(textOf(opened.reveal()), goldenValue.plaintext);
    assert.equal(hex(fingerprint), hex(goldenValue.fingerprint));
  });
});

describe("an open Keyring", () => {
  it("cannot be printed", () => {
    const ring = keyring();

    const printed = inspect(ring, { depth: Infinity, showHidden: true }) + JSON.stringify({ ring });

    assert.equal(printed, `[keyring]{"ring":"[keyring]"}`);
  });

  it("does nothing more once it was disposed of", () => {
    const ring = keyring();
    const sealed = ring.sealValue(db, plaintext("hunter2"));
    const token = ring.sealPageToken(utf8("x"));

    ring[Symbol.dispose]();

    assert.throws(() => ring.sealValue(db, plaintext("hunter2")), /a wiped key is not used/);
    assert.throws(() => ring.openValue(db, sealed), /a wiped key is not used/);
    assert.throws(() => ring.openPageToken(token), /a wiped key is not used/);
  });

  it("prints nothing of a value or a key in its errors", () => {
    const ring = keyring();
    const sealed = ring.sealValue(db, plaintext("hunter2"));
    const damaged = { ...sealed, sealedValue: flipped(sealed.sealedValue) };

    assert.throws(
      () => ring.openValue(db, damaged),
      (error) => {
        const printed = inspect(error, { depth: Infinity, showHidden: true });
        return error instanceof OpenError && !printed.includes("hunter2");
      },
    );
  });
});

function keyring(): Keyring {
  return openKeyring({
    ...home,
    ...opening(),
    record: createKeyring({ ...home, ...creation() }),
  });
}

function unseal(): SecretKey {
  return SecretKey.take(new Uint8Array(32).fill(9));
}

function creation(seed = "creation") {
  return { unsealKey: unseal(), now: epochMs(1_000), entropy: numberedEntropy(seed) };
}

function opening() {
  return { unsealKey: unseal(), entropy: numberedEntropy("opening") };
}

function plaintext(text: string): Plaintext {
  return Plaintext.take(utf8(text));
}

function flipped(bytes: Uint8Array): Uint8Array {
  const altered = Uint8Array.from(bytes);
  altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1;
  return altered;
}

function withVersions(versions: KeyringFields["defaultKey"]["versions"]): KeyringFields {
  const record = createKeyring({ ...home, ...creation() });
  return { ...record, defaultKey: { ...record.defaultKey, versions } };
}

function failsAs(failure: KeyringFailure): (error: unknown) => boolean {
  return (error) => error instanceof KeyringError && error.failure === failure;
}
