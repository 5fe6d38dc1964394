// Secrets Manager as semantics.md tells it, with maps and loops and nothing of ours: what the
// operations answer, said a second time and as plainly as can be.
import { inOrder, isFound, type ModelFilter } from "./model-search.ts";
import { addVersion, hasVersion, labelsOn, moveLabel } from "./model-labels.ts";
import { described, named, stagesMember, stagesOf } from "./model-answers.ts";
import {
  checkLength,
  checkName,
  checkWrite,
  findSecret,
  hasContent,
  liveSecret,
  lookUp,
  oneValueOf,
  prefix,
  requireToken,
  textOf,
  type GivenValue,
  type Json,
  type ModelCall,
} from "./model-requests.ts";
import { dayMs, type ModelSecret, type ModelVersion } from "./model-state.ts";
import { ModelRefusal, refusals } from "./model-texts.ts";

/** Changes the state and gives the answer. Throws `ModelRefusal`, with the state as it was. */
export const operations: Readonly<Record<string, (call: ModelCall) => Json>> = {
  CreateSecret: createSecret,
  PutSecretValue: putSecretValue,
  UpdateSecret: updateSecret,
  UpdateSecretVersionStage: (call) => {
    const { request, now, limits } = call;
    checkLength(request["VersionStage"], 1, 256);
    checkLength(request["RemoveFromVersionId"], 32, 64, "optional");
    checkLength(request["MoveToVersionId"], 32, 64, "optional");
    const secret = liveSecret(call);
    const label = String(request["VersionStage"]);
    const before = secret.labels.get(label);
    const [from, to] = [textOf(request, "RemoveFromVersionId"), textOf(request, "MoveToVersionId")];
    moveLabel(secret, { label, from, to }, limits);
    if (secret.labels.get(label) !== before) secret.changedAt = now;
    return named(secret);
  },
  GetSecretValue: (call) => {
    const { request } = call;
    checkLength(request["VersionId"], 32, 64, "optional");
    checkLength(request["VersionStage"], 1, 256, "optional");
    return readValue(call, liveSecret(call));
  },
  BatchGetSecretValue: batchGetSecretValue,
  DescribeSecret: (call) => ({
    ...described(findSecret(call)),
    ...stagesOf(findSecret(call), "VersionIdsToStages"),
  }),
  ListSecretVersionIds: (call) => {
    const secret = findSecret(call);
    const { versions } = secret;
    const listed = versions
      .filter(
        ({ id }) => call.request["IncludeDeprecated"] === true || labelsOn(secret, id).length > 0,
      )
      // Newest first; of one moment, by id.
      .sort((one, other) => other.createdAt - one.createdAt || (one.id < other.id ? -1 : 1));
    return {
      ...named(secret),
      Versions: listed.map(({ id, createdAt, accessedDay }) => ({
        VersionId: id,
        ...stagesMember(secret, id),
        ...(accessedDay === undefined ? {} : { LastAccessedDate: accessedDay * 86_400 }),
        CreatedDate: createdAt / 1000,
        KmsKeyIds: ["DefaultEncryptionKey"],
      })),
    };
  },
  ListSecrets: (call) => ({
    SecretList: searched(call).map((secret) => ({
      ...described(secret),
      ...stagesOf(secret, "SecretVersionsToStages"),
    })),
  }),
  DeleteSecret: deleteSecret,
  RestoreSecret: (call) => {
    const secret = findSecret(call);
    if (secret.deletion !== undefined) {
      secret.deletion = undefined;
      secret.changedAt = call.now;
    }
    return named(secret);
  },
  TagResource: tagResource,
  UntagResource: (call) => {
    const secret = liveSecret(call);
    const keys = call.request["TagKeys"] as readonly string[];
    const left = (secret.tags ?? []).filter(([key]) => !keys.includes(key));
    if (left.length !== (secret.tags ?? []).length) {
      secret.tags = left;
      secret.changedAt = call.now;
    }
    return {};
  },
  PutResourcePolicy: (call) => {
    const secret = liveSecret(call);
    const policy = String(call.request["ResourcePolicy"]);
    if (policy === "{") throw refusals.policy();
    if (call.request["BlockPublicPolicy"] === true && policy.includes('"Principal":"*"')) {
      throw refusals.publicPolicy();
    }
    secret.policy = policy;
    secret.changedAt = call.now;
    return named(secret);
  },
  GetResourcePolicy: (call) => {
    // The table of 5.10 leaves it open; ours is refused like the other policy calls.
    const secret = liveSecret(call);
    return {
      ...named(secret),
      ...(secret.policy === undefined ? {} : { ResourcePolicy: secret.policy }),
    };
  },
  DeleteResourcePolicy: (call) => {
    const secret = liveSecret(call);
    if (secret.policy !== undefined) {
      secret.policy = undefined;
      secret.changedAt = call.now;
    }
    return named(secret);
  },
};

