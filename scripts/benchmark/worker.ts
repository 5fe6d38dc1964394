// A process that makes calls as fast as it is answered: so many at a time, for so long. Its parent
// tells it what, and is told how long each call took.
import { randomBytes, randomInt, randomUUID } from "node:crypto";
import { AwsCaller } from "./aws-call.ts";
import { LeanGrpc, textMessage } from "./lean-grpc.ts";
import { secretName, valueBytes, type LoadOrder, type LoadReport } from "./orders.ts";

/** Resolves to nothing when the call did what it should, else to what it came to. */
type Call = (secret: number) => Promise<string | undefined>;

process.on("message", (order: LoadOrder) => {
  void carryOut(order).then((report) => process.send?.(report));
});

async function carryOut(order: LoadOrder): Promise<LoadReport> {
  const { operation, warmUpMs, measuredMs, secrets, versionsEach } = order;
  const latencies: number[] = [];
  const doneAt: number[] = [];
  const errors: Record<string, number> = {};
  let longestFailureMs = 0;
  let turn = 0;

  const begun = performance.now();
  const countFrom = begun + warmUpMs;
  const end = operation === "create" ? Infinity : countFrom + measuredMs;
  const turns = operation === "create" ? secrets.count : secrets.count * versionsEach;
  const nextSecret = (): number | undefined => {
    if (performance.now() >= end) return undefined;
    if (operation === "get") return randomInt(order.secretsInAll);
    turn += 1;
    return turn > turns ? undefined : secrets.first + (turn % secrets.count);
  };
  const callers = openCallers(order);
  const keepCalling = async (first: number): Promise<void> => {
    for (let at = first; ; at += 1) {
      const secret = nextSecret();
      if (secret === undefined) return;
      const { call } = callers[at % callers.length] ?? unreachable;
      const start = performance.now();
      const failure = await call(secret);
      const now = performance.now();
      if (now < countFrom) continue;
      if (failure === undefined) {
        latencies.push(now - start);
        doneAt.push(Date.now());
      } else {
        errors[failure] = (errors[failure] ?? 0) + 1;
        longestFailureMs = Math.max(longestFailureMs, now - start);
      }
    }
  };
  await Promise.all(Array.from({ length: order.concurrency }, (_, first) => keepCalling(first)));
  for (const caller of callers) caller.close();
  return {
    latencies: Float64Array.from(latencies),
    doneAt: Float64Array.from(doneAt),
    measuredMs: performance.now() - countFrom,
    errors,
    longestFailureMs,
    versionsUsed: operation === "put" ? Math.ceil(turn / secrets.count) : 0,
  };
}

interface Caller {
  readonly call: Call;
  readonly close: () => void;
}

const unreachable: Caller = {
  call: () => Promise.resolve("no endpoint"),
  close: () => undefined,
};

function openCallers(order: LoadOrder): readonly Caller[] {
  return order.endpoints.map((endpoint) =>
    order.face === "grpc" ? grpcCaller(endpoint, order) : awsCaller(endpoint, order),
  );
}

const value = randomBytes(valueBytes * 0.75).toString("base64");

function grpcCaller(endpoint: string, { access, operation, timeoutMs }: LoadOrder): Caller {
  const client = new LeanGrpc(endpoint, access);
  const calls = {
    get: ["GetSecretValue", (name: string) => ({ 1: name })],
    put: ["PutSecretValue", (name: string) => ({ 1: name, 2: randomUUID(), 4: value })],
    create: ["CreateSecret", (name: string) => ({ 1: name, 2: randomUUID(), 6: value })],
  } as const;
  const [method, fields] = calls[operation];
  return {
    call: async (secret) => {
      const message = textMessage(fields(secretName(secret)));
      const { status, messageBytes } = await client.call(method, message, timeoutMs);
      if (status !== 0) return status === undefined ? "no answer" : `gRPC status ${status}`;
      if (operation === "get" && messageBytes < valueBytes) return "an answer without a value";
      return undefined;
    },
    close: () => {
      client.close();
    },
  };
}

function awsCaller(endpoint: string, { access, timeoutMs }: LoadOrder): Caller {
  const client = new AwsCaller(endpoint, access);
  return {
    call: async (secret) => {
      const body = JSON.stringify({ SecretId: secretName(secret) });
      const { status, bodyBytes } = await client.call("GetSecretValue", body, timeoutMs);
      if (status !== 200) return status === 0 ? "no answer" : `HTTP ${status}`;
      return bodyBytes < valueBytes ? "an answer without a value" : undefined;
    },
    close: () => {
      client.close();
    },
  };
}
