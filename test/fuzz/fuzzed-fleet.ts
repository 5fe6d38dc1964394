// A region of one real node, in a process of its own, for bytes off real wires.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { giveAmpleLimits } from "../../cluster/local/ample-limits.ts";
import { LocalFleet } from "../../cluster/local/local-fleet.ts";
import { nodePlaces } from "../../cluster/local/places.ts";
import type { WireNode } from "./wire-fuzz.ts";

const region = "us-east-1";

export interface FuzzedFleet extends AsyncDisposable {
  readonly node: WireNode;
  /** The process that answers at the moment: another when the first has died. */
  pid(): Promise<number | null>;
  /** Lines of the node's log about what was nobody's fault but its own. */
  troubles(): readonly string[];
}

export async function fuzzedFleet(): Promise<FuzzedFleet> {
  const home = mkdtempSync(join(tmpdir(), "holdfast-fuzz-"));
  giveAmpleLimits(home);
  const shape = { regions: [region], nodesPerRegion: 1 };
  const fleet = await LocalFleet.launch({ home, shape });
  await fleet.waitReady();
  const [node] = await fleet.nodes();
  if (node === undefined) throw new Error("the fleet has no node");
  const environment = fleet.environment(region);
  return {
    node: {
      region,
      accessKeyId: environment["AWS_ACCESS_KEY_ID"] ?? "",
      secretAccessKey: environment["AWS_SECRET_ACCESS_KEY"] ?? "",
      token: environment["HOLDFAST_TOKEN"] ?? "",
      ca: readFileSync(environment["HOLDFAST_CA_FILE"] ?? "", "utf8"),
      ports: { "http/1.1": Number(new URL(node.https).port), h2: Number(node.grpc.split(":")[1]) },
    },
    pid: async () => (await fleet.node(node.id)).pid,
    troubles: () =>
      readFileSync(nodePlaces(home, region, node.id).log, "utf8")
        .split("\n")
        .filter((line) => /"level":"?(?:error|fatal|50|60)/.test(line) || /^\s+at /.test(line)),
    [Symbol.asyncDispose]: async () => {
      await fleet[Symbol.asyncDispose]();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