function createSecret(call: ModelCall): Json {
  const { state, request } = call;
  checkLength(request["Name"], 1, 512);
  checkWrite(request);
  const token = requireToken(request);
  const name = String(request["Name"]);
  checkName(name);
  const existing = state.secrets.find((secret) => secret.name === name);
  if (existing !== undefined) return createdBefore(existing, token, request);
  const value = oneValueOf(request);
  const secret = newSecret(call, name, value.count === 0 ? token : undefined);
  state.secrets.push(secret);
  if (value.count === 0) return named(secret);
  addValue(call, secret, { id: token, value });
  return { ...named(secret), VersionId: token };
}

/** 4, the rows of CreateSecret for a name that is taken. */
function createdBefore(secret: ModelSecret, token: string, request: Json): Json {
  if (secret.deletion !== undefined) throw refusals.scheduled();
  const isEmptyOne = secret.creationToken === token;
  if (!hasVersion(secret, token) && !isEmptyOne) throw refusals.taken(secret.name);
  const value = oneValueOf(request);
  if (isEmptyOne && value.count === 0) return named(secret);
  if (!hasVersion(secret, token)) throw refusals.taken(secret.name);
  if (!hasContent(secret, token, value)) throw refusals.tokenInUse(token, secret.arn);
  return { ...named(secret), VersionId: token };
}

function newSecret(call: ModelCall, name: string, creationToken: string | undefined): ModelSecret {
  const { request, now, limits, mintedArn } = call;
  const tags = (request["Tags"] as readonly GivenTag[] | undefined) ?? [];
  checkTagKeys(tags);
  if (tags.length > limits.tags) throw refusals.tooManyTags();
  return {
    name,
    arn: mintedArn(name),
    createdAt: now,
    changedAt: now,
    description: textOf(request, "Description") ?? "",
    type: "",
    tags: tags.length === 0 ? undefined : tags.map(({ Key, Value = "" }) => [Key, Value]),
    versions: [],
    labels: new Map(),
    creationToken,
  };
}

function addValue(
  { now, limits }: ModelCall,
  secret: ModelSecret,
  {
    id,
    value: { kind, value },
    stages,
  }: { readonly id: string; readonly value: GivenValue; readonly stages?: readonly string[] },
): void {
  addVersion(secret, { id, createdAt: now, kind, value }, stages, limits);
}

function putSecretValue(call: ModelCall): Json {
  const { request } = call;
  checkWrite(request);
  const stages = request["VersionStages"] as readonly string[] | undefined;
  for (const label of stages ?? []) checkLength(label, 1, 256);
  const id = requireToken(request);
  const secret = liveSecret(call);
  const value = oneValueOf(request);
  if (value.count === 0) throw refusals.noValue();
  if (!hasVersion(secret, id)) {
    addValue(call, secret, { id, value, ...(stages === undefined ? {} : { stages }) });
  } else if (!hasContent(secret, id, value)) {
    throw refusals.tokenInUse(id, secret.arn);
  }
  return { ...named(secret), VersionId: id, ...stagesMember(secret, id) };
}

function updateSecret(call: ModelCall): Json {
  const { request, now } = call;
  checkWrite(request);
  const id = requireToken(request);
  const secret = liveSecret(call);
  const value = oneValueOf(request);
  const answer = { ...named(secret), ...(value.count === 1 ? { VersionId: id } : {}) };
  if (value.count === 1) {
    if (hasVersion(secret, id)) {
      if (!hasContent(secret, id, value)) throw refusals.tokenInUse(id, secret.arn);
      // 4: a replay, and nothing else of it is done.
      return answer;
    }
    addValue(call, secret, { id, value });
  }
  secret.description = textOf(request, "Description") ?? secret.description;
  secret.changedAt = now;
  return answer;
}

function deleteSecret(call: ModelCall): Json {
  const { state, request, now } = call;
  const secret = lookUp(call);
  const days = windowOf(request, secret);
  if (secret === undefined) {
    const id = String(request["SecretId"]);
    const rest = id.startsWith(prefix) ? id.slice(prefix.length) : id;
    const name = rest === id ? id : rest.replace(/-[A-Za-z0-9]{6}$/, "");
    return { Name: name, ARN: call.mintedArn(name), DeletionDate: now / 1000 };
  }
  if (days === 0) {
    state.secrets.splice(state.secrets.indexOf(secret), 1);
  } else {
    secret.deletion = { at: now, until: now + days * dayMs };
    secret.changedAt = now;
  }
  return { ...named(secret), DeletionDate: (now + days * dayMs) / 1000 };
}

