// Who may speak on a connection between nodes, and what it must say first.
import type { NodeId } from "../base/ids.ts";
import { firstFeatureLevel } from "../machine/feature-level.ts";
import type { MemberAddresses } from "../machine/member-record.ts";
import { counterOf, type Fields } from "../storage/internal-codec.ts";
import { addressesFrom } from "../storage/member-fields.ts";
import type { NodeIdentity } from "../storage/recovery.ts";
import { peerProtocol } from "./peer-service.ts";

export const notANode = "the certificate is not that of a node of this cluster";

/**
 * What a node is to this one. `known`: no member as far as this node can tell, which may be behind,
 * so it is heard like one (thesis 4.1: the sender's configuration governs). `stranger`: it has a
 * certificate, and a leader that is heard says nothing of it. `removed`: it never comes back.
 */
export type CallerStanding = "member" | "known" | "stranger" | "removed";

/** Why a caller may not do what takes one of these standings. */
export function objectionToCaller(
  standingOf: (node: NodeId) => CallerStanding,
  caller: NodeId | undefined,
  wanted: readonly CallerStanding[],
): string | undefined {
  if (caller === undefined) return notANode;
  const standing = standingOf(caller);
  if (wanted.includes(standing)) return undefined;
  return standing === "removed"
    ? `node "${caller}" was removed from this region`
    : `node "${caller}" is not a node of this region`;
}

/** What a node says of itself when it calls. */
export interface PeerGreeting {
  readonly addresses: MemberAddresses;
  /** What its release knows. */
  readonly featureLevel: number;
}

/** Nothing of a node that does not say where it is reached. */
export function greetingFrom({
  addresses,
  featureLevel,
}: Fields<"Hello">): PeerGreeting | undefined {
  if (!addresses) return undefined;
  const level = counterOf(featureLevel, "a feature level");
  return { addresses: addressesFrom(addresses), featureLevel: Math.max(firstFeatureLevel, level) };
}

/** Whether a node can be reached there: three times `host:port`, as long as a name can be. */
export function isReachable({ peer, grpc, https }: MemberAddresses): boolean {
  return [peer, grpc, https].every((address) => /^\S{1,255}:\d{1,5}$/.test(address));
}

export function objectionToGreeting(
  identity: NodeIdentity,
  caller: NodeId,
  hello: Fields<"Hello"> | null | undefined,
): string | undefined {
  if (!hello) return "the first frame is not a greeting";
  if (hello.clusterId !== identity.clusterId) return `node "${caller}" is of another cluster`;
  if (hello.from !== caller) return `node "${caller}" calls itself "${hello.from ?? ""}"`;
  if (hello.to !== identity.nodeId) return `node "${caller}" means to call "${hello.to ?? ""}"`;
  if (hello.protocol !== peerProtocol) return `node "${caller}" speaks another protocol`;
  if (hello.addresses && !isReachable(addressesFrom(hello.addresses))) {
    return `node "${caller}" gives an address that is none`;
  }
  return undefined;
}
