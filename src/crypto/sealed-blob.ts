// The format of everything that is sealed: HFV1. NaCl's secretbox knows neither associated data nor
// key commitment, so both come from here: a fresh key per blob, derived from the context, and a MAC
// over header and context that is checked before the box is opened.
//
//   "HFV1" | algorithm u8 | keyRef length u8 | keyRef | salt 32 | nonce 24 | commitment 32 | box
//
//   box key ‖ commitment key = HKDF-SHA-256(key, salt, context, 64)
//                              with "holdfast/v1/long-context" ‖ 0 ‖ SHA-256(context) in place of
//                              a context of more than 1024 bytes
//   commitment               = HMAC-SHA-256(commitment key, everything before it ‖ context)
import { createHash, createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import nacl from "tweetnacl";
import { assert } from "../base/assert.ts";
import { concat, hasSameBytes, textOf, utf8 } from "../base/bytes.ts";
import type { Entropy } from "../base/entropy.ts";
import { OpenError } from "./open-error.ts";
import { labelOf, purposes } from "./purpose.ts";
import { keyBytes, type SecretKey } from "./secret-key.ts";

const magic = utf8("HFV1");
/** HKDF-SHA-256, XSalsa20-Poly1305, HMAC-SHA-256. The only one there is. */
const algorithm = 1;

const saltBytes = 32;
const nonceBytes = nacl.secretbox.nonceLength;
const commitmentBytes = 32;
const keyRefAt = magic.length + 2;
/** What a key reference may hold: a UUID, `#` and a version have ample room. */
const keyRefPattern = /^[\x21-\x7e]{1,64}$/;
/** What Node's HKDF takes as `info`. A longer context goes into it as its digest. */
const maxInfoBytes = 1024;

export interface Sealing {
  readonly key: SecretKey;
  /** Names the key to whoever opens the blob later. Not secret; authenticated. */
  readonly keyRef: string;
  /** What the blob belongs to: see context.ts. */
  readonly context: Uint8Array;
  /** Stays the caller's, who wipes it. */
  readonly plaintext: Uint8Array;
}

export function seal(sealing: Sealing, entropy: Entropy): Uint8Array {
  const { key, keyRef, context, plaintext } = sealing;
  assert(keyRefPattern.test(keyRef), "a key reference is 1 to 64 printable characters");
  const salt = entropy.bytes(saltBytes);
  const nonce = entropy.bytes(nonceBytes);
  const header = concat([
    magic,
    Uint8Array.of(algorithm, keyRef.length),
    utf8(keyRef),
    salt,
    nonce,
  ]);

  using keys = deriveKeys(key, salt, context);
  const box = nacl.secretbox(plaintext, nonce, keys.box);
  return concat([header, commitment(keys, header, context), box]);
}

/**
 * Gives back fresh bytes that the caller owns and wipes.
 *
 * Throws `OpenError`, and nothing else, whatever the bytes are.
 */
export function open(key: SecretKey, context: Uint8Array, blob: Uint8Array): Uint8Array {
  const { header, salt, nonce, committed, box } = parse(blob);

  using keys = deriveKeys(key, salt, context);
  if (!timingSafeEqual(commitment(keys, header, context), committed)) {
    throw new OpenError("not_authentic");
  }
  const opened = nacl.secretbox.open(box, nonce, keys.box);
  if (opened === null) throw new OpenError("not_authentic");

  // What nacl gives is a window into a larger buffer, of which all is wiped.
  const plaintext = Uint8Array.from(opened);
  new Uint8Array(opened.buffer).fill(0);
  return plaintext;
}

/** The key that a blob says it was sealed with: a claim, until the blob is opened with that key. */
export function keyRefOf(blob: Uint8Array): string {
  return parse(blob).keyRef;
}

interface BlobParts {
  readonly keyRef: string;
  readonly header: Uint8Array;
  readonly salt: Uint8Array;
  readonly nonce: Uint8Array;
  readonly committed: Uint8Array;
  readonly box: Uint8Array;
}

function parse(blob: Uint8Array): BlobParts {
  if (!hasSameBytes(blob.subarray(0, magic.length), magic)) throw new OpenError("malformed");
  if (blob[magic.length] !== algorithm) throw new OpenError("malformed");

  const saltAt = keyRefAt + (blob[keyRefAt - 1] ?? 0);
  const nonceAt = saltAt + saltBytes;
  const commitmentAt = nonceAt + nonceBytes;
  const boxAt = commitmentAt + commitmentBytes;
  if (blob.length < boxAt + nacl.secretbox.overheadLength) throw new OpenError("malformed");

  const keyRef = textOf(blob.subarray(keyRefAt, saltAt));
  if (keyRef === undefined || !keyRefPattern.test(keyRef)) throw new OpenError("malformed");
  return {
    keyRef,
    header: blob.subarray(0, commitmentAt),
    salt: blob.subarray(saltAt, nonceAt),
    nonce: blob.subarray(nonceAt, commitmentAt),
    committed: blob.subarray(commitmentAt, boxAt),
    box: blob.subarray(boxAt),
  };
}

interface BlobKeys extends Disposable {
  readonly box: Uint8Array;
  readonly commitment: Uint8Array;
}

function deriveKeys(key: SecretKey, salt: Uint8Array, context: Uint8Array): BlobKeys {
  const derived = new Uint8Array(
    hkdfSync("sha256", key.reveal(), salt, infoOf(context), 2 * keyBytes),
  );
  return {
    box: derived.subarray(0, keyBytes),
    commitment: derived.subarray(keyBytes),
    [Symbol.dispose]: () => derived.fill(0),
  };
}

/**
 * The context itself, if it fits: all that was ever sealed in a shorter one stays as it is. The
 * digest stands behind a label of its own, which no purpose has, so it can be no context.
 */
function infoOf(context: Uint8Array): Uint8Array {
  if (context.length <= maxInfoBytes) return context;
  const digest = createHash("sha256").update(context).digest();
  return concat([utf8(labelOf(purposes.longContext)), Uint8Array.of(0), digest]);
}

function commitment(keys: BlobKeys, header: Uint8Array, context: Uint8Array): Uint8Array {
  return createHmac("sha256", keys.commitment).update(header).update(context).digest();
}
