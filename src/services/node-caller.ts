// What a node does by itself, without anybody's call: under a principal of its own.
import type { NodeId } from "../base/ids.ts";
import type { WaitOptions } from "../consensus/raft-group.ts";
import type { Caller } from "./caller.ts";
import type { ServiceParts } from "./parts.ts";

export function nodeCaller(
  { entropy, identity: { account } }: Pick<ServiceParts, "entropy" | "identity">,
  nodeId: NodeId,
  { deadlineMs }: WaitOptions,
): Caller {
  const principal = {
    arn: `arn:aws:iam::${account}:node/${nodeId}`,
    account,
    kind: "node",
  } as const;
  return { principal, requestId: entropy.uuid(), deadlineMs };
}
