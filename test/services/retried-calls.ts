// What AWS promises of calls that are sent again, as rows: what was there, what is sent twice, and
// what may not be sent under the same token.
import assert from "node:assert/strict";
import type { RefusalCode } from "../../src/base/errors.ts";
import type { DraftOf, ResponseOf } from "../../src/services/operations/operations.ts";
import { token } from "./service-node.ts";

/** How a request gets to a region. */
export type Ask = <Name extends RetriedOperation>(
  operation: Name,
  draft: DraftOf<Name>,
) => Promise<ResponseOf<Name>>;

export type RetriedOperation =
  | "CreateSecret"
  | "DescribeSecret"
  | "ListSecretVersionIds"
  | "PutSecretValue"
  | "RemoveRegionsFromReplication"
  | "RestoreSecret"
  | "TagResource"
  | "UntagResource"
  | "UpdateSecret";

export interface RetriedCall {
  readonly name: string;
  readonly prepare: (ask: Ask) => Promise<unknown>;
  /** Sent twice: the second answer is the first. */
  readonly send: (ask: Ask) => Promise<unknown>;
  /** The same token with other content, or the same content with another token. */
  readonly clashes: readonly {
    readonly with: string;
    readonly code: RefusalCode;
    readonly send: (ask: Ask) => Promise<unknown>;
  }[];
  /** How many versions there are when all is done. */
  readonly versions: number;
}

const create =
  (more: Partial<DraftOf<"CreateSecret">> = {}) =>
  (ask: Ask) =>
    ask("CreateSecret", { name: "db", clientRequestToken: token(1), ...more });
const put = (more: Partial<DraftOf<"PutSecretValue">>) => (ask: Ask) =>
  ask("PutSecretValue", { secretId: "db", clientRequestToken: token(2), ...more });
const update = (more: Partial<DraftOf<"UpdateSecret">>) => (ask: Ask) =>
  ask("UpdateSecret", { secretId: "db", clientRequestToken: token(2), ...more });

const nothing = () => Promise.resolve();
const first = { secretString: "first" };
const second = { secretString: "second" };
const bytes = (text: string) => ({ secretBinary: Uint8Array.from(Buffer.from(text)) });

export const retriedCalls: readonly RetriedCall[] = [
  {
    name: "CreateSecret with a value",
    prepare: nothing,
    send: create(first),
    clashes: [
      { with: "another value", code: "token_in_use", send: create(second) },
      { with: "the same bytes as binary", code: "token_in_use", send: create(bytes("first")) },
      { with: "no value", code: "token_in_use", send: create() },
      {
        with: "another token",
        code: "secret_exists",
        send: create({ ...first, clientRequestToken: token(9) }),
      },
    ],
    versions: 1,
  },
  {
    name: "CreateSecret with another description than the first time, which stays",
    prepare: create({ ...first, description: "first" }),
    send: create({ ...first, description: "second", tags: [{ key: "a", value: "b" }] }),
    clashes: [],
    versions: 1,
  },
  {
    name: "CreateSecret without a value",
    prepare: nothing,
    send: create(),
    clashes: [
      {
        with: "another token",
        code: "secret_exists",
        send: create({ clientRequestToken: token(9) }),
      },
    ],
    versions: 0,
  },
  {
    name: "CreateSecret of which another version is current by now",
    prepare: async (ask) => {
      await create(first)(ask);
      await put(second)(ask);
    },
    send: create(first),
    clashes: [{ with: "another value", code: "token_in_use", send: create(second) }],
    versions: 2,
  },
  {
    name: "PutSecretValue",
    prepare: create(first),
    send: put(second),
    clashes: [
      { with: "another value", code: "token_in_use", send: put(first) },
      { with: "the same bytes as binary", code: "token_in_use", send: put(bytes("second")) },
    ],
    versions: 2,
  },
  {
    name: "PutSecretValue with binary bytes",
    prepare: create(),
    send: (ask) => put(bytes("second"))(ask),
    clashes: [{ with: "the same bytes as text", code: "token_in_use", send: put(second) }],
    versions: 1,
  },
  {
    name: "PutSecretValue with labels, told where they are and not where it would put them",
    prepare: create(first),
    send: put({ ...second, versionStages: ["AWSPENDING", "mine"] }),
    clashes: [],
    versions: 2,
  },
  {
    name: "PutSecretValue with the token of the creation",
    prepare: create(first),
    send: put({ ...first, clientRequestToken: token(1) }),
    clashes: [
      {
        with: "another value",
        code: "token_in_use",
        send: put({ ...second, clientRequestToken: token(1) }),
      },
    ],
    versions: 1,
  },
  {
    name: "UpdateSecret with a value",
    prepare: create(first),
    send: update(second),
    clashes: [{ with: "another value", code: "token_in_use", send: update(first) }],
    versions: 2,
  },
  {
    name: "UpdateSecret without a value, whose token means nothing",
    prepare: create(first),
    send: update({ description: "new", clientRequestToken: token(1) }),
    clashes: [],
    versions: 1,
  },
  {
    name: "TagResource",
    prepare: create(first),
    send: (ask) => ask("TagResource", { secretId: "db", tags: [{ key: "a", value: "b" }] }),
    clashes: [],
    versions: 1,
  },
  {
    name: "UntagResource of a key that is not there",
    prepare: create(first),
    send: (ask) => ask("UntagResource", { secretId: "db", tagKeys: ["absent"] }),
    clashes: [],
    versions: 1,
  },
  {
    name: "RemoveRegionsFromReplication of a region without a replica",
    prepare: create(first),
    send: (ask) =>
      ask("RemoveRegionsFromReplication", { secretId: "db", removeReplicaRegions: ["eu-west-1"] }),
    clashes: [],
    versions: 1,
  },
  {
    name: "RestoreSecret of a secret that is not deleted",
    prepare: create(first),
    send: (ask) => ask("RestoreSecret", { secretId: "db" }),
    clashes: [],
    versions: 1,
  },
];

/** An answer as a wire has it: a member that is absent or undefined is left out alike. */
export function asSent(answer: unknown): unknown {
  return JSON.parse(JSON.stringify(answer));
}

/** How many versions there are, and the labels of those that have any. */
export async function versionsIn(ask: Ask): Promise<readonly unknown[]> {
  const { versions } = await ask("ListSecretVersionIds", {
    secretId: "db",
    includeDeprecated: true,
  });
  assert.ok(versions);
  return versions.map(({ versionId, versionStages }) => [versionId, versionStages]);
}
