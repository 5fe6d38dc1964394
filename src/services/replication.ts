// Replicas of a secret in other regions (AWS: "Replicate secrets across Regions"). This region
// knows no other yet: every request is checked, and answered with what one region alone can say.
import { refuseCall } from "../base/errors.ts";
import { findLiveSecret } from "./find-secret.ts";
import type { Handler } from "./operation-call.ts";
import type { RequestOf } from "./operations/operations.ts";

type ReplicaRegions = RequestOf<"ReplicateSecretToRegions">["addReplicaRegions"];

/** Throws `invalid_replica_region` for the region itself and for one that is not known: for all. */
export function requireReplicaRegions(regions: ReplicaRegions): void {
  if (regions.length > 0) throw refuseCall("invalid_replica_region", {});
}

/** AWS: ReplicateSecretToRegions. The model asks for one region at least. */
export const replicateSecretToRegions: Handler<"ReplicateSecretToRegions"> = async (
  call,
  request,
) => {
  const { arn } = await findLiveSecret(call, "ReplicateSecretToRegions", request.secretId);
  requireReplicaRegions(request.addReplicaRegions);
  return { arn, replicationStatus: [] };
};

/** AWS: RemoveRegionsFromReplication. A region without a replica is removed already. */
export const removeRegionsFromReplication: Handler<"RemoveRegionsFromReplication"> = async (
  call,
  request,
) => {
  const { arn } = await findLiveSecret(call, "RemoveRegionsFromReplication", request.secretId);
  return { arn, replicationStatus: [] };
};

/** AWS: StopReplicationToReplica, asked in the replica's region. No secret is a replica here. */
export const stopReplicationToReplica: Handler<"StopReplicationToReplica"> = async (
  call,
  request,
) => {
  await findLiveSecret(call, "StopReplicationToReplica", request.secretId);
  throw refuseCall("not_a_replica", {});
};
