// Who may speak on a connection between nodes, and what it must say first.
import type { NodeId } from "../base/ids.ts";
import type { Fields } from "../storage/internal-codec.ts";
import type { NodeIdentity } from "../storage/recovery.ts";
import { peerProtocol } from "./peer-service.ts";

export const notANode = "the certificate is not that of a node of this cluster";

export function objectionToCaller(
  isPeer: (node: NodeId) => boolean,
  caller: NodeId | undefined,
): string | undefined {
  if (caller === undefined) return notANode;
  return isPeer(caller) ? undefined : `node "${caller}" is not a node of this region`;
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
  return undefined;
}
