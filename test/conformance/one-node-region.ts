// A whole node in this process, alone in its region: as the program starts it, on a disk in memory.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { findFreePorts } from "../../cluster/local/free-ports.ts";
import { administratorOf, mintCredentials } from "../../cluster/local/credentials.ts";
import { systemEntropy } from "../../src/base/entropy.ts";
import { clusterId, nodeId } from "../../src/base/ids.ts";
import { nodeUri } from "../../src/consensus/peer-identity.ts";
import { createRootKeyFile } from "../../src/crypto/root-key-file.ts";
import { createLog } from "../../src/observability/log.ts";
import { startNode } from "../../src/server/assembly.ts";
import { ampleLimits } from "../../cluster/local/ample-limits.ts";
import { loadConfiguration } from "../../src/server/config.ts";
import { peerAuthority } from "../support/peer-certificates.ts";
import { folderInMemory } from "../support/temporary-folder.ts";
import { loopbackCertificate } from "../support/test-certificates.ts";
import { grpcFace } from "./grpc-face.ts";
import { jsonFace } from "./json-face.ts";
import type { Face } from "./aws-answer.ts";

export type FaceName = "https" | "grpc";

/** What a case may name: where its secrets live. */
export const home = { region: "us-east-1", account: "000000000000" } as const;

/** A node and one way to call it; both end with it. */
export async function openFace(name: FaceName): Promise<Face> {
  const folder = await folderInMemory();
  const [grpc, https, peer] = await findFreePorts(3);
  const credentials = mintCredentials();
  const tls = await loopbackCertificate();
  const fatal = { error: undefined as unknown };
  const node = await startNode(
    loadConfiguration(
      await writeConfiguration(folder.path, {
        listen: {
          grpc: `127.0.0.1:${String(grpc)}`,
          https: `127.0.0.1:${String(https)}`,
          peer: `127.0.0.1:${String(peer)}`,
        },
        tls,
        administrator: administratorOf(credentials),
      }),
    ),
    createLog("silent", {}),
    (error) => {
      fatal.error = error;
    },
  );
  const { accessKeyId, secretAccessKey, token } = credentials;
  const face =
    name === "https"
      ? jsonFace({
          port: Number(https),
          ca: tls.cert,
          region: home.region,
          accessKeyId,
          secretAccessKey,
        })
      : grpcFace(`127.0.0.1:${String(grpc)}`, { ca: tls.cert, token });
  await untilServing(face);
  return {
    call: async (operation, request) => {
      if (fatal.error !== undefined) {
        throw new Error("the node has stopped", { cause: fatal.error });
      }
      return face.call(operation, request);
    },
    [Symbol.asyncDispose]: async () => {
      await face[Symbol.asyncDispose]();
      await node.close(0);
      await folder[Symbol.asyncDispose]();
    },
  };
}

interface ConfigurationParts {
  readonly listen: { readonly grpc: string; readonly https: string; readonly peer: string };
  readonly tls: { readonly cert: string; readonly key: string };
  readonly administrator: object;
}

async function writeConfiguration(
  folder: string,
  { listen, tls, administrator }: ConfigurationParts,
): Promise<string> {
  const self = { clusterId: clusterId("c0ffee"), region: home.region, nodeId: nodeId("n1") };
  const authority = await peerAuthority();
  const peer = await authority.issue([nodeUri(self, self.nodeId)]);
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return name;
  };
  createRootKeyFile(join(folder, "root.key"), systemEntropy);
  write(
    "config.json",
    JSON.stringify({
      ...self,
      account: home.account,
      dataDir: "rows",
      listen,
      start: { kind: "found" },
      tls: {
        server: { cert: write("server.crt", tls.cert), key: write("server.key", tls.key) },
        peer: {
          ca: write("peer-ca.crt", peer.ca),
          cert: write("peer.crt", peer.cert),
          key: write("peer.key", peer.key),
        },
      },
      rootKeyFile: "root.key",
      administratorFile: write("administrator.json", JSON.stringify(administrator)),
      hostNames: ["localhost", "127.0.0.1"],
      limits: ampleLimits,
      raft: { tickMs: 10, electionTicks: 5 },
      logLevel: "silent",
    }),
  );
  return join(folder, "config.json");
}

/** A node that was just started has no leader yet, and no keys. */
async function untilServing(face: Face): Promise<void> {
  for (const end = performance.now() + 45_000; performance.now() < end;) {
    const answer = await face.call("ListSecrets", { MaxResults: 1 }).catch(() => undefined);
    if (answer?.kind === "reply") return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("the node does not serve");
}
