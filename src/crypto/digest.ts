// A plain digest, for telling two public texts apart. Not a MAC, and never of a secret value.
import { createHash } from "node:crypto";
import { hex, utf8 } from "../base/bytes.ts";

/** SHA-256 in hexadecimal. */
export function digestOf(text: string): string {
  return hex(createHash("sha256").update(utf8(text)).digest());
}
