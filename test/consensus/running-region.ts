// A region of real nodes in this process: real disks, real TLS on loopback, real time. What a test
// waits for it is told of; nobody polls a clock.
import { rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { storedSecretArn } from "../../src/base/arn.ts";
import { systemClock } from "../../src/base/clock.ts";
import { systemEntropy } from "../../src/base/entropy.ts";
import { clusterId, nodeId, type NodeId } from "../../src/base/ids.ts";
import { compactionLimits, type CompactionLimits } from "../../src/consensus/compaction.ts";
import { joinRegion, type JoinOptions, type KnownPeers } from "../../src/consensus/join-region.ts";
import { nodeUri, type PeerCertificates } from "../../src/consensus/peer-identity.ts";
import type { PromotionSettings } from "../../src/consensus/promotion.ts";
import type { HandedAnswer, HandedRequest } from "../../src/consensus/raft-group.ts";
import { RaftNode, type RaftNodeParts } from "../../src/consensus/raft-node.ts";
import { usualWatch, type WatchSettings } from "../../src/consensus/self-watch.ts";
import type { MemberAddresses } from "../../src/machine/member-record.ts";
import { votersOnly } from "../../src/raft/configuration.ts";
import type { NodeIdentity } from "../../src/storage/recovery.ts";
import type { CreateSecret } from "../../src/secrets/commands/create-secret.ts";
import { peerAuthority, type PeerAuthority } from "../support/peer-certificates.ts";
import { folderInMemory, type TemporaryFolder } from "../support/temporary-folder.ts";

export const region = "us-east-1";
export const cluster = clusterId("c0ffee");

export function identityOf(node: NodeId): NodeIdentity {
  return { clusterId: cluster, region, nodeId: node };
}

export class RunningRegion implements AsyncDisposable {
  readonly authority: PeerAuthority;
  readonly running = new Map<NodeId, RaftNode>();
  /** Why peers were turned away, by any node. */
  readonly refused: string[] = [];
  readonly fatal: unknown[] = [];
  /** What nodes that start from now on keep of their log. */
  compaction: CompactionLimits = compactionLimits;
  /** How nodes that start from now on watch themselves, and what they know of their disks. */
  watch: WatchSettings = usualWatch;
  walkedAtStart = Infinity;
  spaceOf: (node: NodeId) => RaftNodeParts["space"] = () => undefined;
  /** What nodes that start from now on say that they know; absent: what they do. */
  levelOf: (node: NodeId) => number | undefined = () => undefined;
  readonly handed: { readonly at: NodeId; readonly request: HandedRequest }[] = [];
  onHandedOver: (at: NodeId, request: HandedRequest) => Promise<HandedAnswer> = (_, { body }) =>
    Promise.resolve({ ok: true, body });

  /** When a learner becomes a voter by itself. */
  promotion: PromotionSettings = { lagEntries: 1_000, stableMs: 200 };

  readonly #folder: TemporaryFolder;
  readonly #addresses: Map<NodeId, string>;
  /** Who founds the region, all at once: they are told of each other, and nobody else is. */
  readonly #founders: ReadonlySet<NodeId>;
  /** What each newcomer was told when it was let in. */
  readonly #told = new Map<NodeId, KnownPeers>();
  readonly #watching = new Set<() => void>();

  private constructor(
    authority: PeerAuthority,
    folder: TemporaryFolder,
    {
      addresses,
      founders,
    }: {
      readonly addresses: Map<NodeId, string>;
      readonly founders: ReadonlySet<NodeId>;
    },
  ) {
    this.authority = authority;
    this.#folder = folder;
    this.#addresses = addresses;
    this.#founders = founders;
  }

  static async start(
    names: readonly string[] = ["n1", "n2", "n3"],
    compaction: CompactionLimits = compactionLimits,
    arrange: (region: RunningRegion) => void = () => undefined,
  ): Promise<RunningRegion> {
    const ports = await freePorts(names.length);
    const addresses = new Map(
      names.map((name, place) => [nodeId(name), `127.0.0.1:${String(ports[place])}`]),
    );
    const found = new RunningRegion(await peerAuthority(), await folderInMemory(), {
      addresses,
      founders: new Set(addresses.keys()),
    });
    found.compaction = compaction;
    arrange(found);
    await Promise.all([...addresses.keys()].map((node) => found.startNode(node)));
    return found;
  }

  /** A region of one, as the product founds it; the others have yet to join. */
  static async found(founder: string, others: readonly string[] = []): Promise<RunningRegion> {
    const names = [founder, ...others];
    const ports = await freePorts(names.length);
    const addresses = new Map(
      names.map((name, place) => [nodeId(name), `127.0.0.1:${String(ports[place])}`]),
    );
    const found = new RunningRegion(await peerAuthority(), await folderInMemory(), {
      addresses,
      founders: new Set([nodeId(founder)]),
    });
    await found.startNode(nodeId(founder));
    return found;
  }

  /** Asks for a ticket as people do, and lets the node in with it. */
  async joinNode(self: NodeId, becomes: "voter" | "learner" = "voter"): Promise<RaftNode> {
    const { node: leader } = await this.leader();
    const invitation = { ...soon(), lifetimeMs: 60_000, becomes };
    const { token } = await leader.membership.invite(self, invitation);
    await this.askToJoin(self, token);
    return this.startNode(self);
  }

  /** What a node does before it has any data. */
  async askToJoin(self: NodeId, token: string, options: Partial<JoinOptions> = {}): Promise<void> {
    const told = await joinRegion({
      identity: identityOf(self),
      certificates: await this.certificatesOf(self),
      token,
      through: [...this.running.keys()].map((node) => this.addressOf(node)),
      addresses: addressesAt(this.addressOf(self)),
      monotonicMs: () => systemClock.monotonicMs(),
      ...soon(),
      pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      draw: () => 0.5,
      onTrouble: () => undefined,
      ...options,
    });
    this.#told.set(self, told);
  }

  /** The node will be reached elsewhere when it is started again. */
  async moveNode(self: NodeId): Promise<void> {
    const [port] = await freePorts(1);
    this.#addresses.set(self, `127.0.0.1:${String(port)}`);
  }

  /** Takes a node's data away: its disk is lost. */
  async loseData(self: NodeId): Promise<void> {
    await rm(this.folderOf(self), { recursive: true });
  }

  /** Resolves once every running node knows these voters, and that no change is under way. */
  async untilVoters(names: readonly string[]): Promise<void> {
    await this.until(() => {
      const isKnown = [...this.running.values()].every((node) => {
        const { voters, outgoingVoters } = node.view.configuration();
        return [...voters].sort().join() === names.join() && outgoingVoters.size === 0;
      });
      return isKnown ? true : undefined;
    });
  }

  addressOf(node: NodeId): string {
    return this.#addresses.get(node) ?? "";
  }

  certificatesOf(node: NodeId): Promise<PeerCertificates> {
    return this.authority.issue([nodeUri(identityOf(node), node)]);
  }

  folderOf(node: NodeId): string {
    return join(this.#folder.path, node);
  }

  async startNode(self: NodeId): Promise<RaftNode> {
    const founders = [...this.#addresses].filter(([id]) => this.#founders.has(id));
    const isFounder = this.#founders.has(self);
    const others = founders.filter(([id]) => id !== self).map(([id, address]) => ({ id, address }));
    const notify = (): void => {
      for (const look of this.#watching) look();
    };
    const node = await RaftNode.start({
      storage: {
        directory: join(this.#folder.path, self),
        identity: identityOf(self),
        founders: votersOnly(isFounder ? this.#founders : []),
        now: systemClock.now(),
        walkedAtStart: this.walkedAtStart,
      },
      peers: isFounder ? others : (this.#told.get(self) ?? []),
      addresses: addressesAt(this.addressOf(self)),
      ...levelled(this.levelOf(self)),
      promotion: this.promotion,
      listenAddress: this.addressOf(self),
      certificates: await this.certificatesOf(self),
      timing: { tickMs: 25, electionTicks: 10 },
      compaction: this.compaction,
      space: this.spaceOf(self),
      watch: this.watch,
      clock: systemClock,
      entropy: systemEntropy,
      onHandedOver: (request) => {
        this.handed.push({ at: self, request });
        return this.onHandedOver(self, request);
      },
      onProgress: notify,
      onPeerRefused: (reason) => {
        this.refused.push(reason);
        notify();
      },
      onInternalError: () => undefined,
      onFatal: (error) => {
        this.fatal.push(error);
        notify();
      },
    });
    this.running.set(self, node);
    return node;
  }

  async stopNode(self: NodeId): Promise<void> {
    const node = this.running.get(self);
    this.running.delete(self);
    await node?.[Symbol.asyncDispose]();
  }

  /** Resolves once `check` finds something; it is asked whenever a node or its leadership moves. */
  until<Found>(check: () => Found | undefined): Promise<Found> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = check();
        if (found === undefined) return;
        this.#watching.delete(look);
        resolve(found);
      };
      this.#watching.add(look);
      look();
    });
  }

  /** The leader that every running node follows. */
  leader(): Promise<{ readonly id: NodeId; readonly node: RaftNode }> {
    return this.until(() => {
      const leaders = new Set([...this.running.values()].map((node) => node.status().leader));
      const [id] = leaders;
      const node = id === undefined ? undefined : this.running.get(id);
      if (leaders.size !== 1 || id === undefined || node?.status().role !== "leader") {
        return undefined;
      }
      return { id, node };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.running.keys()].map((node) => this.stopNode(node)));
    await this.#folder[Symbol.asyncDispose]();
  }
}

function levelled(featureLevel: number | undefined): Pick<RaftNodeParts, "featureLevel"> {
  return featureLevel === undefined ? {} : { featureLevel };
}

/** The two other addresses are never called here. */
function addressesAt(peer: string): MemberAddresses {
  const [, port] = peer.split(":");
  return { peer, grpc: `grpc.test:${String(port)}`, https: `https.test:${String(port)}` };
}

export function soon(ms = 10_000): { readonly deadlineMs: number } {
  return { deadlineMs: systemClock.monotonicMs() + ms };
}

/** Two kilobytes of a secret: enough of them fill a log. */
export function createNamed(name: string): CreateSecret {
  return {
    kind: "create_secret",
    name,
    arn: storedSecretArn(`arn:aws:secretsmanager:us-east-1:000000000000:secret:${name}-AAAAAA`),
    token: "00000000-0000-4000-8000-000000000000",
    description: "x".repeat(2000),
    type: undefined,
    kmsKeyId: undefined,
    tags: undefined,
    version: undefined,
    limits: { versions: 100, labels: 20, tags: 50 },
  };
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