/** The table of 5.9: days until the end, none by force. */
function windowOf(request: Json, secret: ModelSecret | undefined): number {
  const days = request["RecoveryWindowInDays"] as number | undefined;
  if (request["ForceDeleteWithoutRecovery"] === true) {
    if (days !== undefined) throw refusals.windowAndForce();
    return 0;
  }
  if (secret === undefined) throw refusals.unknown();
  if (secret.deletion !== undefined) throw refusals.deletedTwice();
  if (days !== undefined && (days < 7 || days > 30)) throw refusals.window();
  return days ?? 30;
}

interface GivenTag {
  readonly Key: string;
  readonly Value?: string;
}

function checkTagKeys(tags: readonly GivenTag[]): void {
  if (tags.some(({ Key }) => Key.startsWith("aws:"))) throw refusals.parameter();
}

function tagResource(call: ModelCall): Json {
  const { request, now, limits } = call;
  const added = request["Tags"] as readonly GivenTag[];
  const secret = liveSecret(call);
  checkTagKeys(added);
  const before = secret.tags ?? [];
  const tags = new Map(before);
  for (const { Key, Value = "" } of added) tags.set(Key, Value);
  if (tags.size > limits.tags && tags.size > before.length) throw refusals.tooManyTags();
  if (JSON.stringify([...tags]) !== JSON.stringify(before)) {
    secret.tags = [...tags];
    secret.changedAt = now;
  }
  return {};
}

function batchGetSecretValue(call: ModelCall): Json {
  const ids = call.request["SecretIdList"] as readonly string[] | undefined;
  if (Number(call.request["MaxResults"] ?? 1) > 20) throw refusals.invalid();
  if (ids === undefined) {
    const found = searched(call);
    const readable = found.filter(({ labels }) => labels.has("AWSCURRENT"));
    const empty = found.filter(({ labels }) => !labels.has("AWSCURRENT"));
    return {
      SecretValues: readable.map((secret) => readValue({ ...call, request: {} }, secret)),
      Errors: empty.map(({ arn }) => errorEntry(arn, refusals.noLabel("AWSCURRENT"))),
    };
  }
  const values: Json[] = [];
  const errors: Json[] = [];
  for (const SecretId of ids) {
    try {
      const one = { ...call, request: { SecretId } };
      values.push(readValue(one, liveSecret(one)));
    } catch (error) {
      if (!(error instanceof ModelRefusal)) throw error;
      errors.push(errorEntry(SecretId, error));
    }
  }
  return { SecretValues: values, Errors: errors };
}

function errorEntry(SecretId: string, { exception, sentence }: ModelRefusal): Json {
  return { SecretId, ErrorCode: exception, Message: sentence };
}

/** 5.4, and the day of the read on secret and version. */
function readValue({ request, now }: ModelCall, secret: ModelSecret): Json {
  const version = chosenVersion(
    secret,
    textOf(request, "VersionId"),
    textOf(request, "VersionStage"),
  );
  version.accessedDay = Math.floor(now / dayMs);
  secret.accessedDay = Math.floor(now / dayMs);
  return {
    ...named(secret),
    VersionId: version.id,
    [version.kind]: version.value,
    ...stagesMember(secret, version.id),
    CreatedDate: version.createdAt / 1000,
  };
}

function chosenVersion(
  secret: ModelSecret,
  id: string | undefined,
  label: string | undefined,
): ModelVersion {
  if (id !== undefined && !hasVersion(secret, id)) throw refusals.noVersion(id);
  if (id !== undefined && label !== undefined && secret.labels.get(label) !== id) {
    throw refusals.mismatch();
  }
  const wanted = id ?? secret.labels.get(label ?? "AWSCURRENT");
  const version = secret.versions.find((each) => each.id === wanted);
  if (version === undefined) throw refusals.noLabel(label ?? "AWSCURRENT");
  return version;
}

function searched({ state, request }: ModelCall): readonly ModelSecret[] {
  const filters = (request["Filters"] as readonly ModelFilter[] | undefined) ?? [];
  const found = state.secrets.filter(
    (secret) =>
      (secret.deletion === undefined || request["IncludePlannedDeletion"] === true) &&
      isFound(secret, filters),
  );
  const [sortBy, sortOrder] = [textOf(request, "SortBy"), textOf(request, "SortOrder")];
  return inOrder(found, sortBy ?? "created-date", sortOrder ?? "asc");
}
