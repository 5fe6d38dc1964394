// The AWS endpoint on a loopback port, in front of a stand-in for the operations.
import { connect } from "node:tls";
import type { Clock } from "../../../src/base/clock.ts";
import { FailedSignIns } from "../../../src/server/failed-sign-ins.ts";
import { UsedSignatures } from "../../../src/server/used-signatures.ts";
import { awsGateway, type AwsGatewayParts } from "../../../src/server/http/aws-gateway.ts";
import { healthRoutes, type NodeHealth } from "../../../src/server/http/health-routes.ts";
import { listenHttps, type HttpsLimits } from "../../../src/server/http/listen.ts";
import { unrouted } from "../../../src/server/http/unrouted.ts";
import { logIndex, nodeId, term } from "../../../src/base/ids.ts";
import type { Caller } from "../../../src/services/caller.ts";
import { loopbackCertificate, type TestCertificate } from "../../support/test-certificates.ts";
import { credentials, now, region } from "./signed-request.ts";

export interface ReceivedCall {
  readonly operation: string;
  readonly caller: Caller;
  readonly draft: unknown;
}

export interface TestEndpoint extends AsyncDisposable {
  readonly port: number;
  readonly certificate: TestCertificate;
  readonly calls: ReceivedCall[];
  readonly internalErrors: unknown[];
  /** Sends the bytes on a connection of their own, and gives what came back until it was closed. */
  send(bytes: Uint8Array): Promise<string>;
}

export interface EndpointChoices {
  readonly call?: AwsGatewayParts["call"];
  readonly clock?: Clock;
  readonly failedSignIns?: Pick<FailedSignIns, "hold">;
  readonly deadlineMs?: number;
  readonly bodiesBytes?: number;
  readonly limits?: Partial<HttpsLimits>;
  readonly health?: Partial<NodeHealth>;
}

export const healthy: NodeHealth = {
  nodeId: nodeId("n1"),
  region,
  role: "leader",
  term: term(7),
  leader: nodeId("n1"),
  locked: false,
  standing: "voter",
  applied: logIndex(42),
  space: "enough",
};

/** A clock that stands still, at the moment the test requests are signed. */
export const stoppedClock: Clock = { now: () => now, monotonicMs: () => 1000 };

/** Answers whoever fails to sign in at once, however often. */
export function patientSignIns(): FailedSignIns {
  return new FailedSignIns({
    clock: stoppedClock,
    settings: { perMinute: 1_000_000, delayMs: 0, waiting: 256 },
  });
}

/** One for all tests: making a key takes longer than most of them. */
let certificate: Promise<TestCertificate> | undefined;

export async function openEndpoint(choices: EndpointChoices = {}): Promise<TestEndpoint> {
  certificate ??= loopbackCertificate();
  const { key, cert } = await certificate;
  const calls: ReceivedCall[] = [];
  const internalErrors: unknown[] = [];
  const call = choices.call ?? (async () => ({}));
  const gateway = awsGateway({
    call: (operation, caller, draft) => {
      calls.push({ operation, caller, draft });
      return call(operation, caller, draft);
    },
    // A node has a memory of its own.
    credentials: { ...credentials, usedSignatures: new UsedSignatures() },
    // Most tests fail on purpose more often than any caller.
    failedSignIns: choices.failedSignIns ?? patientSignIns(),
    region,
    hostNames: ["localhost", "127.0.0.1", "[::1]"],
    clock: choices.clock ?? stoppedClock,
    entropy: { uuid: () => "00000000-0000-4000-8000-000000000001" },
    onInternalError: (error) => internalErrors.push(error),
    ...(choices.deadlineMs === undefined ? {} : { deadlineMs: choices.deadlineMs }),
    ...(choices.bodiesBytes === undefined ? {} : { bodiesBytes: choices.bodiesBytes }),
  });
  const listener = await listenHttps({
    host: "127.0.0.1",
    port: 0,
    key,
    cert,
    routes: new Map([
      ["POST /", gateway],
      ...healthRoutes(() => ({ ...healthy, ...choices.health })),
    ]),
    otherwise: unrouted({ uuid: () => "00000000-0000-4000-8000-000000000002" }),
    limits: { timeoutCheckMs: 20, requestMs: 400, headersMs: 200, ...choices.limits },
  });
  return {
    port: listener.port,
    certificate: { key, cert },
    calls,
    internalErrors,
    send: (bytes) => exchange(listener.port, cert, bytes),
    [Symbol.asyncDispose]: () => listener.close(0),
  };
}

function exchange(port: number, ca: string, bytes: Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", servername: "localhost", ca });
    const received: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => received.push(chunk));
    // A server that closes while we still send resets the connection: what came before it counts.
    socket.on("error", () => undefined);
    socket.on("close", () => {
      resolve(Buffer.concat(received).toString("latin1"));
    });
    socket.write(bytes);
  });
}

export interface ParsedAnswer {
  readonly http: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly json: unknown;
}

export function parseAnswer(text: string): ParsedAnswer {
  const [head = "", body = ""] = text.split("\r\n\r\n");
  const [statusLine = "", ...fields] = head.split("\r\n");
  const headers = fields.map((field): [string, string] => {
    const colon = field.indexOf(":");
    return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
  });
  return {
    http: Number(statusLine.split(" ")[1]),
    headers: new Map(headers),
    json: body === "" ? undefined : JSON.parse(body),
  };
}
