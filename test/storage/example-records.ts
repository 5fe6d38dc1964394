// One of everything that is written down, with every field set to something that can be told from
// the others. The golden bytes are made of these: what changes here changes there.
import { storedSecretArn } from "../../src/base/arn.ts";
import { epochMs, logIndex, nodeId, term } from "../../src/base/ids.ts";
import type { KeyringRecord } from "../../src/keys/keyring-record.ts";
import type { Command, CommandKind } from "../../src/machine/command.ts";
import type {
  JoinTokenRecord,
  MemberAddresses,
  MemberRecord,
  RemovedNode,
} from "../../src/machine/member-record.ts";
import type { Counters } from "../../src/machine/state-view.ts";
import type { NewVersion, SealedValue, SecretRecord } from "../../src/secrets/secret.ts";
import type { SecretEvent } from "../../src/secrets/secret-event.ts";
import type { Applied } from "../../src/storage/applied-row.ts";
import type { DerivedProgress } from "../../src/storage/derived-progress.ts";
import type { Head } from "../../src/storage/head-row.ts";
import type { AddressBook } from "../../src/storage/member-rows.ts";

/** Bytes that are different everywhere: `first`, `first + 1`, … */
function bytesFrom(first: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, place) => (first + place) % 256);
}

/** 2026-01-01, noon, and a bit: needs more than 32 bits. */
const noon = epochMs(Date.UTC(2026, 0, 1, 12, 0, 0, 123));

const target = {
  name: "prod/db",
  arn: storedSecretArn("arn:aws:secretsmanager:us-east-1:000000000000:secret:prod/db-AbCdEf"),
};
const limits = { versions: 100, labels: 20, tags: 50 };
const firstId = "11111111-1111-4111-8111-111111111111";
const secondId = "22222222-2222-4222-8222-222222222222";

export const resourcePolicy = '{"Version":"2012-10-17","Statement":[]}';

export const textValue: SealedValue = {
  kind: "string",
  sealedValue: bytesFrom(0x40, 24),
  sealedDataKey: bytesFrom(0x80, 16),
};

export const binaryValue: SealedValue = { ...textValue, kind: "binary" };

const version: NewVersion = {
  versionId: firstId,
  keyRef: "2f6c#1",
  fingerprint: bytesFrom(0xf0, 32),
  value: textValue,
};

export const keyring: KeyringRecord = {
  sealId: "seal-1",
  unsealCommitment: bytesFrom(1, 8),
  sealedRootKey: bytesFrom(2, 8),
  sealedFingerprintKey: bytesFrom(3, 8),
  sealedPageTokenKey: bytesFrom(4, 8),
  defaultKey: {
    keyId: "2f6c",
    createdAt: noon,
    versions: [
      { version: 1, createdAt: noon, sealedMaterial: bytesFrom(5, 8) },
      { version: 2, createdAt: epochMs(noon + 1), sealedMaterial: bytesFrom(6, 8) },
    ],
  },
};

const addresses: MemberAddresses = {
  peer: "10.0.0.4:7103",
  grpc: "[fd00::4]:7101",
  https: "n4.example.com:7102",
};

export const member: MemberRecord = {
  nodeId: nodeId("n4"),
  addresses,
  joinedAt: noon,
  intendedRole: "voter",
  joinedWith: bytesFrom(0x50, 32),
};

export const founder: MemberRecord = {
  ...member,
  nodeId: nodeId("n1"),
  intendedRole: "learner",
  joinedWith: undefined,
};

export const removedNode: RemovedNode = { nodeId: nodeId("n9"), removedAt: noon };

export const joinTokens: readonly JoinTokenRecord[] = [
  {
    digest: bytesFrom(0x50, 32),
    nodeId: nodeId("n4"),
    expiresAt: epochMs(noon + 3_600_000),
    intendedRole: "voter",
  },
  {
    digest: bytesFrom(0x60, 32),
    nodeId: nodeId("n5"),
    expiresAt: noon,
    intendedRole: "learner",
  },
];

export const addressBook: AddressBook = new Map([
  [nodeId("n4"), addresses],
  [nodeId("n5"), { ...addresses, peer: "10.0.0.5:7103" }],
]);

