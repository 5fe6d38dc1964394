// The operations on the members of a region. AWS has nothing like them: they are ours, and only
// gRPC has them.
import { operation } from "./operation.ts";
import {
  boolean,
  integer,
  listOf,
  optional,
  required,
  structure,
  text,
  timestamp,
} from "./shape.ts";

const region = text();
const clusterId = text();
const nodeId = text({ min: 1, max: 64, pattern: "[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?" });
const address = text();

const listMembers = operation(
  "lead",
  {},
  {
    clusterId: optional(clusterId),
    region: optional(region),
    leader: optional(nodeId),
    lastIndex: optional(integer()),
    changing: optional(boolean),
    members: optional(
      listOf(
        structure({
          nodeId: optional(nodeId),
          peerAddress: optional(address),
          grpcAddress: optional(address),
          httpsAddress: optional(address),
          standing: optional(text()),
          matchIndex: optional(integer()),
          active: optional(boolean),
          mode: optional(text()),
        }),
      ),
    ),
  },
);

const inviteMember = operation(
  "write",
  {
    nodeId: required(nodeId),
    lifetimeSeconds: optional(integer({ min: 60, max: 604_800 })),
    learner: optional(boolean),
  },
  {
    clusterId: optional(clusterId),
    region: optional(region),
    nodeId: optional(nodeId),
    token: optional(text({ sensitive: true })),
    expiresAt: optional(timestamp),
    through: optional(listOf(address)),
  },
);

const promoteMember = operation("write", { nodeId: required(nodeId) }, {});

const replaceMember = operation(
  "write",
  { nodeId: required(nodeId), replacementId: required(nodeId) },
  {},
);

const removeMember = operation("write", { nodeId: required(nodeId), force: optional(boolean) }, {});

const transferLeadership = operation("write", { nodeId: required(nodeId) }, {});

export const clusterOperations = {
  ListMembers: listMembers,
  InviteMember: inviteMember,
  PromoteMember: promoteMember,
  ReplaceMember: replaceMember,
  RemoveMember: removeMember,
  TransferLeadership: transferLeadership,
} as const;
