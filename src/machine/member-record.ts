// What the state knows of the region's nodes besides who counts: where they are reached, who may
// join, and who must never come back.
import type { EpochMs, NodeId } from "../base/ids.ts";

/** Where one node is reached. Each `host:port`. */
export interface MemberAddresses {
  readonly peer: string;
  readonly grpc: string;
  readonly https: string;
}

/** What a learner is to become by itself once it has caught up. */
export type IntendedRole = "voter" | "learner";

/** One for each member that has told where it is; founders do so once they lead or are led. */
export interface MemberRecord {
  readonly nodeId: NodeId;
  readonly addresses: MemberAddresses;
  readonly joinedAt: EpochMs;
  readonly intendedRole: IntendedRole;
  /** Digest of the token it joined with, by which its repeated request is known; founders: none. */
  readonly joinedWith: Uint8Array | undefined;
  /** What its release has announced that it knows; absent: the first level. */
  readonly featureLevel?: number;
}

/** Stays for ever: an id whose node was removed is burned. */
export interface RemovedNode {
  readonly nodeId: NodeId;
  readonly removedAt: EpochMs;
}

/** Lets one node join, once. The token itself is nowhere but with whom it was shown to. */
export interface JoinTokenRecord {
  /** SHA-256 of the token. */
  readonly digest: Uint8Array;
  readonly nodeId: NodeId;
  readonly expiresAt: EpochMs;
  readonly intendedRole: IntendedRole;
}

/** Tokens that are neither used nor expired; each node has one at most. */
export const joinTokensMax = 100;