/** Of each kind one with every field present, and one without all that can be absent. */
export const commands: {
  readonly [Kind in CommandKind]: readonly Extract<Command, { kind: Kind }>[];
} = {
  initialize_keys: [{ kind: "initialize_keys", keyring }],
  create_secret: [
    {
      kind: "create_secret",
      ...target,
      token: firstId,
      description: "the database",
      type: "partner",
      kmsKeyId: "alias/mine",
      tags: [
        { key: "team", value: "core" },
        { key: "empty", value: "" },
      ],
      version,
      limits,
      regionSecretLimit: 500_000,
    },
    {
      kind: "create_secret",
      ...target,
      token: firstId,
      description: undefined,
      type: undefined,
      kmsKeyId: undefined,
      tags: undefined,
      version: undefined,
      limits,
      regionSecretLimit: undefined,
    },
    {
      kind: "create_secret",
      ...target,
      token: firstId,
      description: undefined,
      type: undefined,
      kmsKeyId: undefined,
      tags: undefined,
      version: undefined,
      limits,
      regionSecretLimit: undefined,
      keepsToken: true,
    },
  ],
  put_secret_value: [
    { kind: "put_secret_value", ...target, version, stages: ["AWSPENDING", "mine"], limits },
    { kind: "put_secret_value", ...target, version, stages: undefined, limits },
    { kind: "put_secret_value", ...target, version, stages: [], limits },
  ],
  update_secret: [
    {
      kind: "update_secret",
      ...target,
      description: "",
      type: "",
      kmsKeyId: "",
      version: { ...version, value: binaryValue },
      limits,
    },
    {
      kind: "update_secret",
      ...target,
      description: undefined,
      type: undefined,
      kmsKeyId: undefined,
      version: undefined,
      limits,
    },
  ],
  update_version_stage: [
    {
      kind: "update_version_stage",
      ...target,
      label: "AWSCURRENT",
      removeFrom: firstId,
      moveTo: secondId,
      limits,
    },
    {
      kind: "update_version_stage",
      ...target,
      label: "mine",
      removeFrom: undefined,
      moveTo: undefined,
      limits,
    },
  ],
  delete_secret: [
    { kind: "delete_secret", ...target, recoveryWindowDays: 30 },
    { kind: "delete_secret", ...target, recoveryWindowDays: 0 },
  ],
  restore_secret: [{ kind: "restore_secret", ...target }],
  tag_resource: [
    { kind: "tag_resource", ...target, tags: [{ key: "team", value: "core" }], limits },
    { kind: "tag_resource", ...target, tags: [], limits },
  ],
  untag_resource: [
    { kind: "untag_resource", ...target, tagKeys: ["team", "empty"] },
    { kind: "untag_resource", ...target, tagKeys: [] },
  ],
  create_join_token: [
    {
      kind: "create_join_token",
      digest: bytesFrom(0x50, 32),
      nodeId: nodeId("n4"),
      lifetimeMs: 3_600_000,
      intendedRole: "voter",
    },
    {
      kind: "create_join_token",
      digest: bytesFrom(0x50, 32),
      nodeId: nodeId("n4"),
      lifetimeMs: 2 ** 40,
      intendedRole: "learner",
    },
  ],
  change_membership: [
    {
      kind: "change_membership",
      change: {
        addLearners: [nodeId("n4"), nodeId("n5")],
        promote: [nodeId("n6")],
        remove: [nodeId("n1"), nodeId("n2")],
      },
      newcomers: [
        { nodeId: nodeId("n4"), addresses, tokenDigest: bytesFrom(0x50, 32) },
        { nodeId: nodeId("n5"), addresses, tokenDigest: bytesFrom(0x60, 32) },
      ],
    },
    {
      kind: "change_membership",
      change: { addLearners: [], promote: [], remove: [] },
      newcomers: [],
    },
  ],
  announce_member: [
    { kind: "announce_member", nodeId: nodeId("n1"), addresses },
    { kind: "announce_member", nodeId: nodeId("n1"), addresses, featureLevel: 2 },
  ],
  put_resource_policy: [
    { kind: "put_resource_policy", ...target, policy: resourcePolicy },
    { kind: "put_resource_policy", ...target, policy: "" },
  ],
  delete_resource_policy: [{ kind: "delete_resource_policy", ...target }],
  note_accesses: [
    {
      kind: "note_accesses",
      day: 20_454,
      reads: [
        { ...target, versionIds: [firstId, secondId] },
        { ...target, versionIds: [] },
      ],
    },
    { kind: "note_accesses", day: 0, reads: [] },
  ],
  purge_secrets: [
    { kind: "purge_secrets", targets: [target, target] },
    { kind: "purge_secrets", targets: [] },
  ],
};

