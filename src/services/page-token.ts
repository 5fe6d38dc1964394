// Where a listing goes on, as a token that only this region can have made, good for the same
// listing by the same principal, for an hour.
import { textOf, utf8 } from "../base/bytes.ts";
import { refuseCall } from "../base/errors.ts";
import { digestOf } from "../crypto/digest.ts";
import { OpenError } from "../crypto/open-error.ts";
import type { OperationCall } from "./operation-call.ts";
import type { OperationName } from "./operations/operations.ts";

/** A listing: everything that decides what its pages hold. The size of a page does not. */
export interface Listing {
  readonly operation: OperationName;
  /** As it goes into JSON; members in one order. */
  readonly query: unknown;
}

const lifetimeMs = 3_600_000;

interface TokenContent {
  /** Digest of operation, principal and query: a query can be longer than a token. */
  readonly listing: string;
  readonly expiresAt: number;
  readonly position: unknown;
}

export function sealPosition(call: OperationCall, listing: Listing, position: unknown): string {
  const content: TokenContent = {
    listing: digestOfListing(call, listing),
    expiresAt: call.parts.clock.now() + lifetimeMs,
    position,
  };
  return call.keyring.sealPageToken(utf8(JSON.stringify(content)));
}

/**
 * The position in a token, or nothing for the first page. Throws `invalid_next_token` for a token
 * that was altered, is too old, or belongs to another listing or principal.
 *
 * What comes back is what `sealPosition` was given for the same operation.
 */
export function openPosition(
  call: OperationCall,
  listing: Listing,
  token: string | undefined,
): unknown {
  if (token === undefined) return undefined;
  const content = openContent(call, token);
  const isOurs = content.listing === digestOfListing(call, listing);
  if (!isOurs || call.parts.clock.now() >= content.expiresAt) {
    throw refuseCall("invalid_next_token", {});
  }
  return content.position;
}

function openContent({ keyring }: OperationCall, token: string): TokenContent {
  try {
    // Authentic bytes are ones that this region wrote.
    return JSON.parse(textOf(keyring.openPageToken(token)) ?? "") as TokenContent;
  } catch (error) {
    if (error instanceof OpenError) throw refuseCall("invalid_next_token", {});
    throw error;
  }
}

function digestOfListing({ caller }: OperationCall, { operation, query }: Listing): string {
  return digestOf(JSON.stringify([operation, caller.principal.arn, query]));
}
