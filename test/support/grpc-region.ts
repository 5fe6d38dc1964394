// A real gRPC listener over TLS on loopback, whose operations are whatever the test says.
import type { Principal } from "../../src/access/principal.ts";
import { systemClock } from "../../src/base/clock.ts";
import { systemEntropy } from "../../src/base/entropy.ts";
import type { StatusResponse } from "../../src/generated/public-contract.ts";
import { backupHandlers, type CreateBackup } from "../../src/server/grpc/backup-handlers.ts";
import { clusterHandlers, type ReadStatus } from "../../src/server/grpc/cluster-handlers.ts";
import { listenGrpc, type GrpcListener } from "../../src/server/grpc/listen.ts";
import { operationHandlers, type CallOperation } from "../../src/server/grpc/operation-handlers.ts";
import type { FailedCall, UnaryParts } from "../../src/server/grpc/unary.ts";
import { watchHandlers, type WatchSecrets } from "../../src/server/grpc/watch-handlers.ts";
import type { ConnectionLimits } from "../../src/server/tls-connections.ts";
import type { Caller } from "../../src/services/caller.ts";
import { secretOperationNames } from "../../src/services/operations/operations.ts";
import { loopbackCertificate, type TestCertificate } from "./test-certificates.ts";

export const token = "hft_for-tests-only";

export const administrator: Principal = {
  arn: "arn:aws:iam::000000000000:user/administrator",
  account: "000000000000",
  kind: "administrator",
};

/** The operations as a test writes them: any request, any answer. */
export type FakeCall = (operation: string, caller: Caller, request: object) => Promise<object>;

export interface GrpcRegion extends AsyncDisposable {
  readonly endpoint: string;
  readonly port: number;
  readonly ca: string;
  readonly internalErrors: readonly (readonly [error: unknown, failed: FailedCall])[];
  readonly listener: GrpcListener;
}

export interface RegionOptions {
  readonly port?: number;
  readonly reflection?: "on" | "off";
  readonly status?: StatusResponse;
  /** In place of `status`. */
  readonly readStatus?: ReadStatus;
  readonly backup?: CreateBackup;
  readonly watch?: WatchSecrets;
  readonly authenticate?: UnaryParts["authenticate"];
  readonly failedSignIns?: UnaryParts["failedSignIns"];
  readonly connections?: Partial<ConnectionLimits>;
}

/** A region that has nothing to back up, and in which nothing happens. */
async function* nothing(): AsyncGenerator<never> {
  yield* [];
}

let certificate: Promise<TestCertificate> | undefined;

/** One for the whole test run: making keys takes longer than most tests. */
function testCertificate(): Promise<TestCertificate> {
  certificate ??= loopbackCertificate();
  return certificate;
}

function signInsOf({
  authenticate = (shown) => (shown === token ? administrator : undefined),
  failedSignIns,
}: {
  readonly authenticate: UnaryParts["authenticate"] | undefined;
  readonly failedSignIns: UnaryParts["failedSignIns"] | undefined;
}): Pick<UnaryParts, "authenticate" | "failedSignIns"> {
  return { authenticate, ...(failedSignIns === undefined ? {} : { failedSignIns }) };
}

export async function serveRegion(
  call: FakeCall,
  {
    port = 0,
    reflection = "off",
    status = { members: [] },
    readStatus = () => Promise.resolve(status),
    backup = nothing,
    watch = nothing,
    authenticate,
    failedSignIns,
    connections = {},
  }: RegionOptions = {},
): Promise<GrpcRegion> {
  const tls = await testCertificate();
  const internalErrors: (readonly [unknown, FailedCall])[] = [];
  const parts: UnaryParts = {
    ...signInsOf({ authenticate, failedSignIns }),
    clock: systemClock,
    entropy: systemEntropy,
    onInternalError: (error, failed) => {
      internalErrors.push([error, failed]);
    },
  };
  const listener = await listenGrpc({
    address: `127.0.0.1:${port}`,
    tls,
    secrets: operationHandlers(secretOperationNames, call as CallOperation, parts),
    cluster: clusterHandlers(readStatus, call as CallOperation, parts),
    backup: backupHandlers(backup, parts),
    watch: watchHandlers(watch, parts),
    reflection,
    calls: parts,
    connections,
  });
  return {
    endpoint: `127.0.0.1:${listener.port}`,
    port: listener.port,
    ca: tls.cert,
    internalErrors,
    listener,
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  };
}