export const commandTime = noon;

export const fullSecret: SecretRecord = {
  ...target,
  order: 7,
  createdAt: noon,
  changedAt: epochMs(noon + 5),
  description: "the database",
  type: "partner",
  kmsKeyId: "alias/mine",
  tags: [{ key: "team", value: "core" }],
  deletion: { requestedAt: noon, scheduledFor: epochMs(noon + 7 * 86_400_000) },
  versions: new Map([
    [firstId, { createdAt: noon, keyRef: "2f6c#1", fingerprint: bytesFrom(0x10, 32) }],
    [secondId, { createdAt: noon, keyRef: "2f6c#2", fingerprint: bytesFrom(0x20, 32) }],
  ]),
  labels: new Map([
    ["AWSCURRENT", secondId],
    ["AWSPREVIOUS", firstId],
  ]),
};

export const bareSecret: SecretRecord = {
  ...target,
  order: 1,
  createdAt: noon,
  changedAt: noon,
  description: undefined,
  type: undefined,
  kmsKeyId: undefined,
  tags: undefined,
  deletion: undefined,
  versions: new Map(),
  labels: new Map(),
};

/** Made without a value, and without one still. */
export const emptySecret: SecretRecord = { ...bareSecret, creationToken: firstId };

/** Untagged again, which is not the same as never tagged. */
export const untaggedSecret: SecretRecord = { ...bareSecret, tags: [] };

/** Read, and with a policy. */
export const readSecret: SecretRecord = {
  ...fullSecret,
  versions: new Map([
    [
      firstId,
      {
        createdAt: noon,
        keyRef: "2f6c#1",
        fingerprint: bytesFrom(0x10, 32),
        accessedDay: 20_453,
      },
    ],
    [secondId, { createdAt: noon, keyRef: "2f6c#2", fingerprint: bytesFrom(0x20, 32) }],
  ]),
  accessedDay: 20_454,
  hasResourcePolicy: true,
};

export const events: readonly SecretEvent[] = [
  {
    kind: "value_changed",
    name: fullSecret.name,
    arn: fullSecret.arn,
    at: noon,
    labels: fullSecret.labels,
    tags: fullSecret.tags ?? [],
  },
  {
    kind: "removed",
    name: bareSecret.name,
    arn: bareSecret.arn,
    at: epochMs(noon + 1),
    labels: new Map(),
    tags: [],
  },
];

export const progress: DerivedProgress = {
  format: 1,
  make: 3,
  appliedIndex: logIndex(2 ** 33 + 7),
  builtThrough: 2 ** 33,
  isComplete: false,
  eventsFrom: logIndex(2 ** 33 + 1),
};

export const completeProgress: DerivedProgress = {
  ...progress,
  make: 1,
  builtThrough: 0,
  isComplete: true,
  eventsFrom: logIndex(0),
};

/** One that has announced what its release knows. */
export const levelledMember: MemberRecord = { ...member, featureLevel: 2 };

export const counters: Counters = { lastAt: noon, nextOrder: 2 ** 33, secretCount: 12 };

export const head: Head = {
  batch: 2 ** 34,
  hardState: { term: term(9), votedFor: nodeId("n2") },
  start: { index: logIndex(3), term: term(2), chain: bytesFrom(0xa0, 16) },
  lastIndex: logIndex(12),
  lastChain: bytesFrom(0xb0, 16),
  commitIndex: logIndex(11),
};

export const headWithoutVote: Head = {
  ...head,
  hardState: { term: term(9), votedFor: undefined },
};

export const applied: Applied = {
  position: { index: logIndex(11), term: term(8) },
  digest: 0x0102030405n,
  rowCount: 4,
  configuration: {
    voters: new Set([nodeId("n1"), nodeId("n2"), nodeId("n3")]),
    outgoingVoters: new Set([nodeId("n4")]),
    learners: new Set([nodeId("n5")]),
  },
};
