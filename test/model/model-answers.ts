// What the operations of the model say of a secret.
import { labelsOn } from "./model-labels.ts";
import type { Json } from "./model-requests.ts";
import type { ModelSecret } from "./model-state.ts";

/** Absent for a version without labels. */
export function stagesMember(secret: ModelSecret, id: string): Json {
  const labels = labelsOn(secret, id);
  return labels.length === 0 ? {} : { VersionStages: labels };
}

export function described(secret: ModelSecret): Json {
  const { arn, name, description, tags, deletion, accessedDay } = secret;
  return {
    ARN: arn,
    Name: name,
    ...(description === "" ? {} : { Description: description }),
    LastChangedDate: secret.changedAt / 1000,
    ...(accessedDay === undefined ? {} : { LastAccessedDate: accessedDay * 86_400 }),
    ...(deletion === undefined ? {} : { DeletedDate: deletion }),
    ...(tags === undefined ? {} : { Tags: tags.map(([Key, Value]) => ({ Key, Value })) }),
    CreatedDate: secret.createdAt / 1000,
  };
}

export function stagesOf(secret: ModelSecret, member: string): Json {
  const labelled = secret.versions.filter(({ id }) => labelsOn(secret, id).length > 0);
  if (labelled.length === 0) return {};
  return { [member]: Object.fromEntries(labelled.map(({ id }) => [id, labelsOn(secret, id)])) };
}

export const named = ({ arn, name }: ModelSecret): Json => ({ ARN: arn, Name: name });
