// A principal as one node writes it down for another, beside a request that it hands over.
import { utf8, textOf } from "../base/bytes.ts";
import { refuseCall } from "../base/errors.ts";
import type { Principal } from "../access/principal.ts";

export function encodePrincipal({ arn, account, kind }: Principal): Uint8Array {
  return utf8(JSON.stringify({ arn, account, kind }));
}

/** Throws `malformed_request`. A kind that this node does not know is nobody it would allow. */
export function decodePrincipal(bytes: Uint8Array): Principal {
  const principal = parsed(bytes);
  if (!isPrincipal(principal)) {
    throw refuseCall("malformed_request", { reason: "A handed request names no principal." });
  }
  const { arn, account, kind } = principal;
  return { arn, account, kind };
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(textOf(bytes) ?? "");
  } catch {
    // Not JSON: nobody, which the caller refuses.
    return undefined;
  }
}

function isPrincipal(value: unknown): value is Principal {
  if (typeof value !== "object" || value === null) return false;
  const fields = value as Readonly<Record<string, unknown>>;
  return ["arn", "account", "kind"].every((name) => typeof fields[name] === "string");
}
