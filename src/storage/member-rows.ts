// The rows that know the region's nodes, as bytes and back: members, removed nodes and join tokens
// in the replicated state, and the address book outside it.
import { epochMs, type NodeId } from "../base/ids.ts";
import type {
  JoinTokenRecord,
  MemberAddresses,
  MemberRecord,
  RemovedNode,
} from "../machine/member-record.ts";
import { counterOf, decodeAs, internal } from "./internal-codec.ts";
import {
  addressesFrom,
  addressesTo,
  featureLevelFrom,
  nodeFrom,
  roleFrom,
  roleTo,
} from "./member-fields.ts";
import { bytesOr } from "./message-fields.ts";

export function encodeMember(member: MemberRecord): Uint8Array {
  return internal.MemberRow.encode({
    nodeId: member.nodeId,
    addresses: addressesTo(member.addresses),
    joinedAtMs: member.joinedAt,
    intendedRole: roleTo(member.intendedRole),
    joinedWith: member.joinedWith,
    featureLevel: member.featureLevel,
  }).finish();
}

export function decodeMember(bytes: Uint8Array): MemberRecord {
  const row = decodeAs(internal.MemberRow, bytes, "a member's row");
  return {
    nodeId: nodeFrom(row.nodeId),
    addresses: addressesFrom(row.addresses),
    joinedAt: epochMs(counterOf(row.joinedAtMs, "a member's joining")),
    intendedRole: roleFrom(row.intendedRole),
    joinedWith: row.joinedWith ?? undefined,
    ...featureLevelFrom(row.featureLevel),
  };
}

export function encodeRemovedNode({ nodeId, removedAt }: RemovedNode): Uint8Array {
  return internal.RemovedNodeRow.encode({ nodeId, removedAtMs: removedAt }).finish();
}

export function decodeRemovedNode(bytes: Uint8Array): RemovedNode {
  const row = decodeAs(internal.RemovedNodeRow, bytes, "a removed node's row");
  return {
    nodeId: nodeFrom(row.nodeId),
    removedAt: epochMs(counterOf(row.removedAtMs, "a node's removal")),
  };
}

export function encodeJoinTokens(tokens: readonly JoinTokenRecord[]): Uint8Array {
  return internal.JoinTokensRow.encode({
    tokens: tokens.map(({ digest, nodeId, expiresAt, intendedRole }) => ({
      digest,
      nodeId,
      expiresAtMs: expiresAt,
      intendedRole: roleTo(intendedRole),
    })),
  }).finish();
}

export function decodeJoinTokens(bytes: Uint8Array): readonly JoinTokenRecord[] {
  const row = decodeAs(internal.JoinTokensRow, bytes, "the join tokens' row");
  return row.tokens.map((token) => ({
    digest: bytesOr(token.digest),
    nodeId: nodeFrom(token.nodeId),
    expiresAt: epochMs(counterOf(token.expiresAtMs, "a token's end")),
    intendedRole: roleFrom(token.intendedRole),
  }));
}

/** Where other nodes were when they were last heard of. */
export type AddressBook = ReadonlyMap<NodeId, MemberAddresses>;

export function encodeAddressBook(book: AddressBook): Uint8Array {
  const nodes = [...book].map(([nodeId, addresses]) => ({
    nodeId,
    addresses: addressesTo(addresses),
  }));
  return internal.AddressBookRow.encode({ nodes }).finish();
}

export function decodeAddressBook(bytes: Uint8Array): AddressBook {
  const { nodes } = decodeAs(internal.AddressBookRow, bytes, "the address book");
  return new Map(nodes.map((node) => [nodeFrom(node.nodeId), addressesFrom(node.addresses)]));
}
