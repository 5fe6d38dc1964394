// Any command at all, sensible or not, over few enough names that they meet each other.
import fc from "fast-check";
import { storedSecretArn } from "../../src/base/arn.ts";
import { utf8 } from "../../src/base/bytes.ts";
import { epochMs, nodeId } from "../../src/base/ids.ts";
import type { KeyringRecord } from "../../src/keys/keyring-record.ts";
import type { Command, Envelope } from "../../src/machine/command.ts";
import type { MemberAddresses } from "../../src/machine/member-record.ts";
import type { NewVersion, SecretTarget } from "../../src/secrets/secret.ts";
import { dayMs } from "../../src/secrets/limits.ts";

function maybe<Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> {
  return fc.option(arbitrary, { nil: undefined, freq: 2 });
}

const text = fc.oneof(fc.constantFrom("", "a", "__proto__"), fc.string({ maxLength: 5 }));
const token = fc.oneof(
  { arbitrary: fc.constantFrom("t1", "t2", "t3", "t4", "t5"), weight: 19 },
  { arbitrary: fc.constantFrom("__proto__", ""), weight: 1 },
);
const label = fc.constantFrom("AWSCURRENT", "AWSPREVIOUS", "AWSPENDING", "a", "b", "__proto__");
const tag = fc.record({ key: fc.oneof(text, fc.constantFrom("aws:x", "b", "c")), value: text });
const limits = fc.oneof(
  { arbitrary: fc.constant({ versions: 4, labels: 5, tags: 3 }), weight: 5 },
  { arbitrary: fc.record({ versions: fc.nat(3), labels: fc.nat(4), tags: fc.nat(2) }), weight: 1 },
);

function targetWith(suffix: fc.Arbitrary<string>): fc.Arbitrary<SecretTarget> {
  const name = fc.oneof(
    { arbitrary: fc.constant("db"), weight: 6 },
    { arbitrary: fc.constantFrom("web", "__proto__"), weight: 1 },
  );
  const prefix = "arn:aws:secretsmanager:us-east-1:000000000000:secret:";
  return fc
    .tuple(name, suffix)
    .map(([named, end]) => ({ name: named, arn: storedSecretArn(`${prefix}${named}-${end}`) }));
}

/** A secret of this ARN is hardly ever made, so that other commands find what they mean. */
const rare = "bbbbbb";
const newTarget = targetWith(
  fc.oneof(
    { arbitrary: fc.constant("aaaaaa"), weight: 40 },
    { arbitrary: fc.constant(rare), weight: 1 },
  ),
);
const target = targetWith(
  fc.oneof(
    { arbitrary: fc.constant("aaaaaa"), weight: 9 },
    { arbitrary: fc.constant(rare), weight: 1 },
  ),
);

function versionOf(versionId: string, content: string): NewVersion {
  const fingerprint = utf8(content);
  const value = { kind: "string", sealedValue: fingerprint, sealedDataKey: utf8("key") } as const;
  return { versionId, keyRef: "key#1", fingerprint, value };
}

const version = fc
  .tuple(token, fc.constantFrom("one", "two"))
  .map(([versionId, content]) => versionOf(versionId, content));

const create = fc
  .record({
    target: newTarget,
    token,
    content: maybe(fc.constantFrom("one", "two")),
    details: fc.record({ description: maybe(text), type: maybe(text), kmsKeyId: maybe(text) }),
    tags: maybe(fc.array(tag, { maxLength: 4 })),
    limits,
    regionSecretLimit: fc.constantFrom(undefined, undefined, 2),
  })
  .map(({ target: named, content, details, ...rest }): Command => {
    const first = content === undefined ? undefined : versionOf(rest.token, content);
    return { kind: "create_secret", ...named, ...details, ...rest, version: first };
  });

const put = fc
  .record({ target, version, stages: maybe(fc.array(label, { maxLength: 4 })), limits })
  .map(({ target: named, ...rest }): Command => ({ kind: "put_secret_value", ...named, ...rest }));

const update = fc
  .record({
    target,
    description: maybe(text),
    type: maybe(text),
    kmsKeyId: maybe(text),
    version: maybe(version),
    limits,
  })
  .map(({ target: named, ...rest }): Command => ({ kind: "update_secret", ...named, ...rest }));

const stage = fc
  .record({ target, label, removeFrom: maybe(token), moveTo: maybe(token), limits })
  .map(({ target: named, ...rest }): Command => {
    return { kind: "update_version_stage", ...named, ...rest };
  });

const days = fc.oneof(
  fc.constantFrom(0, 7, 30, 30),
  fc.constantFrom(-1, 6, 31, 7.5, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_VALUE),
);

const remove = fc.tuple(target, days).map(([named, recoveryWindowDays]): Command => {
  return { kind: "delete_secret", ...named, recoveryWindowDays };
});

const restore = target.map((named): Command => ({ kind: "restore_secret", ...named }));

const tagging = fc
  .record({ target, tags: fc.array(tag, { maxLength: 4 }), limits })
  .map(({ target: named, ...rest }): Command => ({ kind: "tag_resource", ...named, ...rest }));

