// What a node does for a client, in the order services/ does it: a write runs on the leader behind
// a read barrier, is planned and proposed; a read is answered from the state behind its barrier.
import { mintSecretArn } from "../../src/base/arn.ts";
import { RefusedError } from "../../src/base/errors.ts";
import type { HandedAnswer, HandedRequest } from "../../src/consensus/raft-group.ts";
import type { Command, CommandOutcome } from "../../src/machine/command.ts";
import { defaultSecretLimits } from "../../src/secrets/limits.ts";
import type { NewVersion, SealedValue, SecretRecord } from "../../src/secrets/secret.ts";
import type { SimNode } from "./node-machine.ts";
import type { Random } from "./node-random.ts";
import { must } from "./node-world.ts";

/** What a client asks for. */
export type Operation = { readonly name: string } & (
  | { readonly kind: "create"; readonly token: string; readonly value: Uint8Array }
  | {
      readonly kind: "put";
      readonly token: string;
      readonly value: Uint8Array;
      readonly stages: readonly string[] | undefined;
    }
  | { readonly kind: "update"; readonly token: string; readonly value: Uint8Array }
  | {
      readonly kind: "stage";
      readonly label: string;
      readonly moveTo: string;
      readonly removeFrom: string | undefined;
    }
  | { readonly kind: "delete"; readonly recoveryWindowDays: number }
  | { readonly kind: "restore" }
  | { readonly kind: "get" }
  | { readonly kind: "list" }
);

export type Answer = {
  /** The entry of the log up to which the answer is what the state says. */
  readonly index: number;
} & (
  | { readonly kind: "written"; readonly outcome: CommandOutcome }
  /** There was no such secret to plan with. */
  | { readonly kind: "missing" }
  | {
      readonly kind: "secret";
      readonly record: SecretRecord | undefined;
      readonly value: SealedValue | undefined;
    }
  | { readonly kind: "names"; readonly names: string }
);

const identity = { region: "us-east-1", account: "000000000000" };
const listedAtMost = 1000;

export interface ServiceParts {
  readonly random: Random;
  /** Each plan has a number, to tell afterwards whether what was refused ever happened. */
  readonly planRefused: (plan: number) => void;
}

/** Requests and answers on their way between nodes: they travel as the number of a parcel. */
const parcels = (): { put(parcel: object): Uint8Array; take(bytes: Uint8Array): object } => {
  const open = new Map<number, object>();
  let next = 1;
  return {
    put: (parcel) => {
      open.set(next, parcel);
      const bytes = new Uint8Array(4);
      new DataView(bytes.buffer).setUint32(0, next++);
      return bytes;
    },
    take: (bytes) => {
      const number = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
      const parcel = open.get(number);
      must(parcel !== undefined, "what was handed over arrives as it was sent");
      return parcel;
    },
  };
};

export class NodeService {
  readonly #parts: ServiceParts;
  readonly #parcels = parcels();
  #plans = 0;

  constructor(parts: ServiceParts) {
    this.#parts = parts;
  }

  /** Rejects with a `RefusedError`. */
  async serve(node: SimNode, operation: Operation, deadlineMs: number): Promise<Answer> {
    if (operation.kind === "get" || operation.kind === "list") {
      return this.#read(node, operation, deadlineMs);
    }
    if (node.leadership().kind === "leader") return this.#write(node, operation, deadlineMs);
    const answer = await node.handOver({
      operation: operation.kind,
      body: this.#parcels.put(operation),
      principal: new Uint8Array(),
      requestId: "",
      deadlineMs,
    });
    if (!answer.ok) throw new RefusedError(answer.refusal);
    return this.#parcels.take(answer.body) as Answer;
  }

