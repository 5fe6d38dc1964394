// The region that is measured: three nodes as processes, TLS on, in a home on a real disk that is
// thrown away afterwards.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { giveAmpleLimits } from "../../cluster/local/ample-limits.ts";
import { readClusterFile, type ClusterNode } from "../../cluster/local/cluster-file.ts";
import { LocalFleet } from "../../cluster/local/local-fleet.ts";
import { nodePlaces, placesOf } from "../../cluster/local/places.ts";
import { HoldfastClient } from "../../src/client/client.ts";
import type { Access } from "./orders.ts";

export const regionName = "us-east-1";
/** What statfs calls a file system that is memory. */
const memoryTypes: ReadonlySet<number> = new Set([0x0102_1994, 0x8584_58f6]);

export class BenchRegion implements AsyncDisposable {
  readonly home: string;
  readonly fleet: LocalFleet;
  readonly access: Access;

  private constructor(home: string, fleet: LocalFleet) {
    this.home = home;
    this.fleet = fleet;
    const environment = fleet.environment(regionName);
    this.access = {
      ca: readFileSync(environment["HOLDFAST_CA_FILE"] ?? "", "utf8"),
      token: environment["HOLDFAST_TOKEN"] ?? "",
      region: regionName,
      accessKeyId: environment["AWS_ACCESS_KEY_ID"] ?? "",
      secretAccessKey: environment["AWS_SECRET_ACCESS_KEY"] ?? "",
    };
  }

  static async open(nodesPerRegion = 3): Promise<BenchRegion> {
    const home = mkdtempSync(join(folderOnDisk(), "holdfast-bench-"));
    const shape = { regions: [regionName], nodesPerRegion };
    giveAmpleLimits(home);
    const fleet = await LocalFleet.launch({ home, shape });
    const region = new BenchRegion(home, fleet);
    await fleet.waitReady();
    return region;
  }

  nodes(): readonly ClusterNode[] {
    return readClusterFile(placesOf(this.home).clusterFile)?.regions[0]?.nodes ?? [];
  }

  async leader(): Promise<ClusterNode> {
    const { id } = await this.fleet.waitLeader(regionName);
    const node = this.nodes().find((each) => each.id === id);
    if (node === undefined) throw new Error(`cluster.json does not tell of ${id}.`);
    return node;
  }

  /** In the order of `nodes`. */
  configFiles(): readonly string[] {
    return this.nodes().map(({ id }) => nodePlaces(this.home, regionName, id).config);
  }

  client(): HoldfastClient {
    const { ca, token } = this.access;
    return new HoldfastClient({ endpoints: this.nodes().map(({ grpc }) => grpc), token, ca });
  }

  /** Stops every node; the supervisor and the addresses stay. */
  async pauseFleet(): Promise<void> {
    for (const { id } of this.nodes()) await this.fleet.stop({ kind: "node", nodeId: id });
  }

  /** Starts every node but one, and resolves when they answer. */
  async resumeFleet(withinMs: number, except?: string): Promise<void> {
    const wanted = this.nodes().filter(({ id }) => id !== except);
    for (const { id } of wanted) await this.fleet.start({ kind: "node", nodeId: id });
    for (const { id } of wanted) {
      await this.fleet.waitReady({ part: { kind: "node", nodeId: id }, withinMs });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fleet[Symbol.asyncDispose]();
    rmSync(this.home, { recursive: true, force: true });
  }
}

/** The folder for temporary files, unless it is in memory: a sync costs nothing there. */
function folderOnDisk(): string {
  const usual = tmpdir();
  if (!memoryTypes.has(statfsSync(usual).type)) return usual;
  const own = join(process.cwd(), ".setup");
  mkdirSync(own, { recursive: true });
  return own;
}
