// A client: one call after the other, on one node after the other, with the retries of the
// production client and its view of what may be repeated. Every answer is held against what the
// log came to at the index it carries, and against all that was answered before the call began.
import { isDeepStrictEqual } from "node:util";
import { Metadata, type ServiceError, type status } from "@grpc/grpc-js";
import { backoffMs } from "../../src/base/backoff.ts";
import { RefusedError } from "../../src/base/errors.ts";
import { failureOf, type Failure, type Repeatability } from "../../src/client/call-errors.ts";
import { Routes } from "../../src/client/routes.ts";
import { hasSameBytes } from "../../src/base/bytes.ts";
import { wireStatus } from "../../src/server/wire-status.ts";
import { CallError, type Calls } from "./node-calls.ts";
import type { SimNode } from "./node-machine.ts";
import type { Random } from "./node-random.ts";
import { isSameSecret, type Reference } from "./node-reference.ts";
import type { Answer, NodeService, Operation } from "./node-service.ts";
import { must, type Micros, type World } from "./node-world.ts";

// As in client-calls.ts.
const backoff = { firstMs: 50, mostMs: 1_000 };
const mostAttempts = 12;

export interface ClientFaults {
  /** How often a request or its answer is lost. */
  readonly loss: number;
}

/** What kind of caller it is. */
export interface Temper {
  /** How many of its calls only read. */
  readonly reads: number;
  /** Whether it is told of one endpoint only, and asks there whatever comes of it. */
  readonly isLoyal: boolean;
}

export function drawTemper(random: Random): Temper {
  return { reads: random.pick([0.4, 0.4, 0.95, 0.1]), isLoyal: random.happens(0.4) };
}

/** What all clients know together, and nobody in the simulation may use. */
export interface Acknowledged {
  /** The highest index that any answer reflected. */
  index: number;
  writes: number;
  reads: number;
  unknown: number;
}

export interface ClientParts {
  readonly name: string;
  readonly world: World;
  readonly random: Random;
  readonly calls: Calls;
  /** Whom it may ask; another list when the members are others. */
  readonly nodes: () => readonly SimNode[];
  readonly service: NodeService;
  readonly reference: Reference;
  readonly acknowledged: Acknowledged;
  readonly secrets: readonly string[];
  readonly thinkMicros: Micros;
  readonly deadlineMs: number;
  readonly faults: ClientFaults;
  readonly temper: Temper;
}

type Result = { readonly kind: "answer"; readonly answer: Answer } | Failed;
type Failed = { readonly kind: "failure" } & Failure;

export class SimClient {
  readonly #parts: ClientParts;
  #routes: Routes<SimNode> | undefined;
  #nodes: readonly SimNode[] = [];
  /** The endpoint of a loyal one. */
  #only: readonly SimNode[] = [];
  /** Versions it knows of, to move labels between. */
  readonly #versions = new Map<string, string[]>();
  #loss: number;
  isStopping = false;
  hasStopped = false;
  /** Calls that were answered since faults ended. */
  answeredSinceCalm = 0;
  #isCalm = false;

  constructor(parts: ClientParts) {
    this.#parts = parts;
    this.#loss = parts.faults.loss;
  }

