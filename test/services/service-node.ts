// One node as the services see it: a dispatcher over a real state machine with real keys.
import assert from "node:assert/strict";
import type { Principal } from "../../src/access/principal.ts";
import { RefusedError, type RefusalCode, type RefusalFacts } from "../../src/base/errors.ts";
import { clusterId } from "../../src/base/ids.ts";
import { SecretKey } from "../../src/crypto/secret-key.ts";
import { AccessNotes } from "../../src/services/access-notes.ts";
import { authorize } from "../../src/services/authorization.ts";
import type { Caller } from "../../src/services/caller.ts";
import { Dispatcher } from "../../src/services/dispatcher.ts";
import { KeyService } from "../../src/services/key-service.ts";
import type {
  DraftOf,
  OperationName,
  ResponseOf,
} from "../../src/services/operations/operations.ts";
import type { ServiceParts } from "../../src/services/parts.ts";
import { memberHandlers } from "../../src/services/change-members.ts";
import { nodeHandlers } from "../../src/services/note-accesses.ts";
import { secretHandlers } from "../../src/services/secret-service.ts";
import { ListedMembership } from "../support/listed-membership.ts";
import { numberedEntropy } from "../support/numbered-entropy.ts";
import { SetClock } from "../support/set-clock.ts";
import { SoloRaftGroup } from "../support/solo-raft-group.ts";

const identity = { region: "us-east-1", account: "000000000000" };
export const home = { clusterId: clusterId("cluster-1"), region: identity.region };
export const administrator: Principal = {
  arn: "arn:aws:iam::000000000000:user/administrator",
  account: identity.account,
  kind: "administrator",
};
/** Somebody of a kind that a newer release may know. */
export const stranger = {
  ...administrator,
  arn: "arn:aws:iam::000000000000:user/stranger",
  kind: "service",
} as unknown as Principal;

/** Tokens of the length that the model asks for. */
export const token = (number: number): string =>
  `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;

export interface ServiceNode {
  readonly parts: ServiceParts;
  readonly group: SoloRaftGroup;
  readonly membership: ListedMembership;
  readonly clock: SetClock;
  readonly dispatcher: Dispatcher;
  readonly keys: KeyService;
  call<Name extends OperationName>(
    operation: Name,
    draft: DraftOf<Name>,
    principal?: Principal,
  ): Promise<ResponseOf<Name>>;
}

export interface NodeChoices {
  /** To share a state with: the two are nodes of one region. */
  readonly peer?: ServiceNode;
  readonly unsealKey?: SecretKey | undefined;
  readonly limits?: Partial<ServiceParts["limits"]>;
  readonly seed?: string;
}

export async function serviceNode(choices: NodeChoices = {}): Promise<ServiceNode> {
  const { peer, seed = "node" } = choices;
  const clock = peer?.clock ?? new SetClock();
  const group = new SoloRaftGroup(clock, peer?.group.view);
  const membership = new ListedMembership(group, clock);
  const entropy = numberedEntropy(seed);
  const unsealKey = "unsealKey" in choices ? choices.unsealKey : unsealKeyOf(9);
  const keys = new KeyService({ group, home, unsealKey, clock, entropy });
  await keys.poll();

  const parts: ServiceParts = {
    group,
    membership,
    keys,
    accessNotes: new AccessNotes(clock),
    clock,
    entropy,
    identity,
    authorize,
    limits: {
      secret: { versions: 100, labels: 20, tags: 50 },
      secretsPerRegion: 1_000,
      ...choices.limits,
    },
  };
  const handlers = { ...secretHandlers, ...memberHandlers, ...nodeHandlers };
  const dispatcher = new Dispatcher(parts, handlers);
  return {
    parts,
    group,
    membership,
    clock,
    dispatcher,
    keys,
    call: (operation, draft, principal = administrator) =>
      dispatcher.call(operation, callerOf(clock, principal), draft),
  };
}

export function callerOf(clock: SetClock, principal = administrator): Caller {
  return { principal, requestId: "request-1", deadlineMs: clock.monotonicMs() + 5_000 };
}

export function unsealKeyOf(byte: number): SecretKey {
  return SecretKey.take(new Uint8Array(32).fill(byte));
}

/** A secret named `db` with the value `hunter2`, made with token 1. */
export async function withSecret(node: ServiceNode): Promise<{ readonly arn: string }> {
  const created = await node.call("CreateSecret", {
    name: "db",
    clientRequestToken: token(1),
    secretString: "hunter2",
  });
  assert.ok(created.arn);
  return { arn: created.arn };
}

/** A secret named `gone`, which waits for its deletion. */
export async function withDeletedSecret(node: ServiceNode): Promise<void> {
  await node.call("CreateSecret", { name: "gone", clientRequestToken: token(2) });
  await node.call("DeleteSecret", { secretId: "gone" });
}

/** Meets a refusal with this code, and with these facts if they are named. */
export async function assertRefused<Code extends RefusalCode>(
  call: Promise<unknown>,
  code: Code,
  facts?: RefusalFacts[Code],
): Promise<void> {
  await assert.rejects(call, (error) => {
    if (!(error instanceof RefusedError)) return false;
    assert.equal(error.refusal.code, code, error.message);
    if (facts !== undefined) assert.deepEqual(error.refusal.facts, facts);
    return true;
  });
}
