// Clients that write, read, move labels and delete on any node, never wait for each other, and
// write down all they do. A call whose outcome is unknown is often made again with its token, and
// sometimes left as it is.
import { setTimeout as pause } from "node:timers/promises";
import type { Answer, Labels, Operation, Outcome, Recorder } from "./history.ts";
import { isWrite } from "./history.ts";
import type { NodeCaller, Reached } from "./node-caller.ts";
import type { Random } from "./random.ts";

/** Short lives keep the search small, and the versions of a secret below their limit. */
const callsOfSecret = 150;
const writesOfSecret = 60;
/** Each write of unknown outcome may be anywhere in the order from then on, or nowhere. */
const unknownsOfSecret = 6;
const secretsAtOnce = 6;
const mostAttempts = 4;
/** Some give up soon, some hold on through a pause of a node. */
const patienceMs = [500, 1_200, 3_500] as const;

/** A secret as the clients know it: a guess, never more. */
interface KnownSecret {
  readonly name: string;
  readonly tokens: string[];
  current: string | undefined;
  calls: number;
  writes: number;
  unknowns: number;
}

export class Workload {
  /** Everything that was ever used, for the last look. */
  readonly secrets: KnownSecret[] = [];
  readonly #callers: readonly NodeCaller[];
  readonly #recorder: Recorder;
  readonly #name: string;
  readonly #clients: readonly Promise<void>[];
  #active: KnownSecret[] = [];
  #tokens = 0;
  #isStopping = false;

  /** `name` is of this history alone: secrets and tokens begin with it. */
  constructor(
    name: string,
    callers: readonly NodeCaller[],
    { recorder, random, clients }: { recorder: Recorder; random: Random; clients: number },
  ) {
    this.#name = name;
    this.#callers = callers;
    this.#recorder = recorder;
    this.#clients = Array.from({ length: clients }, (_, at) => this.#run(at, random.fork()));
    // Told by `stop`.
    for (const client of this.#clients) client.catch(() => undefined);
  }

  /** Resolves when every call has ended. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#clients);
  }

  /** Reads all there is, on every node: whatever was lost is missed now. */
  async lookAtAll(random: Random): Promise<void> {
    const asked = this.secrets.flatMap(({ name, tokens }) => [
      ...this.#callers.flatMap((caller) =>
        (["describe", "get_current"] as const).map((op) => ({ name, operation: { op }, caller })),
      ),
      ...tokens.map((token) => ({
        name,
        operation: { op: "get_version", token } as const,
        caller: this.#callerAt(random.below(this.#callers.length)),
      })),
    ]);
    const queue = asked.values();
    const reader = async (client: string): Promise<void> => {
      for (const { name, operation, caller } of queue) {
        await this.#call(name, operation, { client, caller, timeoutMs: 5_000 });
      }
    };
    await Promise.all(Array.from({ length: 12 }, (_, at) => reader(`last-${at}`)));
  }

  async #run(at: number, random: Random): Promise<void> {
    const timeoutMs = patienceMs[at % patienceMs.length] ?? 1_000;
    // Every second client stays with one node, so that there is always somebody at each.
    const home = at % 2 === 0 ? undefined : (at >> 1) % this.#callers.length;
    while (this.#isOn()) {
      const secret = this.#secret(random);
      const operation = this.#operation(secret, random);
      secret.calls += 1;
      if (isWrite(operation)) secret.writes += 1;
      for (let attempt = 1; attempt <= mostAttempts; attempt += 1) {
        const caller = this.#callerAt(home ?? random.below(this.#callers.length));
        const how = { client: `c${at}`, caller, timeoutMs };
        const outcome = await this.#call(secret.name, operation, how);
        learn(secret, operation, outcome);
        const isOpen = outcome.kind === "unknown" && isWrite(operation);
        if (!isOpen || random.isTrue(0.35)) break;
      }
      await pause(random.below(12));
    }
  }

  #isOn(): boolean {
    return !this.#isStopping;
  }

  async #call(
    secret: string,
    operation: Operation,
    { client, caller, timeoutMs }: { client: string; caller: NodeCaller; timeoutMs: number },
  ): Promise<Outcome> {
    const begun = { client, node: caller.nodeId, secret, operation };
    const { method, request } = requestOf(secret, operation);
    const id = this.#recorder.begin(begun);
    const outcome = outcomeOf(operation, await caller.call(method, request, timeoutMs));
    this.#recorder.end(id, outcome);
    // Whoever is told at once that nobody is there need not ask again at once.
    if (outcome.kind === "refused" && outcome.code === "unreachable") await pause(50);
    return outcome;
  }

  #callerAt(at: number): NodeCaller {
    const caller = this.#callers[at];
    if (caller === undefined) throw new Error("there is no such node");
    return caller;
  }

  #secret(random: Random): KnownSecret {
    this.#active = this.#active.filter(
      ({ calls, writes, unknowns }) =>
        calls < callsOfSecret && writes < writesOfSecret && unknowns < unknownsOfSecret,
    );
    while (this.#active.length < secretsAtOnce) {
      const name = `${this.#name}/${this.secrets.length}`;
      const fresh = {
        name,
        tokens: [],
        current: undefined,
        ...{ calls: 0, writes: 0, unknowns: 0 },
      };
      this.secrets.push(fresh);
      this.#active.push(fresh);
    }
    const [first, ...others] = this.#active;
    if (first === undefined) throw new Error("there is always a secret");
    return random.one([first, ...others]);
  }

  #operation(secret: KnownSecret, random: Random): Operation {
    const known = secret.tokens[random.below(secret.tokens.length)];
    if (known === undefined) return this.#create();
    return random.isTrue(0.58) ? readOf(known, random) : this.#writeOf(secret, known, random);
  }

  #writeOf({ current }: KnownSecret, known: string, random: Random): Operation {
    const share = random.below(42);
    // Somebody sends an old write once more: it must be known again, and do nothing.
    if (share < 4) return { op: "put", token: known, value: valueOf(known), stage: "current" };
    if (share < 22) return this.#put("current");
    if (share < 28) return this.#put("pending");
    if (share < 36) return { op: "move", from: current ?? known, to: known };
    return share < 38 ? { op: "delete" } : this.#create();
  }

  #create(): Operation {
    const token = this.#newToken();
    return { op: "create", token, value: valueOf(token) };
  }

  #put(stage: "current" | "pending"): Operation {
    const token = this.#newToken();
    return { op: "put", token, value: valueOf(token), stage };
  }

  /** At least 32 characters, as the model of AWS asks for. */
  #newToken(): string {
    this.#tokens += 1;
    return `${this.#name}-${this.#tokens}-`.padEnd(34, "0");
  }
}

