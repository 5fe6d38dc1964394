// The operations on the members of a region: who is in it, one more, one fewer, one for another.
// The rules of the change itself are those of consensus/; here it is who may ask, and for what.
// They need no keys, so a locked node answers too.
import { RefusedError, refuseCall } from "../base/errors.ts";
import { nodeId } from "../base/ids.ts";
import type { ClusterMember } from "../generated/public-contract.ts";
import type { Member } from "../consensus/region-membership.ts";
import { requireAllowed, type Handler } from "./operation-call.ts";
import type { Handlers } from "./secret-service.ts";

const defaultLifetimeSeconds = 3_600;

/** A member as the contract has it. */
export function shownMember({ nodeId: id, standing, addresses, progress }: Member): ClusterMember {
  return {
    nodeId: id,
    ...(addresses === undefined
      ? {}
      : {
          peerAddress: addresses.peer,
          grpcAddress: addresses.grpc,
          httpsAddress: `https://${addresses.https}`,
        }),
    standing,
    ...(progress === undefined
      ? {}
      : { matchIndex: progress.matchIndex, active: progress.isActive, mode: progress.mode }),
  };
}

const listMembers: Handler<"ListMembers"> = async (call) => {
  requireAllowed(call, "ListMembers", undefined);
  const { membership, identity } = call.parts;
  const { clusterId, leader, lastIndex, isChanging, members } = membership.members();
  return {
    clusterId,
    region: identity.region,
    leader,
    lastIndex,
    changing: isChanging,
    members: members.map(shownMember),
  };
};

const inviteMember: Handler<"InviteMember"> = async (
  call,
  { nodeId: invited, lifetimeSeconds, learner },
) => {
  requireAllowed(call, "InviteMember", undefined);
  const { membership, identity } = call.parts;
  const { token, expiresAt } = await membership.invite(nodeId(invited), {
    deadlineMs: call.caller.deadlineMs,
    lifetimeMs: (lifetimeSeconds ?? defaultLifetimeSeconds) * 1_000,
    becomes: learner === true ? "learner" : "voter",
  });
  const { clusterId, members } = membership.members();
  const through = members.flatMap(({ addresses }) => (addresses ? [addresses.peer] : []));
  return { clusterId, region: identity.region, nodeId: invited, token, expiresAt, through };
};

const promoteMember: Handler<"PromoteMember"> = async (call, { nodeId: promoted }) => {
  requireAllowed(call, "PromoteMember", undefined);
  const { deadlineMs } = call.caller;
  const options = { deadlineMs, replacing: undefined };
  await call.parts.membership.promote(nodeId(promoted), options);
  return {};
};

/** A replacement that counts already leaves only the other half to do. */
const replaceMember: Handler<"ReplaceMember"> = async (
  call,
  { nodeId: replaced, replacementId },
) => {
  requireAllowed(call, "ReplaceMember", undefined);
  if (replaced === replacementId) throw itself();
  const { membership } = call.parts;
  const { deadlineMs } = call.caller;
  const { members } = membership.members();
  needMember(members, replaced);
  const { standing } = needMember(members, replacementId);
  if (standing === "learner") {
    const replacing = nodeId(replaced);
    await membership.promote(nodeId(replacementId), { deadlineMs, replacing });
  } else {
    await membership.remove(nodeId(replaced), { deadlineMs, safety: "kept" });
  }
  return {};
};

const removeMember: Handler<"RemoveMember"> = async (call, { nodeId: removed, force }) => {
  requireAllowed(call, "RemoveMember", undefined);
  const { deadlineMs } = call.caller;
  const safety = force === true ? "forced" : "kept";
  await call.parts.membership.remove(nodeId(removed), { deadlineMs, safety });
  return {};
};

const transferLeadership: Handler<"TransferLeadership"> = async (call, { nodeId: next }) => {
  requireAllowed(call, "TransferLeadership", undefined);
  const { deadlineMs } = call.caller;
  await call.parts.membership.transfer(nodeId(next), { deadlineMs });
  return {};
};

function needMember(members: readonly Member[], id: string): Member {
  const found = members.find((member) => member.nodeId === id);
  if (found === undefined) throw refuseCall("unknown_node", { node: id });
  return found;
}

function itself(): RefusedError {
  return refuseCall("validation_failed", {
    violations: [
      "Value at 'replacementId' failed to satisfy constraint: Member must not be nodeId",
    ],
  });
}

export const memberHandlers: Handlers = {
  InviteMember: inviteMember,
  ListMembers: listMembers,
  PromoteMember: promoteMember,
  RemoveMember: removeMember,
  ReplaceMember: replaceMember,
  TransferLeadership: transferLeadership,
};
