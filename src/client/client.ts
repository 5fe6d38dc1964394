// The client of holdfast: one method an operation, the names and members of AWS Secrets Manager.
//
//   const client = new HoldfastClient({ endpoints: ["localhost:7001"], token, ca });
//   const { secretString } = await client.getSecretValue({ secretId: "prod/db" });
//
// Every method rejects with a `HoldfastError`. A call is made again by itself only when that cannot
// do anything twice. Dates are milliseconds since the Unix epoch.
import type {
  ClusterOperations,
  CreateBackupResponse,
  SecretsManagerOperations,
  StatusResponse,
  WatchEvent,
  WatchHeartbeat,
  WatchResponse,
} from "../generated/public-contract.ts";
import type { CachedSecret } from "./cached-secret.ts";
import type { CacheEvent, CacheOptions } from "./cache-settings.ts";
import { HoldfastError, type CallErrorCode, type Repeatability } from "./call-errors.ts";
import { ClientCalls, realWorld, type AnswerNote, type World } from "./client-calls.ts";
import { optionsFromEnvironment, SettingsError } from "./environment.ts";
import type { ReadRouting } from "./routes.ts";
import { SecretCache, type SecretSource } from "./secret-cache.ts";
import { watchSecrets, type WatchOptions } from "./watch.ts";

export { HoldfastError, optionsFromEnvironment, SecretCache, SettingsError };
export type {
  AnswerNote,
  CachedSecret,
  CacheEvent,
  CacheOptions,
  CallErrorCode,
  ReadRouting,
  SecretSource,
  WatchEvent,
  WatchHeartbeat,
  WatchOptions,
  WatchResponse,
};

export interface ClientOptions {
  /** `host:port` of one or more nodes of a region. */
  readonly endpoints: readonly string[];
  /** An access token, `hft_...`. */
  readonly token: string;
  /** The authorities to trust, in PEM. Absent: those of the system. */
  readonly ca?: string;
  /** How long a call may take with all its repetitions. 10 seconds unless given. */
  readonly deadlineMs?: number;
  /**
   * `stick`, unless given: reads stay with one node as long as it answers, each client with another
   * one. `spread`: they go to all nodes in turn. Writes go to the leader, once it is known.
   */
  readonly reads?: ReadRouting;
  /** Told of every answer just before its call resolves, with the log index that it reflects. */
  readonly onAnswer?: (answer: AnswerNote) => void;
}

type Operations = SecretsManagerOperations & ClusterOperations;
type Operation = keyof SecretsManagerOperations;
export type RequestTo<Name extends keyof Operations> = Operations[Name]["request"];
export type ReplyFrom<Name extends keyof Operations> = Operations[Name]["reply"];

const reads: ReadonlySet<Operation> = new Set([
  "BatchGetSecretValue",
  "DescribeSecret",
  "GetRandomPassword",
  "GetResourcePolicy",
  "GetSecretValue",
  "ListSecretVersionIds",
  "ListSecrets",
  "ValidateResourcePolicy",
] as const);

const defaultDeadlineMs = 10_000;

export class HoldfastClient implements Disposable {
  readonly #calls: ClientCalls;
  readonly #world: World;

  /** Opens no connection yet. `world` is for tests. */
  constructor(options: ClientOptions, world: World = realWorld) {
    const { endpoints, token, ca, onAnswer } = options;
    const { deadlineMs = defaultDeadlineMs, reads: routing = "stick" } = options;
    const settings = { endpoints, token, ca, deadlineMs, reads: routing, onAnswer };
    this.#world = world;
    this.#calls = new ClientCalls(settings, world);
  }

