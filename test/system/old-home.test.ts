import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "mocha";
import { findFreePorts } from "../../cluster/local/free-ports.ts";
import { LocalFleet } from "../../cluster/local/local-fleet.ts";
import { nodePlaces } from "../../cluster/local/places.ts";
import { loadConfiguration } from "../../src/server/config.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { PlainClient, projectFolder } from "./plain-client.ts";
import { regionName } from "./test-region.ts";

/** A fleet of three founders, with three secrets, as releases before tickets left it behind. */
const kept = join(projectFolder(), "test/system/fixtures/home-v1");

describe("a home of an earlier release", function () {
  this.timeout(60_000);

  it("opens with all that is in it, and can then take in and let go nodes", async () => {
    await using folder = await temporaryFolder();
    await layOutKeptHome(folder.path);
    await using fleet = await LocalFleet.launch({ home: folder.path });
    await fleet.waitReady();

    for (const { id, grpc } of await fleet.nodes()) {
      const configuration = loadConfiguration(nodePlaces(folder.path, regionName, id).config);
      assert.equal(configuration.start, undefined);
      assert.equal(configuration.lastSeen.length, 2);
      using client = clientOf(fleet, grpc);
      for (const number of [1, 2, 3]) {
        const { secretString } = await client.call("GetSecretValue", {
          secretId: `kept/${number}`,
        });
        assert.equal(secretString, `kept ${number}`);
      }
    }

    const fresh = await fleet.replaceNode(`${regionName}-n1`);
    await fleet.waitReady();

    assert.equal(fresh, `${regionName}-n4`);
    using client = clientOf(fleet, (await fleet.node(fresh)).grpc);
    const { secretString } = await client.call("GetSecretValue", { secretId: "kept/3" });
    assert.equal(secretString, "kept 3");
  });
});

function clientOf(fleet: LocalFleet, grpc: string): PlainClient {
  const environment = fleet.environment(regionName);
  const ca = readFileSync(environment["HOLDFAST_CA_FILE"] ?? "", "utf8");
  return new PlainClient(grpc, { ca, token: environment["HOLDFAST_TOKEN"] ?? "" });
}

/** With its paths and ports made those of today, and nothing for others to read. */
async function layOutKeptHome(home: string): Promise<void> {
  const ports = await findFreePorts(9);
  for (const entry of readdirSync(kept, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    // The repository keeps no file that ends with .log.
    const target = path.replace(kept, home).replace(/\.wal$/, ".log");
    const bytes = readFileSync(path);
    const isText = /\.(?:json|env)$/.test(path);
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    writeFileSync(target, isText ? filledIn(bytes.toString(), home, ports) : bytes, {
      mode: 0o600,
    });
  }
}

function filledIn(text: string, home: string, ports: readonly number[]): string {
  return text
    .replaceAll("@HOME@", home)
    .replace(/@PORT(\d)@/g, (_, number: string) => String(ports[Number(number) - 1]));
}
