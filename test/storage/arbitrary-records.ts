// Any record that can be written down: every field at its extremes, absent where it may be.
import fc from "fast-check";
import { storedSecretArn } from "../../src/base/arn.ts";
import { epochMs, logIndex, nodeId, term } from "../../src/base/ids.ts";
import type { KeyringRecord } from "../../src/keys/keyring-record.ts";
import type { Command, Envelope } from "../../src/machine/command.ts";
import type {
  JoinTokenRecord,
  MemberRecord,
  RemovedNode,
} from "../../src/machine/member-record.ts";
import type { Counters } from "../../src/machine/state-view.ts";
import type { Entry } from "../../src/raft/input.ts";
import type { NewVersion, SealedValue, SecretRecord } from "../../src/secrets/secret.ts";
import type { SecretEvent, SecretEventKind } from "../../src/secrets/secret-event.ts";
import type { Applied } from "../../src/storage/applied-row.ts";
import type { DerivedProgress } from "../../src/storage/derived-progress.ts";
import type { Head } from "../../src/storage/head-row.ts";
import type { AddressBook } from "../../src/storage/member-rows.ts";

function maybe<Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> {
  return fc.option(arbitrary, { nil: undefined, freq: 2 });
}

const counter = fc.oneof(
  fc.nat(300),
  fc.constantFrom(2 ** 31, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER),
  fc.maxSafeNat(),
);
const uint32 = fc.oneof(fc.nat(100), fc.constant(2 ** 32 - 1));
const time = counter.map(epochMs);
export const anyTerm = counter.map(term);
export const anyIndex = counter.map(logIndex);
const bytes = fc.uint8Array({ maxLength: 40 });
/** Any text, but no half of a surrogate pair: that is not text. */
const text = fc.oneof(
  fc.constantFrom("", "__proto__"),
  fc.string({ unit: "grapheme", maxLength: 12 }),
);
const id = fc.stringMatching(/^[a-z0-9._-]{1,8}$/).map(nodeId);

const someIds = fc.array(id, { maxLength: 3 });
const addresses = fc.record({ peer: text, grpc: text, https: text });
const role = fc.constantFrom("voter" as const, "learner" as const);

const target = fc.record({ name: text, arn: text.map(storedSecretArn) });
const limits = fc.record({ versions: uint32, labels: uint32, tags: uint32 });
const tag = fc.record({ key: text, value: text });
const tags = maybe(fc.array(tag, { maxLength: 3 }));

export const anyValue: fc.Arbitrary<SealedValue> = fc.record({
  kind: fc.constantFrom("string" as const, "binary" as const),
  sealedValue: bytes,
  sealedDataKey: bytes,
});

const version: fc.Arbitrary<NewVersion> = fc.record({
  versionId: text,
  keyRef: text,
  fingerprint: bytes,
  value: anyValue,
});

export const anyKeyring: fc.Arbitrary<KeyringRecord> = fc.record({
  sealId: text,
  unsealCommitment: bytes,
  sealedRootKey: bytes,
  sealedFingerprintKey: bytes,
  sealedPageTokenKey: bytes,
  defaultKey: fc.record({
    keyId: text,
    createdAt: time,
    versions: fc.array(fc.record({ version: uint32, createdAt: time, sealedMaterial: bytes }), {
      maxLength: 3,
    }),
  }),
});

const details = { description: maybe(text), type: maybe(text), kmsKeyId: maybe(text) };

const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ kind: fc.constant("initialize_keys" as const), keyring: anyKeyring }),
  fc
    .record({
      named: target,
      token: text,
      ...details,
      tags,
      version: maybe(version),
      limits,
      regionSecretLimit: maybe(counter),
    })
    .map(({ named, ...rest }) => ({ kind: "create_secret" as const, ...named, ...rest })),
  fc
    .record({ named: target, version, stages: maybe(fc.array(text, { maxLength: 3 })), limits })
    .map(({ named, ...rest }) => ({ kind: "put_secret_value" as const, ...named, ...rest })),
  fc
    .record({ named: target, ...details, version: maybe(version), limits })
    .map(({ named, ...rest }) => ({ kind: "update_secret" as const, ...named, ...rest })),
  fc
    .record({ named: target, label: text, removeFrom: maybe(text), moveTo: maybe(text), limits })
    .map(({ named, ...rest }) => ({ kind: "update_version_stage" as const, ...named, ...rest })),
  fc
    .record({ named: target, recoveryWindowDays: uint32 })
    .map(({ named, ...rest }) => ({ kind: "delete_secret" as const, ...named, ...rest })),
  target.map((named) => ({ kind: "restore_secret" as const, ...named })),
  fc
    .record({ named: target, tags: fc.array(tag, { maxLength: 3 }), limits })
    .map(({ named, ...rest }) => ({ kind: "tag_resource" as const, ...named, ...rest })),
  fc
    .record({ named: target, tagKeys: fc.array(text, { maxLength: 3 }) })
    .map(({ named, ...rest }) => ({ kind: "untag_resource" as const, ...named, ...rest })),
  fc.record({
    kind: fc.constant("create_join_token" as const),
    digest: bytes,
    nodeId: id,
    lifetimeMs: counter,
    intendedRole: role,
  }),
  fc.record({
    kind: fc.constant("change_membership" as const),
    change: fc.record({ addLearners: someIds, promote: someIds, remove: someIds }),
    newcomers: fc.array(fc.record({ nodeId: id, addresses, tokenDigest: bytes }), { maxLength: 3 }),
  }),
  fc.record({ nodeId: id, addresses, level: maybe(uint32) }).map(({ level, ...rest }) => ({
    kind: "announce_member" as const,
    ...rest,
    ...(level !== undefined && { featureLevel: level }),
  })),
  fc
    .record({ named: target, policy: text })
    .map(({ named, ...rest }) => ({ kind: "put_resource_policy" as const, ...named, ...rest })),
  target.map((named) => ({ kind: "delete_resource_policy" as const, ...named })),
  fc.record({
    kind: fc.constant("note_accesses" as const),
    day: counter,
    reads: fc.array(
      fc
        .tuple(target, fc.array(text, { maxLength: 3 }))
        .map(([named, versionIds]) => ({ ...named, versionIds })),
      { maxLength: 3 },
    ),
  }),
  fc.record({
    kind: fc.constant("purge_secrets" as const),
    targets: fc.array(target, { maxLength: 3 }),
  }),
);