function learn(secret: KnownSecret, operation: Operation, outcome: Outcome): void {
  learnVersion(secret, operation, outcome);
  if (outcome.kind === "unknown" && isWrite(operation)) secret.unknowns += 1;
  if (outcome.kind !== "ok") return;
  const { op } = operation;
  const { answer } = outcome;
  if (answer.kind === "value" && op === "get_current") secret.current = answer.token;
  if (answer.kind === "labels") secret.current = answer.labels.current;
  if (op === "put" && operation.stage === "current") secret.current = operation.token;
  if (op === "move") secret.current = operation.to;
}

/** A version that was refused will never be; one that may have been is worth a look. */
function learnVersion({ tokens }: KnownSecret, operation: Operation, { kind }: Outcome): void {
  if (kind === "refused") return;
  if (operation.op !== "create" && operation.op !== "put") return;
  if (!tokens.includes(operation.token)) tokens.push(operation.token);
}

function readOf(known: string, random: Random): Operation {
  const share = random.below(58);
  if (share < 34) return { op: "get_current" };
  return share < 48 ? { op: "describe" } : { op: "get_version", token: known };
}

function valueOf(token: string): string {
  return `v:${token}`;
}

/** The text that is stored for a value: of many lengths, and none that could be another's. */
function textOf(value: string): string {
  const sum = Buffer.from(value).reduce((total, byte) => (31 * total + byte) % 9_973, 7);
  const length = sum % 5 === 0 ? sum : sum % 300;
  return `${value}:${value.at(-1) ?? ""}`.padEnd(length, `${value}.`);
}

function requestOf(
  secret: string,
  operation: Operation,
): { readonly method: string; readonly request: object } {
  const secretId = secret;
  switch (operation.op) {
    case "create": {
      const { token: clientRequestToken, value } = operation;
      const secretString = textOf(value);
      return {
        method: "CreateSecret",
        request: { name: secret, clientRequestToken, secretString },
      };
    }
    case "put": {
      const { token: clientRequestToken, value, stage } = operation;
      const versionStages = stage === "pending" ? { versionStages: ["AWSPENDING"] } : {};
      const request = { secretId, clientRequestToken, secretString: textOf(value) };
      return { method: "PutSecretValue", request: { ...request, ...versionStages } };
    }
    case "move": {
      const { from: removeFromVersionId, to: moveToVersionId } = operation;
      const versionStage = "AWSCURRENT";
      return {
        method: "UpdateSecretVersionStage",
        request: { secretId, versionStage, removeFromVersionId, moveToVersionId },
      };
    }
    case "delete":
      return { method: "DeleteSecret", request: { secretId, forceDeleteWithoutRecovery: true } };
    case "get_current":
      return { method: "GetSecretValue", request: { secretId } };
    case "get_version":
      return { method: "GetSecretValue", request: { secretId, versionId: operation.token } };
    case "describe":
      return { method: "DescribeSecret", request: { secretId } };
  }
}

function outcomeOf(operation: Operation, reached: Reached): Outcome {
  if (reached.kind !== "reply") return reached;
  return { kind: "ok", answer: answerOf(operation, reached.reply), index: reached.index };
}

function answerOf(operation: Operation, reply: Readonly<Record<string, unknown>>): Answer {
  if (isWrite(operation)) return { kind: "done" };
  if (operation.op === "describe") return { kind: "labels", labels: labelsOf(reply) };
  const token = String(reply["versionId"]);
  const text = String(reply["secretString"]);
  const value = valueOf(token);
  return { kind: "value", token, value: text === textOf(value) ? value : `other: ${text}` };
}

function labelsOf(reply: Readonly<Record<string, unknown>>): Labels {
  const stages = (reply["versionIdsToStages"] ?? {}) as
    ReadonlyMap<string, readonly string[]> | Readonly<Record<string, readonly string[]>>;
  const entries = stages instanceof Map ? [...stages] : Object.entries(stages);
  const labels: Record<string, string> = {};
  for (const [token, names] of entries as readonly (readonly [string, readonly string[]])[]) {
    for (const name of names) labels[name.slice("AWS".length).toLowerCase()] = token;
  }
  return labels;
}
