// Builds a whole node from its configuration, in the order in which a request travels backwards:
// keys, Raft, services, wires. Only this file knows every part. Closing goes the other way round.
import { readFileSync } from "node:fs";
import { systemClock, type Clock } from "../base/clock.ts";
import { systemEntropy } from "../base/entropy.ts";
import { later } from "../base/later.ts";
import { refuseCall } from "../base/errors.ts";
import { logIndex, term } from "../base/ids.ts";
import type { StatusResponse } from "../generated/public-contract.ts";
import { compactionLimits } from "../consensus/compaction.ts";
import { RaftNode } from "../consensus/raft-node.ts";
import { loadRootKeyFile } from "../crypto/root-key-file.ts";
import type { Log } from "../observability/log.ts";
import { diskSizeAt, type SpaceSettings } from "../storage/disk-space.ts";
import { digestBytes } from "../storage/state-digest.ts";
import { AccessNotes } from "../services/access-notes.ts";
import { authorize } from "../services/authorization.ts";
import { BackupService } from "../services/create-backup.ts";
import { Dispatcher } from "../services/dispatcher.ts";
import { memberHandlers, shownMember } from "../services/change-members.ts";
import { KeyService } from "../services/key-service.ts";
import { startUpkeep, type NodeUpkeep } from "../services/node-upkeep.ts";
import { nodeHandlers } from "../services/note-accesses.ts";
import { secretOperationNames } from "../services/operations/operations.ts";
import type { ServiceParts } from "../services/parts.ts";
import { RateLimits } from "../services/rate-limits.ts";
import { secretHandlers } from "../services/secret-service.ts";
import { WatchService } from "../services/watch-secrets.ts";
import { loadAdministrator, parseAddress, type Configuration } from "./config.ts";
import { begin } from "./begin.ts";
import { administratorCredentials, type CredentialStore } from "./credential-store.ts";
import { FailedSignIns } from "./failed-sign-ins.ts";
import { backupHandlers } from "./grpc/backup-handlers.ts";
import { clusterHandlers } from "./grpc/cluster-handlers.ts";
import { listenGrpc, type GrpcListener } from "./grpc/listen.ts";
import { operationHandlers } from "./grpc/operation-handlers.ts";
import type { UnaryParts } from "./grpc/unary.ts";
import { watchHandlers } from "./grpc/watch-handlers.ts";
import { awsGateway } from "./http/aws-gateway.ts";
import { healthRoutes, type NodeHealth } from "./http/health-routes.ts";
import { listenHttps, type HttpsListener } from "./http/listen.ts";
import { unrouted } from "./http/unrouted.ts";
import { serviceLimits } from "./limits-section.ts";
import { watchLimits } from "./watch-section.ts";

export interface RunningNode {
  /** Lets calls under way end for `graceMs`, then closes everything. */
  close(graceMs: number): Promise<void>;
}

interface Surroundings {
  readonly configuration: Configuration;
  readonly log: Log;
  readonly clock: Clock;
  readonly onFatal: (error: unknown) => void;
}

/**
 * Starts a node. Throws what keeps it from starting: `ConfigurationError`, `RootKeyFileError`,
 * `CorruptionError`, `IdentityMismatchError`, or an address that is taken.
 *
 * `onFatal` is told once when the node must stop while it runs.
 */
export async function startNode(
  configuration: Configuration,
  log: Log,
  onFatal: (error: unknown) => void,
): Promise<RunningNode> {
  const around: Surroundings = { configuration, log, clock: systemClock, onFatal };
  const unsealKey = loadRootKeyFile(configuration.rootKeyFile);
  const { account } = configuration;
  const credentials = administratorCredentials({
    ...loadAdministrator(configuration.administratorFile),
    account,
  });
  const parts = await startParts(around, unsealKey, onFatal);
  const wires = await openWires(around, parts, credentials);
  parts.onServing((serving) => {
    wires.grpc.setHealth(serving ? "SERVING" : "NOT_SERVING");
  });
  return {
    close: async (graceMs) => {
      await parts.node.resign();
      await Promise.all([wires.grpc.close(graceMs), wires.https.close(graceMs)]);
      await parts.upkeep.close();
      parts.keys[Symbol.dispose]();
      await parts.node[Symbol.asyncDispose]();
      unsealKey[Symbol.dispose]();
    },
  };
}

