// Which operations there are, and what answers each. An operation without an entry is refused as
// not available.
import { deleteSecret, restoreSecret, tagResource } from "./change-secret.ts";
import { untagResource, updateSecretVersionStage } from "./change-secret.ts";
import { listSecrets, listSecretVersionIds } from "./list-secrets.ts";
import type { Handler } from "./operation-call.ts";
import type { OperationName } from "./operations/operations.ts";
import { describeSecret, getRandomPassword, getSecretValue } from "./read-secret.ts";
import { createSecret, putSecretValue, updateSecret } from "./write-secret.ts";

export type Handlers = { readonly [Name in OperationName]?: Handler<Name> };

export const secretHandlers: Handlers = {
  CreateSecret: createSecret,
  DeleteSecret: deleteSecret,
  DescribeSecret: describeSecret,
  GetRandomPassword: getRandomPassword,
  GetSecretValue: getSecretValue,
  ListSecrets: listSecrets,
  ListSecretVersionIds: listSecretVersionIds,
  PutSecretValue: putSecretValue,
  RestoreSecret: restoreSecret,
  TagResource: tagResource,
  UntagResource: untagResource,
  UpdateSecret: updateSecret,
  UpdateSecretVersionStage: updateSecretVersionStage,
};