  close(): void {
    this.#calls.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Reads the current values of up to twenty secrets, by name or by filter. */
  batchGetSecretValue(
    request: RequestTo<"BatchGetSecretValue">,
  ): Promise<ReplyFrom<"BatchGetSecretValue">> {
    return this.#call("BatchGetSecretValue", request);
  }

  /** Turns rotation off, and gives up a rotation that is under way. */
  cancelRotateSecret(
    request: RequestTo<"CancelRotateSecret">,
  ): Promise<ReplyFrom<"CancelRotateSecret">> {
    return this.#call("CancelRotateSecret", request);
  }

  /** Makes a secret. Mints the token unless given one. */
  createSecret(request: RequestTo<"CreateSecret">): Promise<ReplyFrom<"CreateSecret">> {
    return this.#callWithToken("CreateSecret", request);
  }

  /** Takes the resource policy off a secret. */
  deleteResourcePolicy(
    request: RequestTo<"DeleteResourcePolicy">,
  ): Promise<ReplyFrom<"DeleteResourcePolicy">> {
    return this.#call("DeleteResourcePolicy", request);
  }

  /** Marks a secret for deletion after a recovery window, or deletes it at once. */
  deleteSecret(request: RequestTo<"DeleteSecret">): Promise<ReplyFrom<"DeleteSecret">> {
    return this.#call("DeleteSecret", request);
  }

  /** Tells all about a secret but its value. */
  describeSecret(request: RequestTo<"DescribeSecret">): Promise<ReplyFrom<"DescribeSecret">> {
    return this.#call("DescribeSecret", request);
  }

  /** Draws a password. Nothing is stored. */
  getRandomPassword(
    request: RequestTo<"GetRandomPassword"> = {},
  ): Promise<ReplyFrom<"GetRandomPassword">> {
    return this.#call("GetRandomPassword", request);
  }

  /** Reads the resource policy of a secret. */
  getResourcePolicy(
    request: RequestTo<"GetResourcePolicy">,
  ): Promise<ReplyFrom<"GetResourcePolicy">> {
    return this.#call("GetResourcePolicy", request);
  }

  /** Reads one value: the current one unless a version or a label is named. */
  getSecretValue(request: RequestTo<"GetSecretValue">): Promise<ReplyFrom<"GetSecretValue">> {
    return this.#call("GetSecretValue", request);
  }

  /** Lists the versions of one secret. */
  listSecretVersionIds(
    request: RequestTo<"ListSecretVersionIds">,
  ): Promise<ReplyFrom<"ListSecretVersionIds">> {
    return this.#call("ListSecretVersionIds", request);
  }

  /** Lists secrets, without their values. */
  listSecrets(request: RequestTo<"ListSecrets"> = {}): Promise<ReplyFrom<"ListSecrets">> {
    return this.#call("ListSecrets", request);
  }

  /** Gives a secret a resource policy in place of the one it had. */
  putResourcePolicy(
    request: RequestTo<"PutResourcePolicy">,
  ): Promise<ReplyFrom<"PutResourcePolicy">> {
    return this.#call("PutResourcePolicy", request);
  }

  /** Adds a version, by default as the current one. Mints the token unless given one. */
  putSecretValue(request: RequestTo<"PutSecretValue">): Promise<ReplyFrom<"PutSecretValue">> {
    return this.#callWithToken("PutSecretValue", request);
  }

  /** Deletes the copies of a secret in some regions. */
  removeRegionsFromReplication(
    request: RequestTo<"RemoveRegionsFromReplication">,
  ): Promise<ReplyFrom<"RemoveRegionsFromReplication">> {
    return this.#call("RemoveRegionsFromReplication", request);
  }

  /** Copies a secret to more regions. */
  replicateSecretToRegions(
    request: RequestTo<"ReplicateSecretToRegions">,
  ): Promise<ReplyFrom<"ReplicateSecretToRegions">> {
    return this.#call("ReplicateSecretToRegions", request);
  }

  /** Takes back a deletion whose recovery window has not ended. */
  restoreSecret(request: RequestTo<"RestoreSecret">): Promise<ReplyFrom<"RestoreSecret">> {
    return this.#call("RestoreSecret", request);
  }

  /** Configures rotation, and by default starts one. Mints the token unless given one. */
  rotateSecret(request: RequestTo<"RotateSecret">): Promise<ReplyFrom<"RotateSecret">> {
    return this.#callWithToken("RotateSecret", request);
  }

  /** Makes a replica a secret of its own. Called in the region of the replica. */
  stopReplicationToReplica(
    request: RequestTo<"StopReplicationToReplica">,
  ): Promise<ReplyFrom<"StopReplicationToReplica">> {
    return this.#call("StopReplicationToReplica", request);
  }

  /** Adds tags to a secret, or gives them new values. */
  tagResource(request: RequestTo<"TagResource">): Promise<ReplyFrom<"TagResource">> {
    return this.#call("TagResource", request);
  }

  /** Takes tags off a secret. */
  untagResource(request: RequestTo<"UntagResource">): Promise<ReplyFrom<"UntagResource">> {
    return this.#call("UntagResource", request);
  }

  /** Changes what a secret says of itself or its value. Mints the token unless given one. */
  updateSecret(request: RequestTo<"UpdateSecret">): Promise<ReplyFrom<"UpdateSecret">> {
    return this.#callWithToken("UpdateSecret", request);
  }

  /** Moves a staging label from one version to another. */
  updateSecretVersionStage(
    request: RequestTo<"UpdateSecretVersionStage">,
  ): Promise<ReplyFrom<"UpdateSecretVersionStage">> {
    return this.#call("UpdateSecretVersionStage", request);
  }

  /** Checks a resource policy without attaching it. */
  validateResourcePolicy(
    request: RequestTo<"ValidateResourcePolicy">,
  ): Promise<ReplyFrom<"ValidateResourcePolicy">> {
    return this.#call("ValidateResourcePolicy", request);
  }

  /** Tells what the node that answers knows of itself and of its region. */
  async clusterStatus(): Promise<StatusResponse> {
    const call = { method: "Status", request: {}, repeatability: "read" } as const;
    return (await this.#calls.call({ service: "Cluster", ...call })) as StatusResponse;
  }

  /** Tells who is in the region and how far everybody has come, as the leader knows it. */
  listMembers(): Promise<ReplyFrom<"ListMembers">> {
    return this.#change("ListMembers", {}, "read");
  }

  /** Makes a ticket with which one new node may join, once. */
  inviteMember(request: RequestTo<"InviteMember">): Promise<ReplyFrom<"InviteMember">> {
    return this.#change("InviteMember", request);
  }

  /** Makes a learner that has caught up a voter. */
  promoteMember(request: RequestTo<"PromoteMember">): Promise<ReplyFrom<"PromoteMember">> {
    return this.#change("PromoteMember", request);
  }

  /** Makes a node a voter and removes another, in one step. */
  replaceMember(request: RequestTo<"ReplaceMember">): Promise<ReplyFrom<"ReplaceMember">> {
    return this.#change("ReplaceMember", request);
  }

  /** Removes a node for good: its id is never used again. */
  removeMember(request: RequestTo<"RemoveMember">): Promise<ReplyFrom<"RemoveMember">> {
    return this.#change("RemoveMember", request);
  }

  /** Hands the lead to a voter. */
  transferLeadership(
    request: RequestTo<"TransferLeadership">,
  ): Promise<ReplyFrom<"TransferLeadership">> {
    return this.#change("TransferLeadership", request);
  }

  /**
   * A backup of the region, to be written to a file in the order it comes: pieces of the file, and
   * last of all what the file is. One that ends without that is cut off.
   */
  createBackup(): AsyncGenerator<CreateBackupResponse> {
    const request = { name: "CreateBackupRequest", message: {} };
    const call = { service: "Backup", method: "Create", request } as const;
    // The shape of the answer makes it the reply of its operation.
    return this.#calls.stream({ ...call, reply: "CreateBackupResponse" }) as never;
  }

  /**
   * What becomes of secrets, as it happens: each change once, and heartbeats between that tell how
   * fresh that is. Goes on by itself, on another node if need be, until `signal` aborts. Throws a
   * `HoldfastError`: `position_too_old` means to list again and to watch from now on.
   */
  watch(options: WatchOptions = {}): AsyncGenerator<WatchResponse> {
    return watchSecrets(this.#calls.watchedNodes(), options, this.#world);
  }

  async #change<Name extends Exclude<keyof ClusterOperations, "Status">>(
    method: Name,
    request: ClusterOperations[Name]["request"],
    repeatability: Repeatability = "once",
  ): Promise<ReplyFrom<Name>> {
    // The shape of the answer makes it the reply of its operation.
    const call = { service: "Cluster", method, request, repeatability } as const;
    return (await this.#calls.call(call)) as ReplyFrom<Name>;
  }

  #call<Name extends Operation>(method: Name, request: RequestTo<Name>): Promise<ReplyFrom<Name>> {
    return this.#send(method, request, reads.has(method) ? "read" : "once");
  }

  /** The token is minted once, here, so that every repetition carries the same. */
  #callWithToken<Name extends Operation>(
    method: Name,
    request: RequestTo<Name> & { readonly clientRequestToken?: string | undefined },
  ): Promise<ReplyFrom<Name>> {
    const clientRequestToken = request.clientRequestToken ?? this.#world.entropy.uuid();
    return this.#send(method, { ...request, clientRequestToken }, "token");
  }

  async #send<Name extends Operation>(
    method: Name,
    request: RequestTo<Name>,
    repeatability: Repeatability,
  ): Promise<ReplyFrom<Name>> {
    const service = "SecretsManager";
    // The shape of the answer makes it the reply of its operation.
    const reply = await this.#calls.call({ service, method, request, repeatability });
    return reply;
  }
}