interface Parts {
  readonly node: RaftNode;
  readonly keys: KeyService;
  readonly dispatcher: Dispatcher;
  readonly backups: BackupService;
  readonly upkeep: NodeUpkeep;
  /** Calls back, now and whenever it changes, with whether the node can serve callers. */
  readonly onServing: (callback: (serving: boolean) => void) => void;
}

async function startParts(
  around: Surroundings,
  unsealKey: ReturnType<typeof loadRootKeyFile>,
  onFatal: (error: unknown) => void,
): Promise<Parts> {
  const { configuration, log, clock } = around;
  const { region, account } = configuration;
  // eslint-disable-next-line prefer-const -- the callbacks below may come before it is there
  let running: Parts | undefined;
  let tellServing: (serving: boolean) => void = () => undefined;

  const onProgress = (): void => {
    if (running === undefined) return;
    const { node, keys, upkeep } = running;
    keys.poll().catch(onFatal);
    upkeep.poll();
    tellServing(keys.status().kind === "open" && node.status().leader !== undefined);
  };
  const node = await startRaft(around, {
    onFatal,
    onProgress,
    onHandedOver: (request) => {
      if (running === undefined) throw refuseCall("no_leader", {});
      return running.dispatcher.serveHandedOver(request);
    },
  });
  const keys = new KeyService({
    group: node,
    home: { clusterId: configuration.clusterId, region },
    unsealKey,
    clock,
    entropy: systemEntropy,
  });
  const services: ServiceParts = {
    group: node,
    membership: node.membership,
    keys,
    accessNotes: new AccessNotes(clock),
    clock,
    entropy: systemEntropy,
    identity: { region, account },
    limits: serviceLimits(configuration.limits.quotas),
    authorize,
  };
  const dispatcher = new Dispatcher(
    services,
    { ...secretHandlers, ...memberHandlers, ...nodeHandlers },
    new RateLimits({ clock, perSecond: configuration.limits.requestsPerSecond }),
  );
  const backups = new BackupService({
    group: node,
    identity: { clusterId: configuration.clusterId, region, nodeId: configuration.nodeId },
    openSnapshot: () => node.openSnapshot(),
    authorize,
    clock,
    onCorruption: onFatal,
  });
  running = {
    node,
    keys,
    dispatcher,
    backups,
    upkeep: startUpkeep({ services, dispatcher, nodeId: configuration.nodeId, onFatal }),
    onServing: (callback) => {
      tellServing = callback;
      onProgress();
    },
  };
  log.notice("The node's data is whole", { reason: `applied up to ${node.status().applied}` });
  onProgress();
  return running;
}

type RaftCallbacks = Pick<
  Parameters<typeof RaftNode.start>[0],
  "onFatal" | "onProgress" | "onHandedOver"
>;

async function startRaft(
  { configuration, log, clock }: Surroundings,
  callbacks: RaftCallbacks,
): Promise<RaftNode> {
  const { clusterId, region, nodeId, tls, listen, advertise } = configuration;
  const certificates = {
    ca: readFileSync(tls.peer.ca, "utf8"),
    cert: readFileSync(tls.peer.cert, "utf8"),
    key: readFileSync(tls.peer.key, "utf8"),
  };
  const { founders, peers } = await begin({ configuration, certificates, log, clock });
  return RaftNode.start({
    ...callbacks,
    storage: {
      directory: configuration.dataDir,
      identity: { clusterId, region, nodeId },
      founders,
      now: clock.now(),
    },
    peers,
    listenAddress: listen.peer,
    addresses: advertise ?? listen,
    promotion: configuration.promotion,
    certificates,
    timing: configuration.raft,
    compaction: compactionLimits,
    space: { settings: spaceSettings(configuration.disk), sizeAt: diskSizeAt },
    clock,
    entropy: systemEntropy,
    onPeerRefused: (reason) => {
      log.warn("A peer was turned away", { reason });
    },
    onInternalError: (error) => {
      log.error("A request from a peer failed", { error });
    },
    onSpace: (space) => {
      if (space === "low") log.warn("This node is low on disk space: it takes nothing new");
      else log.notice("This node has disk space again");
    },
  });
}

function spaceSettings({ reserveMiB, lowSpaceMiB }: Configuration["disk"]): SpaceSettings {
  return { reserveBytes: reserveMiB * 1_048_576, lowBytes: lowSpaceMiB * 1_048_576 };
}