  async answerHanded(node: SimNode, request: HandedRequest): Promise<HandedAnswer> {
    try {
      if (node.leadership().kind !== "leader") {
        return { ok: false, refusal: { code: "no_leader", facts: {} } };
      }
      const operation = this.#parcels.take(request.body) as Operation;
      const answer = await this.#write(node, operation, request.deadlineMs);
      return { ok: true, body: this.#parcels.put(answer) };
    } catch (error) {
      if (error instanceof RefusedError) return { ok: false, refusal: error.refusal };
      throw error;
    }
  }

  async #write(node: SimNode, operation: Operation, deadlineMs: number): Promise<Answer> {
    await node.readBarrier(deadlineMs);
    const { running } = node;
    if (running === undefined) throw new Error("the node is down");
    const record = running.store.state.secret(operation.name);
    const plan = (this.#plans += 1);
    const command = this.#plan(operation, record, plan);
    const { index: readAt } = running.store.state.applied.position;
    if (command === undefined) return { kind: "missing", index: readAt };
    try {
      const outcome = await node.propose(command, deadlineMs);
      return { kind: "written", index: outcome.index, outcome: withoutIndex(outcome) };
    } catch (error) {
      const code = error instanceof RefusedError ? error.refusal.code : undefined;
      if (code === "no_leader" || code === "overloaded") this.#parts.planRefused(plan);
      throw error;
    }
  }

  async #read(node: SimNode, operation: Operation, deadlineMs: number): Promise<Answer> {
    await node.readBarrier(deadlineMs);
    const { running } = node;
    if (running === undefined) throw new Error("the node is down");
    const { state } = running.store;
    const { index } = state.applied.position;
    if (operation.kind === "list") {
      const range = { direction: "ascending", after: undefined, limit: listedAtMost } as const;
      const names = await state.namesByOrder(range);
      return { kind: "names", index, names: names.map(({ name }) => name).join(" ") };
    }
    const record = state.secret(operation.name);
    const current = record?.labels.get("AWSCURRENT");
    const value = current === undefined ? undefined : state.sealedValue(operation.name, current);
    return { kind: "secret", index, record, value };
  }

  #plan(operation: Operation, record: SecretRecord | undefined, plan: number): Command | undefined {
    const { name } = operation;
    const limits = defaultSecretLimits;
    if (operation.kind === "create") {
      const arn = mintSecretArn(identity, name, (limit) => this.#parts.random.below(limit));
      const version = newVersion(operation, plan);
      const { token } = operation;
      const rest = { description: "", type: undefined, kmsKeyId: undefined, tags: undefined };
      return { kind: "create_secret", name, arn, token, ...rest, version, limits };
    }
    if (record === undefined) return undefined;
    const target = { name, arn: record.arn };
    switch (operation.kind) {
      case "put": {
        const { stages } = operation;
        const version = newVersion(operation, plan);
        return { kind: "put_secret_value", ...target, version, stages, limits };
      }
      case "update": {
        const version = newVersion(operation, plan);
        const rest = { type: undefined, kmsKeyId: undefined, version, limits };
        return { kind: "update_secret", ...target, description: `plan ${String(plan)}`, ...rest };
      }
      case "stage": {
        const { label, moveTo, removeFrom } = operation;
        return { kind: "update_version_stage", ...target, label, moveTo, removeFrom, limits };
      }
      case "delete":
        return {
          kind: "delete_secret",
          ...target,
          recoveryWindowDays: operation.recoveryWindowDays,
        };
      case "restore":
        return { kind: "restore_secret", ...target };
      case "get":
      case "list":
        return undefined;
    }
  }
}

/** The number of the plan that a command came from, if it carries one. */
export function planOf(command: Command): number | undefined {
  if (!("version" in command) || command.version === undefined) return undefined;
  return Number(command.version.keyRef.split("#")[1]);
}

function newVersion(
  { token, value }: { readonly token: string; readonly value: Uint8Array },
  plan: number,
): NewVersion {
  return {
    versionId: token,
    keyRef: `key#${String(plan)}`,
    // Two attempts of one call seal the same value, each its own way: only this is the same.
    fingerprint: value,
    value: { kind: "binary", sealedValue: value, sealedDataKey: Uint8Array.of(plan & 0xff) },
  };
}

function withoutIndex(outcome: CommandOutcome & { readonly index: number }): CommandOutcome {
  return outcome.ok
    ? { ok: true, state: outcome.state, reply: outcome.reply }
    : { ok: false, refusal: outcome.refusal };
}