  begin(): void {
    this.#live().catch((error: unknown) => {
      this.#parts.world.fail(error);
    });
  }

  calm(): void {
    this.#loss = 0;
    this.#isCalm = true;
  }

  async #live(): Promise<void> {
    const { world, random, thinkMicros, name } = this.#parts;
    for (;;) {
      await world.sleep(random.wait(thinkMicros), name);
      if (this.isStopping) break;
      const isSinceCalm = this.#isCalm;
      const isAnswered = await this.#call(this.#choose());
      if (isSinceCalm && isAnswered) this.answeredSinceCalm += 1;
    }
    this.hasStopped = true;
  }

  /** As `ClientCalls.call`. Whether an answer came, of whatever content. */
  async #call(operation: Operation): Promise<boolean> {
    const { world, acknowledged, random, name, deadlineMs } = this.#parts;
    const floor = acknowledged.index;
    const end = world.now + deadlineMs * 1000;
    const repeatability = repeatabilityOf(operation);
    for (let attempt = 1; ; attempt += 1) {
      const result = await this.#attempt(operation, repeatability, end);
      if (result.kind === "answer") {
        this.#check(operation, result.answer, floor);
        return true;
      }
      const pauseMs = backoffMs(backoff, attempt, random.fraction());
      const isOver =
        result.again === "give_up" || attempt >= mostAttempts || pauseMs * 1000 >= end - world.now;
      if (isOver) {
        if (result.error.code === "outcome_unknown") acknowledged.unknown += 1;
        return false;
      }
      await world.sleep(pauseMs * 1000, name);
    }
  }

  async #attempt(operation: Operation, repeatability: Repeatability, end: Micros): Promise<Result> {
    const { calls, random, service, world, deadlineMs } = this.#parts;
    const routes = this.#currentRoutes();
    const node = routes.choose(repeatability === "read" ? "read" : "write");
    const left = end - world.now;
    const timeout = repeatability === "once" ? left : Math.min(left, (deadlineMs * 1000) / 3);
    const leg = (): Micros | undefined =>
      random.happens(this.#loss) ? undefined : random.heavyTailed(400, 200_000);
    try {
      const answer = await calls.call(node, { there: leg(), back: leg, timeout }, () =>
        service.serve(node, operation, node.clock.monotonicMs() + timeout / 1000),
      );
      routes.answered(node);
      return { kind: "answer", answer };
    } catch (error) {
      const failure = failureOf(serviceErrorOf(error), repeatability);
      if (failure.node === "doubtful") routes.failed(node);
      return { kind: "failure", ...failure };
    }
  }

  #currentRoutes(): Routes<SimNode> {
    const { world, random } = this.#parts;
    const nodes = this.#endpoints();
    if (this.#routes !== undefined && nodes === this.#nodes) return this.#routes;
    const [first, ...others] = nodes;
    must(first !== undefined, "a region has nodes");
    this.#nodes = nodes;
    this.#routes = new Routes([first, ...others], {
      clock: { monotonicMs: () => world.now / 1000 },
      reads: "stick",
      first: random.below(nodes.length),
    });
    return this.#routes;
  }

  /** As long as faults come: afterwards the one it knows may be down for good. */
  #endpoints(): readonly SimNode[] {
    const nodes = this.#parts.nodes();
    if (!this.#parts.temper.isLoyal || this.#isCalm) return nodes;
    const [only] = this.#only;
    if (only === undefined || !nodes.includes(only)) this.#only = [this.#parts.random.pick(nodes)];
    return this.#only;
  }

  #check(operation: Operation, answer: Answer, floor: number): void {
    const { acknowledged, reference } = this.#parts;
    const { index } = answer;
    must(index >= floor, `14: an answer reflects ${String(index)}, ${String(floor)} was answered`);
    must(index <= reference.applied, `16: an answer reflects ${String(index)}, never applied`);
    acknowledged.index = Math.max(acknowledged.index, index);
    if (answer.kind === "written") {
      acknowledged.writes += 1;
      this.#checkWrite(operation, answer, floor);
    } else {
      acknowledged.reads += 1;
      this.#checkRead(operation, answer);
    }
  }

  #checkWrite(
    operation: Operation,
    { index, outcome }: Extract<Answer, { kind: "written" }>,
    floor: number,
  ): void {
    const applied = this.#parts.reference.commandAt(index);
    must(index > floor, `14: a write at ${String(index)} is from before it was asked for`);
    must(applied !== undefined, `16: an acknowledged write is not in the log`);
    must("name" in applied.command, "16: an acknowledged write is another command");
    must(applied.command.name === operation.name, "16: an acknowledged write is another's");
    const token = "token" in operation ? operation.token : undefined;
    if (token !== undefined && "version" in applied.command) {
      const { version } = applied.command;
      must(version?.versionId === token, "16: an acknowledged write is another's");
    }
    must(isDeepStrictEqual(applied.outcome, outcome), "16: an answer is another than it came to");
    if (outcome.ok && token !== undefined) this.#know(operation.name, token);
  }

  #checkRead(operation: Operation, answer: Exclude<Answer, { kind: "written" }>): void {
    const { reference } = this.#parts;
    const { index } = answer;
    if (answer.kind === "names") {
      must(answer.names === reference.namesAt(index), `a list at ${String(index)} is another`);
      return;
    }
    const expected = reference.secretAt(operation.name, index);
    const record = answer.kind === "secret" ? answer.record : undefined;
    must(isSameSecret(record, expected), `a read at ${String(index)} is of another state`);
    if (answer.kind !== "secret" || record === undefined) return;
    const current = record.labels.get("AWSCURRENT") ?? "";
    const value = reference.valueAt(operation.name, current, index);
    const isSame =
      value !== undefined &&
      answer.value !== undefined &&
      hasSameBytes(value.sealedValue, answer.value.sealedValue) &&
      hasSameBytes(value.sealedDataKey, answer.value.sealedDataKey);
    must(isSame, `a read at ${String(index)} gives another value`);
  }

  #know(secret: string, version: string): void {
    const versions = this.#versions.get(secret) ?? [];
    if (!versions.includes(version)) versions.push(version);
    if (versions.length > 8) versions.shift();
    this.#versions.set(secret, versions);
  }

  #choose(): Operation {
    const { random, secrets, temper } = this.#parts;
    const name = random.pick(secrets);
    if (random.happens(temper.reads)) {
      return { kind: random.below(8) === 0 ? "list" : "get", name };
    }
    return this.#chooseWrite(name);
  }

  #chooseWrite(name: string): Operation {
    const { random } = this.#parts;
    const choice = 40 + random.below(60);
    if (choice < 50) return { kind: "create", name, ...this.#newValue() };
    if (choice < 72) {
      const stages = random.happens(0.3) ? ["AWSPENDING"] : undefined;
      return { kind: "put", name, stages, ...this.#newValue() };
    }
    if (choice < 80) return { kind: "update", name, ...this.#newValue() };
    if (choice < 88) return this.#moveLabel(name);
    if (choice < 93) {
      return { kind: "delete", name, recoveryWindowDays: random.happens(0.3) ? 0 : 7 };
    }
    return { kind: "restore", name };
  }

  #moveLabel(name: string): Operation {
    const { random } = this.#parts;
    const versions = this.#versions.get(name) ?? [];
    if (versions.length < 2) return { kind: "get", name };
    const label = random.pick(["AWSCURRENT", "AWSPENDING", "mine"]);
    const removeFrom = random.happens(0.7) ? random.pick(versions) : undefined;
    return { kind: "stage", name, label, moveTo: random.pick(versions), removeFrom };
  }

  #newValue(): { readonly token: string; readonly value: Uint8Array } {
    const { random } = this.#parts;
    return { token: random.uuid(), value: random.bytes(8 + random.below(40)) };
  }
}

// As client.ts declares its methods.
function repeatabilityOf({ kind }: Operation): Repeatability {
  if (kind === "get" || kind === "list") return "read";
  return kind === "create" || kind === "put" || kind === "update" ? "token" : "once";
}

/** What the client's side of gRPC makes of what the server's side says. */
function serviceErrorOf(error: unknown): ServiceError {
  if (error instanceof CallError) return wireError(error.code, new Metadata(), error.message);
  if (!(error instanceof RefusedError)) throw error;
  const { code } = error.refusal;
  const metadata = new Metadata();
  metadata.set("holdfast-refusal", code);
  const { grpc } = wireStatus[code];
  return wireError(grpc, metadata, error.message);
}

function wireError(code: status, metadata: Metadata, details: string): ServiceError {
  return Object.assign(new Error(details), { code, metadata, details });
}