const untagging = fc
  .record({ target, tagKeys: fc.array(text, { maxLength: 3 }) })
  .map(({ target: named, ...rest }): Command => ({ kind: "untag_resource", ...named, ...rest }));

const policy = target.map((named): Command => ({
  kind: "put_resource_policy",
  ...named,
  policy: "{}",
}));

const noPolicy = target.map((named): Command => ({ kind: "delete_resource_policy", ...named }));

const noting = fc
  .record({
    day: fc.nat(9),
    reads: fc.array(fc.tuple(target, fc.array(token, { maxLength: 3 })), { maxLength: 3 }),
  })
  .map(({ day, reads }): Command => ({
    kind: "note_accesses",
    day,
    reads: reads.map(([named, versionIds]) => ({ ...named, versionIds })),
  }));

const purging = fc
  .array(target, { maxLength: 3 })
  .map((targets): Command => ({ kind: "purge_secrets", targets }));

export function keyring(sealId: string): KeyringRecord {
  const bytes = utf8(sealId);
  return {
    sealId,
    unsealCommitment: bytes,
    sealedRootKey: bytes,
    sealedFingerprintKey: bytes,
    sealedPageTokenKey: bytes,
    defaultKey: { keyId: sealId, createdAt: epochMs(0), versions: [] },
  };
}

const initialize = fc.constantFrom("first", "second").map((sealId): Command => {
  return { kind: "initialize_keys", keyring: keyring(sealId) };
});

const node = fc.constantFrom("n1", "n2", "n3", "n4").map(nodeId);
const nodes = fc.uniqueArray(node, { maxLength: 2 });
const digest = fc.constantFrom("one", "two", "three").map(utf8);
const addresses = fc.constantFrom("here", "there").map((peer): MemberAddresses => {
  return { peer, grpc: peer, https: peer };
});
const role = fc.constantFrom("voter" as const, "learner" as const);

const ticket = fc
  .record({ digest, nodeId: node, lifetimeMs: fc.constantFrom(0, dayMs, 9e15), intendedRole: role })
  .map((rest): Command => ({ kind: "create_join_token", ...rest }));

const joining = fc
  .record({ nodeId: node, addresses, tokenDigest: digest })
  .map((newcomer): Command => {
    const change = { addLearners: [newcomer.nodeId], promote: [], remove: [] };
    return { kind: "change_membership", change, newcomers: [newcomer] };
  });

const changing = fc
  .record({
    change: fc.record({
      addLearners: fc.oneof(fc.constant([]), nodes),
      promote: nodes,
      remove: nodes,
    }),
    newcomers: fc.array(fc.record({ nodeId: node, addresses, tokenDigest: digest }), {
      maxLength: 2,
    }),
  })
  .map((rest): Command => ({ kind: "change_membership", ...rest }));

const promoting = node.map((promoted): Command => {
  const change = { addLearners: [], promote: [promoted], remove: [] };
  return { kind: "change_membership", change, newcomers: [] };
});

const announcing = fc
  .record({ nodeId: node, addresses, level: fc.constantFrom(undefined, 2, 3) })
  .map(({ level, ...rest }): Command => ({
    kind: "announce_member",
    ...rest,
    ...(level !== undefined && { featureLevel: level }),
  }));

/** Commands on the members of a region, over few enough nodes that they meet each other. */
export const anyMembershipEnvelope: fc.Arbitrary<Envelope> = fc.record({
  at: fc.nat(7 * dayMs).map(epochMs),
  command: fc.oneof(
    { arbitrary: ticket, weight: 5 },
    { arbitrary: joining, weight: 8 },
    { arbitrary: changing, weight: 2 },
    { arbitrary: promoting, weight: 3 },
    { arbitrary: announcing, weight: 2 },
  ),
});

/** Times over a week, in no order, and now and then the last there is. */
const time = fc
  .oneof(
    { arbitrary: fc.nat(7 * dayMs), weight: 199 },
    { arbitrary: fc.constant(Number.MAX_SAFE_INTEGER), weight: 1 },
  )
  .map(epochMs);

export const anyEnvelope: fc.Arbitrary<Envelope> = fc.record({
  at: time,
  command: fc.oneof(
    { arbitrary: create, weight: 4 },
    { arbitrary: put, weight: 8 },
    { arbitrary: update, weight: 3 },
    { arbitrary: stage, weight: 4 },
    { arbitrary: remove, weight: 1 },
    { arbitrary: restore, weight: 1 },
    { arbitrary: tagging, weight: 1 },
    { arbitrary: untagging, weight: 1 },
    { arbitrary: policy, weight: 1 },
    { arbitrary: noPolicy, weight: 1 },
    { arbitrary: noting, weight: 1 },
    { arbitrary: purging, weight: 1 },
    { arbitrary: initialize, weight: 1 },
    { arbitrary: ticket, weight: 1 },
    { arbitrary: changing, weight: 1 },
    { arbitrary: announcing, weight: 1 },
  ),
});
