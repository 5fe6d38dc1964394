// The `limits` section of a node's configuration: how often callers may ask, how much a region may
// hold, how often somebody may fail to sign in. What it does not say is as AWS has it.
import { z } from "zod";
import { defaultRegionSecretLimit, defaultSecretLimits } from "../secrets/limits.ts";
import type { ServiceLimits } from "../services/parts.ts";
import { defaultRequestRates, type RateGroup } from "../services/rate-limits.ts";
import { defaultFailedSignIns } from "./failed-sign-ins.ts";

/** A whole number; its sentence names both ends. */
export function wholeNumber({
  from,
  to,
}: {
  readonly from: number;
  readonly to: number;
}): z.ZodNumber {
  const error = `must be a whole number from ${from} to ${to}`;
  return z.number().int({ error }).min(from, { error }).max(to, { error });
}

function rate(group: RateGroup): z.ZodDefault<z.ZodNumber> {
  return wholeNumber({ from: 1, to: 1_000_000 }).default(defaultRequestRates[group]);
}

/** Of one principal, on one node; a second's worth may come at once. */
const requestsPerSecond = z.strictObject({
  getSecretValue: rate("getSecretValue"),
  describeSecret: rate("describeSecret"),
  batchGetSecretValue: rate("batchGetSecretValue"),
  listSecrets: rate("listSecrets"),
  listSecretVersionIds: rate("listSecretVersionIds"),
  getRandomPassword: rate("getRandomPassword"),
  createSecret: rate("createSecret"),
  deleteSecret: rate("deleteSecret"),
  restoreSecret: rate("restoreSecret"),
  /** PutSecretValue, UpdateSecret, UpdateSecretVersionStage and the replication of a secret. */
  changeSecret: rate("changeSecret"),
  rotateSecret: rate("rotateSecret"),
  tagResource: rate("tagResource"),
  resourcePolicy: rate("resourcePolicy"),
  /** The operations on the members of the region. */
  cluster: rate("cluster"),
} satisfies Record<RateGroup, z.ZodType>);

/** The leader's count when something is written; what is there already stays. */
const quotas = z.strictObject({
  secretsPerRegion: wholeNumber({ from: 1, to: 10_000_000 }).default(defaultRegionSecretLimit),
  versionsPerSecret: wholeNumber({ from: 3, to: 1_000 }).default(defaultSecretLimits.versions),
  labelsPerSecret: wholeNumber({ from: 3, to: 100 }).default(defaultSecretLimits.labels),
  tagsPerSecret: wholeNumber({ from: 1, to: 100 }).default(defaultSecretLimits.tags),
});

/** Of one network, and with one access key. */
const failedSignIns = z.strictObject({
  perMinute: wholeNumber({ from: 1, to: 1_000_000 }).default(defaultFailedSignIns.perMinute),
  delayMs: wholeNumber({ from: 0, to: 5_000 }).default(defaultFailedSignIns.delayMs),
  waiting: wholeNumber({ from: 8, to: 4_000 }).default(defaultFailedSignIns.waiting),
});

export const limitsSection = z.strictObject({
  requestsPerSecond: requestsPerSecond.prefault({}),
  quotas: quotas.prefault({}),
  failedSignIns: failedSignIns.prefault({}),
});

/** The quotas as the services know them. */
export function serviceLimits(given: z.infer<typeof quotas>): ServiceLimits {
  const { secretsPerRegion, versionsPerSecret, labelsPerSecret, tagsPerSecret } = given;
  return {
    secret: { versions: versionsPerSecret, labels: labelsPerSecret, tags: tagsPerSecret },
    secretsPerRegion,
  };
}
