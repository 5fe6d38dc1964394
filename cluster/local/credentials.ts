// The administrator of a local fleet: a token for gRPC, an access key for the AWS endpoint.
import { createHash, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import type { Administrator } from "../../src/server/config.ts";
import { localAccount } from "./shape.ts";

export interface Credentials {
  /** `hft_<id: 22 base62>_<secret: 43 base62>_<checksum: 6 base62>` */
  readonly token: string;
  /** `HFKA` and sixteen base32 characters. */
  readonly accessKeyId: string;
  /** 30 random bytes as base64. */
  readonly secretAccessKey: string;
}

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** Fresh credentials, in the formats of security.md 4.8: their prefixes let scanners find them. */
export function mintCredentials(): Credentials {
  const body = `hft_${toBase62(randomBytes(16), 22)}_${toBase62(randomBytes(32), 43)}`;
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return {
    token: `${body}_${toBase62(checksum, 6)}`,
    accessKeyId: `HFKA${Array.from(randomBytes(16), (byte) => base32.charAt(byte & 31)).join("")}`,
    secretAccessKey: randomBytes(30).toString("base64"),
  };
}

/** What a region keeps of its administrator. */
export function administratorOf({ token, ...accessKey }: Credentials): Administrator {
  return {
    principalArn: `arn:aws:iam::${localAccount}:user/administrator`,
    tokenSha256: createHash("sha256").update(token).digest("hex"),
    ...accessKey,
  };
}

/** A number written in base 62, with leading zeros to a fixed width. */
function toBase62(bytes: Buffer, width: number): string {
  let rest = BigInt(`0x${bytes.toString("hex")}`);
  let text = "";
  while (text.length < width) {
    text = base62.charAt(Number(rest % 62n)) + text;
    rest /= 62n;
  }
  return text;
}
