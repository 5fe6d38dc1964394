import assert from "node:assert/strict";
import { inspect } from "node:util";
import { describe, it } from "mocha";
import { hex, textOf, utf8 } from "../../src/base/bytes.ts";
import { systemEntropy } from "../../src/base/entropy.ts";
import { contextOf } from "../../src/crypto/context.ts";
import { OpenError, type OpenFailure } from "../../src/crypto/open-error.ts";
import { purposes } from "../../src/crypto/purpose.ts";
import { keyRefOf, open, seal } from "../../src/crypto/sealed-blob.ts";
import { SecretKey } from "../../src/crypto/secret-key.ts";
import { numberedEntropy } from "../support/numbered-entropy.ts";
import { goldenBlob } from "./fixtures/hfv1-blob.ts";

const fields: readonly string[] = ["cluster", "us-east-1", "arn:db", "v1", "string", "key", "1"];
const context = contextOf(purposes.secretValue, fields);
const headerBytes = 4 + 1 + 1 + "key#1".length;

describe("seal and open", () => {
  it("give back what was sealed", () => {
    for (const length of [0, 1, 64, 65_536]) {
      const plaintext = systemEntropy.bytes(length);

      const opened = open(key(), context, sealed(plaintext));

      assert.deepEqual(opened, plaintext);
    }
  });

  it("give back bytes that are no window into a larger buffer", () => {
    const opened = open(key(), context, sealed());

    assert.equal(opened.buffer.byteLength, opened.length);
  });

  it("leave the plaintext and the key to the caller", () => {
    const plaintext = utf8("hunter2");
    const sealing = key();

    seal({ key: sealing, keyRef: "key#1", context, plaintext }, systemEntropy);

    assert.equal(textOf(plaintext), "hunter2");
    assert.ok(sealing.reveal().every((byte) => byte === 5));
  });

  it("write down which key they used", () => {
    assert.equal(keyRefOf(sealed()), "key#1");
  });

  it("never use a salt, a nonce or a commitment twice", () => {
    const seen = new Set<string>();
    const count = 500;

    for (let made = 0; made < count; made += 1) {
      const blob = sealed();
      seen.add(hex(blob.subarray(headerBytes, headerBytes + 32)));
      seen.add(hex(blob.subarray(headerBytes + 32, headerBytes + 56)));
      seen.add(hex(blob.subarray(headerBytes + 56, headerBytes + 88)));
    }

    assert.equal(seen.size, 3 * count);
  });

  it("show nothing of the plaintext", () => {
    const blob = Buffer.from(sealed(utf8("hunter2-hunter2-hunter2")));

    assert.ok(!blob.includes("hunter2"));
  });
});

describe("open: what was altered", () => {
  it("refuses a blob with any one bit flipped", () => {
    const blob = sealed();

    for (let bit = 0; bit < 8 * blob.length; bit += 1) {
      const altered = Uint8Array.from(blob);
      altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.throws(() => open(key(), context, altered), OpenError, `bit ${bit}`);
    }
  });

  it("refuses a blob cut short anywhere, or with bytes after it", () => {
    const blob = sealed();

    for (let length = 0; length < blob.length; length += 1) {
      assert.throws(() => open(key(), context, blob.subarray(0, length)), OpenError);
    }
    assert.throws(() => open(key(), context, Buffer.concat([blob, Buffer.of(0)])), OpenError);
  });

  it("refuses a context with any one field changed", () => {
    const blob = sealed();

    for (const [at] of fields.entries()) {
      const changed = fields.with(at, `${fields[at] ?? ""}x`);
      const other = contextOf(purposes.secretValue, changed);
      assert.throws(() => open(key(), other, blob), failsAs("not_authentic"), fields[at]);
    }
  });

  it("refuses a shifted field boundary, a field too few and a field too many", () => {
    const shifted = ["clusteru", "s-east-1", ...fields.slice(2)];

    for (const other of [shifted, fields.slice(0, -1), [...fields, ""]]) {
      const wrong = contextOf(purposes.secretValue, other);
      assert.throws(() => open(key(), wrong, sealed()), failsAs("not_authentic"));
    }
  });

  it("refuses every other label", () => {
    for (const purpose of Object.values(purposes)) {
      if (purpose === purposes.secretValue) continue;
      const wrong = contextOf(purpose, fields);
      assert.throws(() => open(key(), wrong, sealed()), failsAs("not_authentic"), purpose);
    }
  });

  it("refuses another key", () => {
    const other = SecretKey.take(new Uint8Array(32).fill(6));

    assert.throws(() => open(other, context, sealed()), failsAs("not_authentic"));
  });

  it("opens in a context of any length, and refuses one with its last byte changed", () => {
    for (const length of [1_023, 1_024, 1_025, 5_000]) {
      const long = new Uint8Array(length).fill(7);
      const plaintext = utf8("hunter2");
      const blob = seal({ key: key(), keyRef: "key#1", context: long, plaintext }, systemEntropy);
      const changed = Uint8Array.from(long);
      changed[length - 1] = 8;

      assert.equal(textOf(open(key(), long, blob)), "hunter2");
      assert.throws(() => open(key(), changed, blob), failsAs("not_authentic"));
    }
  });

  // secretbox alone is not key-committing: the box may be authentic under a key that the
  // commitment does not name.
  it("refuses a commitment of another blob, though the box itself is authentic", () => {
    const blob = sealed();
    const other = sealed();

    blob.set(other.subarray(headerBytes + 56, headerBytes + 88), headerBytes + 56);

    assert.throws(() => open(key(), context, blob), failsAs("not_authentic"));
  });
});

