// What a new node does before it has any data: asks to be let in, at any member it was told of,
// until one answers for certain.
import { Metadata, status, type ServiceError } from "@grpc/grpc-js";
import { backoffMs } from "../base/backoff.ts";
import { RefusedError, type Refusal, type RefusalCode } from "../base/errors.ts";
import type { NodeId } from "../base/ids.ts";
import type { MemberAddresses } from "../machine/member-record.ts";
import { addressesFrom, addressesTo, nodeFrom } from "../storage/member-fields.ts";
import type { NodeIdentity } from "../storage/recovery.ts";
import { refusalFrom } from "./hand-over.ts";
import { anyNodeCredentials, type PeerCertificates } from "./peer-identity.ts";
import { answerOf, peerClient } from "./peer-link.ts";
import type { JoinReply } from "./peer-service.ts";

export interface JoinOptions {
  readonly identity: NodeIdentity;
  readonly certificates: PeerCertificates;
  /** As it was shown to whoever invited this node. */
  readonly token: string;
  /** Peer addresses of members, `host:port`: any will do, and the more the better. */
  readonly through: readonly string[];
  /** Where this node will be reached. */
  readonly addresses: MemberAddresses;
  readonly monotonicMs: () => number;
  /** Tried until then; `Infinity`: until it is let in, or refused for certain. */
  readonly deadlineMs: number;
  readonly pause: (ms: number) => Promise<void>;
  /** A number in `[0, 1)`. */
  readonly draw: () => number;
  /** Something did not work this time, and is tried again. */
  readonly onTrouble: (address: string, reason: string) => void;
}

/** Who else is in the region, for `RaftNodeParts.peers`. */
export type KnownPeers = readonly { readonly id: NodeId; readonly address: string }[];

const attemptMs = 5_000;
const backoff = { firstMs: 200, mostMs: 3_000 };

/** Nothing was done, or it can be asked for again with the same token. */
const passing: ReadonlySet<RefusalCode> = new Set([
  "no_leader",
  "membership_changing",
  "outcome_unknown",
  "timed_out",
  "overloaded",
]);

/**
 * Resolves when this node is a learner of the region: it may open its data then, with founders that
 * have no voter. Repeated by the same node with the same token it resolves again, as long as the
 * node has not come to anything.
 *
 * Throws the `RefusedError` of a definite refusal (`join_token_refused`, `node_id_used`,
 * `node_removed`, `access_denied` where nobody takes this node for one of the cluster), and
 * `timed_out` after the deadline.
 */
export async function joinRegion(options: JoinOptions): Promise<KnownPeers> {
  for (let attempt = 1; ; attempt += 1) {
    for (const address of options.through) {
      const peers = await tryAt(options, address);
      if (peers !== undefined) return peers;
    }
    const waitMs = backoffMs(backoff, attempt, options.draw());
    if (options.monotonicMs() + waitMs >= options.deadlineMs) {
      throw new RefusedError({ code: "timed_out", facts: {} });
    }
    await options.pause(waitMs);
  }
}

async function tryAt(options: JoinOptions, address: string): Promise<KnownPeers | undefined> {
  let reply: JoinReply;
  try {
    reply = await ask(options, address);
  } catch (error) {
    const { code, details } = error as Partial<ServiceError>;
    if (code === status.PERMISSION_DENIED) {
      throw new RefusedError(notTaken(options), { cause: error });
    }
    options.onTrouble(address, details ?? String(error));
    return undefined;
  }
  if (reply.refusal) {
    const refused = new RefusedError(refusalFrom(reply.refusal));
    if (!passing.has(refused.refusal.code)) throw refused;
    options.onTrouble(address, refused.message);
    return undefined;
  }
  return (reply.admission?.members ?? [])
    .map(({ nodeId, addresses }) => ({
      id: nodeFrom(nodeId),
      address: addressesFrom(addresses).peer,
    }))
    .filter(({ id }) => id !== options.identity.nodeId);
}

async function ask(options: JoinOptions, address: string): Promise<JoinReply> {
  const { identity, certificates, token, addresses } = options;
  const { clusterId, region } = identity;
  const client = peerClient(address, anyNodeCredentials(certificates, identity));
  const remainingMs = Math.ceil(
    Math.max(1, Math.min(attemptMs, options.deadlineMs - options.monotonicMs())),
  );
  const request = { clusterId, region, token, remainingMs, addresses: addressesTo(addresses) };
  try {
    // An answer that is on its way when the member's own deadline ends is still waited for.
    return await answerOf<JoinReply>(remainingMs + 1_000, (call, answer) => {
      client.Join(request, new Metadata(), call, answer);
    });
  } finally {
    client.close();
  }
}

function notTaken({ identity }: JoinOptions): Refusal {
  return {
    code: "access_denied",
    facts: { principal: identity.nodeId, action: "Join", resource: identity.region },
  };
}