async function openWires(
  around: Surroundings,
  parts: Parts,
  credentials: CredentialStore,
): Promise<{ readonly grpc: GrpcListener; readonly https: HttpsListener }> {
  const { configuration } = around;
  const tls = {
    cert: readFileSync(configuration.tls.server.cert, "utf8"),
    key: readFileSync(configuration.tls.server.key, "utf8"),
  };
  const { clock } = around;
  const failedSignIns = new FailedSignIns({ clock, settings: configuration.limits.failedSignIns });
  const [grpc, https] = await Promise.all([
    openGrpc(around, parts, { credentials, failedSignIns, tls }),
    openHttps(around, parts, { credentials, failedSignIns, tls }),
  ]);
  const { nodeId, region, listen } = configuration;
  around.log.notice("The node answers", { nodeId, region, address: listen.grpc });
  return { grpc, https };
}

interface WireOptions {
  readonly credentials: CredentialStore;
  /** Counted for both wires together. */
  readonly failedSignIns: FailedSignIns;
  readonly tls: { readonly cert: string; readonly key: string };
}

async function openGrpc(
  { configuration, log, clock, onFatal }: Surroundings,
  parts: Parts,
  { credentials, failedSignIns, tls }: WireOptions,
): Promise<GrpcListener> {
  const unaryParts: UnaryParts = {
    authenticate: (token) => credentials.bearerToken(token),
    failedSignIns,
    clock,
    entropy: systemEntropy,
    onInternalError: (error, { requestId, path }) => {
      log.error("A call failed", { error, requestId, operation: path });
    },
  };
  const watches = new WatchService({
    group: parts.node,
    home: configuration,
    authorize,
    clock,
    limits: watchLimits(configuration.watch),
    later,
    onBroken: onFatal,
  });
  const call = parts.dispatcher.call.bind(parts.dispatcher);
  const listener = await listenGrpc({
    address: configuration.listen.grpc,
    tls,
    secrets: operationHandlers(secretOperationNames, call, unaryParts),
    cluster: clusterHandlers(
      () => Promise.resolve(statusOf(configuration, parts)),
      call,
      unaryParts,
    ),
    backup: backupHandlers((caller) => parts.backups.create(caller), unaryParts),
    watch: watchHandlers((caller, request) => watches.watch(caller, request), unaryParts),
    reflection: configuration.reflection ? "on" : "off",
    calls: unaryParts,
  });
  const close = (graceMs: number): Promise<void> => {
    watches.close();
    return listener.close(graceMs);
  };
  return { ...listener, close };
}

function openHttps(
  { configuration, log, clock }: Surroundings,
  parts: Parts,
  { credentials, failedSignIns, tls }: WireOptions,
): Promise<HttpsListener> {
  const { dispatcher } = parts;
  const gateway = awsGateway({
    call: dispatcher.call.bind(dispatcher),
    credentials,
    failedSignIns,
    region: configuration.region,
    hostNames: configuration.hostNames,
    clock,
    entropy: systemEntropy,
    onInternalError: (error, { requestId }) => {
      log.error("A request failed", { error, requestId });
    },
  });
  const { host, port } = parseAddress(configuration.listen.https) ?? { host: "127.0.0.1", port: 0 };
  const health = (): NodeHealth => {
    return { ...healthOf(configuration, parts), space: parts.node.status().space };
  };
  return listenHttps({
    host,
    port,
    ...tls,
    routes: new Map([["POST /", gateway], ...healthRoutes(health)]),
    otherwise: unrouted(systemEntropy),
  });
}

type SharedHealth = Omit<NodeHealth, "space">;

function healthOf({ nodeId, region }: Configuration, { node, keys }: Parts): SharedHealth {
  const status = node.status();
  return {
    nodeId,
    region,
    // Whether a candidate asks first or already stands is of no use to anybody outside.
    role: status.role === "pre_candidate" ? "candidate" : status.role,
    term: term(status.term),
    leader: status.leader,
    locked: keys.status().kind === "locked",
    applied: logIndex(status.applied),
    standing: node.membership.members().members.find((each) => each.nodeId === nodeId)?.standing,
  };
}

function statusOf(configuration: Configuration, parts: Parts): StatusResponse {
  const { applied, leader, ...health } = healthOf(configuration, parts);
  const { clusterId, members } = parts.node.membership.members();
  return {
    ...health,
    ...(leader === undefined ? {} : { leader }),
    appliedIndex: applied,
    stateDigest: Buffer.from(digestBytes(parts.node.status().digest)).toString("hex"),
    clusterId,
    members: members.map(shownMember),
  };
}