describe("open: what is no blob", () => {
  const keyRefOfZero = Uint8Array.from(sealed());
  keyRefOfZero[5] = 0;
  const unknownAlgorithm = Uint8Array.from(sealed());
  unknownAlgorithm[4] = 2;
  const keyRefBeyondTheEnd = Uint8Array.from(sealed());
  keyRefBeyondTheEnd[5] = 255;
  const keyRefNotText = Uint8Array.from(sealed());
  keyRefNotText[6] = 0xff;
  const garbage: Record<string, Uint8Array> = {
    nothing: new Uint8Array(0),
    "one byte": Uint8Array.of(0x48),
    "zeros of a plausible length": new Uint8Array(300),
    "the magic alone": utf8("HFV1"),
    "another magic": utf8("HFV2".padEnd(300, "x")),
    "an empty key reference": keyRefOfZero,
    "an unknown algorithm": unknownAlgorithm,
    "a key reference beyond the end": keyRefBeyondTheEnd,
    "a key reference that is no text": keyRefNotText,
  };
  for (const [name, bytes] of Object.entries(garbage)) {
    it(`calls ${name} malformed`, () => {
      assert.throws(() => open(key(), context, bytes), failsAs("malformed"));
      assert.throws(() => keyRefOf(bytes), failsAs("malformed"));
    });
  }

  it("throws nothing but OpenError, whatever the bytes", () => {
    const entropy = numberedEntropy("garbage");
    const blob = sealed();

    for (let attempt = 0; attempt < 2_000; attempt += 1) {
      const bytes = Uint8Array.from(blob.subarray(0, entropy.below(blob.length + 1)));
      for (let edits = entropy.below(6); edits >= 0; edits -= 1) {
        if (bytes.length > 0) bytes[entropy.below(bytes.length)] = entropy.below(256);
      }
      try {
        open(key(), context, bytes);
      } catch (error) {
        assert.ok(error instanceof OpenError);
        continue;
      }
      assert.deepEqual(bytes, blob);
    }
  });

  it("says nothing of the bytes it could not open", () => {
    const blob = sealed(utf8("hunter2"));
    blob[blob.length - 1] = (blob.at(-1) ?? 0) ^ 1;

    assert.throws(
      () => open(key(), context, blob),
      (error) => {
        const printed = inspect(error, { depth: Infinity }) + JSON.stringify(error);
        return !printed.includes("hunter2") && !printed.includes(hex(blob).slice(-16));
      },
    );
  });
});

describe("the HFV1 format", () => {
  it("still opens what was sealed when it was made", () => {
    using goldenKey = SecretKey.take(Uint8Array.from(Buffer.from(goldenBlob.keyHex, "hex")));
    const goldenContext = contextOf(goldenBlob.purpose, goldenBlob.fields);

    const opened = open(goldenKey, goldenContext, Buffer.from(goldenBlob.blobHex, "hex"));

    assert.equal(textOf(opened), goldenBlob.plaintext);
  });

  it("still seals the same bytes from the same draws", () => {
    using goldenKey = SecretKey.take(Uint8Array.from(Buffer.from(goldenBlob.keyHex, "hex")));
    const { keyRef, plaintext, entropySeed } = goldenBlob;

    const blob = seal(
      {
        key: goldenKey,
        keyRef,
        context: contextOf(goldenBlob.purpose, goldenBlob.fields),
        plaintext: utf8(plaintext),
      },
      numberedEntropy(entropySeed),
    );

    assert.equal(hex(blob), goldenBlob.blobHex);
  });
});

describe("SecretKey", () => {
  it("cannot be printed, and cannot be used once wiped", () => {
    const bytes = new Uint8Array(32).fill(0xab);
    const secret = SecretKey.take(bytes);

    const printed = [String(secret), JSON.stringify({ secret }), inspect(secret)].join();
    secret[Symbol.dispose]();

    assert.ok(!printed.includes("171") && !printed.includes("ab"));
    assert.ok(bytes.every((byte) => byte === 0));
    assert.throws(() => secret.reveal(), /a wiped key is not used/);
  });
});

function key(): SecretKey {
  return SecretKey.take(new Uint8Array(32).fill(5));
}

function sealed(plaintext = utf8("hunter2")): Uint8Array {
  return seal({ key: key(), keyRef: "key#1", context, plaintext }, systemEntropy);
}

function failsAs(failure: OpenFailure): (error: unknown) => boolean {
  return (error) => error instanceof OpenError && error.failure === failure;
}
