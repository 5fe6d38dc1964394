// What the services need of the rest. Assembly hands in the real ones, tests their own.
import type { RegionIdentity } from "../base/arn.ts";
import type { Clock } from "../base/clock.ts";
import type { Entropy } from "../base/entropy.ts";
import type { RaftGroup } from "../consensus/raft-group.ts";
import type { RegionMembership } from "../consensus/region-membership.ts";
import type { Keyring } from "../crypto/keyring.ts";
import type { SecretLimits } from "../secrets/secret.ts";
import type { AccessNotes } from "./access-notes.ts";
import type { Authorize } from "./authorization.ts";

export interface ServiceParts {
  readonly group: RaftGroup;
  readonly membership: RegionMembership;
  readonly keys: KeySource;
  readonly accessNotes: AccessNotes;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly identity: RegionIdentity;
  readonly limits: ServiceLimits;
  readonly authorize: Authorize;
}

export interface ServiceLimits {
  readonly secret: SecretLimits;
  readonly secretsPerRegion: number;
}

/** The region's keys, once this node could open them. */
export interface KeySource {
  keyring(): Keyring | undefined;
  status(): KeyStatus;
}

export type KeyStatus =
  | { readonly kind: "open" }
  /** The reason is for people, and goes on in the sentence "This node is locked: …". */
  | { readonly kind: "locked"; readonly reason: string };
