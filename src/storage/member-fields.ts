// How what concerns the region's nodes is written down and read back, in commands, rows and
// messages alike.
import { nodeId, type NodeId } from "../base/ids.ts";
import type { IntendedRole, MemberAddresses } from "../machine/member-record.ts";
import type { AnnounceMember, ChangeMembership, CreateJoinToken } from "../machine/membership.ts";
import {
  counterOf,
  idOf,
  internal,
  MalformedBytesError,
  present,
  type Fields,
} from "./internal-codec.ts";
import { bytesOr, textOr } from "./message-fields.ts";

type Maybe<Field> = Field | null | undefined;

export function nodeFrom(field: Maybe<string>): NodeId {
  return nodeId(idOf(field, "a node's id"));
}

function nodesFrom(field: Maybe<readonly string[]>): readonly NodeId[] {
  return (field ?? []).map(nodeFrom);
}

export function addressesTo({ peer, grpc, https }: MemberAddresses): Fields<"MemberAddresses"> {
  return { peer, grpc, https };
}

export function addressesFrom(field: Maybe<Fields<"MemberAddresses">>): MemberAddresses {
  const { peer, grpc, https } = present(field, "a node's addresses");
  return { peer: textOr(peer), grpc: textOr(grpc), https: textOr(https) };
}

/** What a release knows, as the member that a record has only once it was told. */
export function featureLevelFrom(field: Maybe<number>): { readonly featureLevel?: number } {
  if (field === null || field === undefined) return {};
  return { featureLevel: counterOf(field, "a feature level") };
}

type RoleCode = NonNullable<Fields<"MemberRow">["intendedRole"]>;

const roleCodes: Readonly<Record<IntendedRole, RoleCode>> = {
  voter: internal.IntendedRole.INTENDED_ROLE_VOTER,
  learner: internal.IntendedRole.INTENDED_ROLE_LEARNER,
};

export function roleTo(role: IntendedRole): RoleCode {
  return roleCodes[role];
}

export function roleFrom(field: Maybe<RoleCode>): IntendedRole {
  if (field === roleCodes.voter) return "voter";
  if (field === roleCodes.learner) return "learner";
  throw new MalformedBytesError("Cannot read a node's intended role: it is not known");
}

export function joinTokenTo(command: CreateJoinToken): Fields<"CreateJoinToken"> {
  const { digest, nodeId: node, lifetimeMs, intendedRole } = command;
  return { digest, nodeId: node, lifetimeMs, intendedRole: roleTo(intendedRole) };
}

export function joinTokenFrom(field: Maybe<Fields<"CreateJoinToken">>): CreateJoinToken {
  const token = present(field, "a command");
  return {
    kind: "create_join_token",
    digest: bytesOr(token.digest),
    nodeId: nodeFrom(token.nodeId),
    lifetimeMs: counterOf(token.lifetimeMs, "a token's lifetime"),
    intendedRole: roleFrom(token.intendedRole),
  };
}

export function changeTo({ change, newcomers }: ChangeMembership): Fields<"ChangeMembership"> {
  return {
    addLearners: [...change.addLearners],
    promote: [...change.promote],
    remove: [...change.remove],
    newcomers: newcomers.map((newcomer) => ({
      nodeId: newcomer.nodeId,
      addresses: addressesTo(newcomer.addresses),
      tokenDigest: newcomer.tokenDigest,
    })),
  };
}

export function changeFrom(field: Maybe<Fields<"ChangeMembership">>): ChangeMembership {
  const { addLearners, promote, remove, newcomers } = present(field, "a command");
  return {
    kind: "change_membership",
    change: {
      addLearners: nodesFrom(addLearners),
      promote: nodesFrom(promote),
      remove: nodesFrom(remove),
    },
    newcomers: (newcomers ?? []).map((newcomer) => ({
      nodeId: nodeFrom(newcomer.nodeId),
      addresses: addressesFrom(newcomer.addresses),
      tokenDigest: bytesOr(newcomer.tokenDigest),
    })),
  };
}

export function announcementTo(command: AnnounceMember): Fields<"AnnounceMember"> {
  const { nodeId: node, addresses, featureLevel } = command;
  return { nodeId: node, addresses: addressesTo(addresses), featureLevel };
}

export function announcementFrom(field: Maybe<Fields<"AnnounceMember">>): AnnounceMember {
  const { nodeId: node, addresses, featureLevel } = present(field, "a command");
  return {
    kind: "announce_member",
    nodeId: nodeFrom(node),
    addresses: addressesFrom(addresses),
    ...featureLevelFrom(featureLevel),
  };
}