export const anyMember: fc.Arbitrary<MemberRecord> = fc
  .record({
    nodeId: id,
    addresses,
    joinedAt: time,
    intendedRole: role,
    joinedWith: maybe(bytes),
    level: maybe(uint32),
  })
  .map(({ level, ...rest }) => ({
    ...rest,
    ...(level !== undefined && { featureLevel: level }),
  }));

export const anyRemovedNode: fc.Arbitrary<RemovedNode> = fc.record({ nodeId: id, removedAt: time });

export const anyJoinTokens: fc.Arbitrary<readonly JoinTokenRecord[]> = fc.array(
  fc.record({ digest: bytes, nodeId: id, expiresAt: time, intendedRole: role }),
  { maxLength: 4 },
);

export const anyAddressBook: fc.Arbitrary<AddressBook> = fc
  .array(fc.tuple(id, addresses), { maxLength: 4 })
  .map((list) => new Map(list));

function readOn(day: number | undefined): { readonly accessedDay?: number } {
  return day === undefined ? {} : { accessedDay: day };
}

export const anyEvents: fc.Arbitrary<readonly SecretEvent[]> = fc.array(
  fc.record({
    kind: fc.constantFrom<SecretEventKind[]>(
      "created",
      "value_changed",
      "described",
      "deletion_planned",
      "restored",
      "removed",
    ),
    name: text,
    arn: text.map(storedSecretArn),
    at: time,
    labels: fc.array(fc.tuple(text, text), { maxLength: 3 }).map((list) => new Map(list)),
    tags: fc.array(tag, { maxLength: 3 }),
  }),
  { maxLength: 3 },
);

export const anyProgress: fc.Arbitrary<DerivedProgress> = fc.record({
  format: uint32,
  make: uint32,
  appliedIndex: anyIndex,
  builtThrough: counter,
  isComplete: fc.boolean(),
  eventsFrom: anyIndex,
});

export const anyEnvelope: fc.Arbitrary<Envelope> = fc.record({ at: time, command });

export const anyEntry: fc.Arbitrary<Entry> = fc.record({
  index: anyIndex,
  term: anyTerm,
  kind: fc.constantFrom(
    "empty" as const,
    "command" as const,
    "membership" as const,
    "leave_joint" as const,
  ),
  payload: bytes,
});

export const anySecret: fc.Arbitrary<SecretRecord> = fc
  .record({
    named: target,
    order: counter,
    createdAt: time,
    changedAt: time,
    ...details,
    tags,
    deletion: maybe(fc.record({ requestedAt: time, scheduledFor: time })),
    versions: fc
      .array(
        fc.tuple(
          text,
          fc
            .record({ createdAt: time, keyRef: text, fingerprint: bytes, day: maybe(counter) })
            .map(({ day, ...rest }) => ({ ...rest, ...readOn(day) })),
        ),
        { maxLength: 3 },
      )
      .map((list) => new Map(list)),
    labels: fc.array(fc.tuple(text, text), { maxLength: 3 }).map((list) => new Map(list)),
    creationToken: maybe(text),
    day: maybe(counter),
    hasPolicy: fc.boolean(),
  })
  .map(({ named, creationToken, day, hasPolicy, ...rest }) => ({
    ...named,
    ...rest,
    ...(creationToken !== undefined && { creationToken }),
    ...readOn(day),
    ...(hasPolicy && { hasResourcePolicy: true as const }),
  }));

export const anyCounters: fc.Arbitrary<Counters> = fc.record({
  lastAt: time,
  nextOrder: counter,
  secretCount: counter,
});

export const anyHead: fc.Arbitrary<Head> = fc.record({
  batch: counter,
  hardState: fc.record({ term: anyTerm, votedFor: maybe(id) }),
  start: fc.record({ index: anyIndex, term: anyTerm, chain: bytes }),
  lastIndex: anyIndex,
  lastChain: bytes,
  commitIndex: anyIndex,
});

const ids = fc.uniqueArray(id, { maxLength: 3 }).map((list) => new Set(list));

export const anyApplied: fc.Arbitrary<Applied> = fc.record({
  position: fc.record({ index: anyIndex, term: anyTerm }),
  digest: fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
  rowCount: counter,
  configuration: fc.record({ voters: ids, outgoingVoters: ids, learners: ids }),
});
