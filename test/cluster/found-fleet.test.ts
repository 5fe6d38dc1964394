import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { after, before, describe, it } from "mocha";
import type { ClusterFile } from "../../cluster/local/cluster-file.ts";
import { readClusterFile } from "../../cluster/local/cluster-file.ts";
import { readEnvFile } from "../../cluster/local/env-file.ts";
import { foundFleet, layOutNode, renewCertificates } from "../../cluster/local/found-fleet.ts";
import { nodePlaces, placesOf, regionPlaces } from "../../cluster/local/places.ts";
import { loadAdministrator, loadConfiguration } from "../../src/server/config.ts";

describe("foundFleet", () => {
  let home: string;
  let file: ClusterFile;

  before(async () => {
    home = mkdtempSync(join(tmpdir(), "holdfast-founding-"));
    file = await foundFleet(home, { regions: ["a", "b"], nodesPerRegion: 3 });
  });

  after(() => {
    rmSync(home, { recursive: true });
  });

  it("writes cluster.json in the shape that others read", () => {
    const [first] = file.regions;

    assert.deepEqual(readClusterFile(placesOf(home).clusterFile), file);
    assert.deepEqual(Object.keys(first ?? {}), ["name", "caFile", "nodes"]);
    assert.deepEqual(Object.keys(first?.nodes[0] ?? {}), [
      "id",
      "pid",
      "grpc",
      "peer",
      "https",
      "dataDir",
      "role",
    ]);
  });

  it("gives every listener a port of its own on the loopback address", () => {
    const nodes = file.regions.flatMap((region) => region.nodes);
    const addresses = nodes.flatMap(({ grpc, peer, https }) => [
      grpc,
      peer,
      https.replace("https://", ""),
    ]);

    assert.equal(new Set(addresses).size, 18);
    for (const address of addresses) assert.match(address, /^127\.0\.0\.1:[23]\d{4}$/);
  });

  it("writes configurations that a node accepts, each region a cluster of its own", () => {
    const configurations = file.regions.flatMap(({ name, nodes }) =>
      nodes.map(({ id }) => loadConfiguration(nodePlaces(home, name, id).config)),
    );

    assert.deepEqual(
      configurations.map(({ nodeId }) => nodeId),
      ["a-n1", "a-n2", "a-n3", "b-n1", "b-n2", "b-n3"],
    );
    assert.equal(new Set(configurations.map(({ clusterId }) => clusterId)).size, 2);
    const found = { kind: "found" };
    assert.deepEqual(
      configurations.map(({ start }) => start),
      [found, undefined, undefined, found, undefined, undefined],
    );
    assert.deepEqual(
      file.regions.map(({ nodes }) => nodes.map(({ role }) => role)),
      [
        ["stopped", "new", "new"],
        ["stopped", "new", "new"],
      ],
    );
  });

  it("keeps keys and credentials from other users", () => {
    const region = regionPlaces(home, "a");
    const node = nodePlaces(home, "a", "a-n1");

    for (const path of [
      region.rootKey,
      region.administrator,
      region.envFile,
      region.clientCa.key,
      region.clusterCa.key,
      node.server.key,
      node.peer.key,
      node.config,
    ]) {
      assert.equal(statSync(path).mode & 0o777, 0o600, path);
    }
    assert.equal(readFileSync(region.rootKey).length, 32);
    assert.notDeepEqual(
      readFileSync(region.rootKey),
      readFileSync(regionPlaces(home, "b").rootKey),
    );
  });

  it("knows one administrator in every region, and keeps the token as a digest", () => {
    const environment = readEnvFile(regionPlaces(home, "a").envFile);
    const token = environment["HOLDFAST_TOKEN"] ?? "";
    const administrator = loadAdministrator(regionPlaces(home, "a").administrator);

    assert.deepEqual(administrator, loadAdministrator(regionPlaces(home, "b").administrator));
    assert.equal(administrator.tokenSha256, createHash("sha256").update(token).digest("hex"));
    assert.equal(administrator.accessKeyId, environment["AWS_ACCESS_KEY_ID"]);
    assert.equal(administrator.secretAccessKey, environment["AWS_SECRET_ACCESS_KEY"]);
  });

  it("mints a token that carries its own checksum", () => {
    const token = readEnvFile(regionPlaces(home, "a").envFile)["HOLDFAST_TOKEN"] ?? "";

    const [, body = "", checksum = ""] =
      /^(hft_[0-9A-Za-z]{22}_[0-9A-Za-z]{43})_([0-9A-Za-z]{6})$/.exec(token) ?? [];

    const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const number = Array.from(checksum).reduce(
      (sum, digit) => sum * 62 + alphabet.indexOf(digit),
      0,
    );
    assert.equal(number, crc32(body));
  });

  it("exports what every client reads, in a form that a shell understands", () => {
    const { envFile, clientCa } = regionPlaces(home, "b");
    const [first] = file.regions[1]?.nodes ?? [];
    const script = `. "$0"; printf '%s\\n' "$HOLDFAST_ENDPOINT" "$AWS_REGION" "$AWS_CA_BUNDLE"`;

    const printed = execFileSync("sh", ["-c", script, envFile], { encoding: "utf8" });

    assert.deepEqual(printed.split("\n"), [first?.grpc, "b", clientCa.cert, ""]);
    assert.deepEqual(Object.keys(readEnvFile(envFile)), [
      "HOLDFAST_ENDPOINT",
      "HOLDFAST_TOKEN",
      "HOLDFAST_CA_FILE",
      "AWS_ENDPOINT_URL_SECRETS_MANAGER",
      "AWS_ACCESS_KEY_ID",
      "AWS_SECRET_ACCESS_KEY",
      "AWS_REGION",
      "AWS_DEFAULT_REGION",
      "AWS_CA_BUNDLE",
      "NODE_EXTRA_CA_CERTS",
    ]);
  });

  it("issues a peer leaf with exactly one URI, for both ends, from the nodes' authority", () => {
    const { config, peer } = nodePlaces(home, "a", "a-n2");
    const leaf = read(peer.cert);

    const { clusterId } = loadConfiguration(config);
    assert.equal(
      leaf.subjectAltName,
      `URI:spiffe://holdfast/cluster/${clusterId}/region/a/node/a-n2`,
    );
    assert.deepEqual(leaf.keyUsage, ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
    assert.ok(leaf.verify(read(regionPlaces(home, "a").clusterCa.cert).publicKey));
    assert.ok(!leaf.verify(read(regionPlaces(home, "a").clientCa.cert).publicKey));
    assert.ok(!leaf.verify(read(regionPlaces(home, "b").clusterCa.cert).publicKey));
  });

  it("issues a server leaf for this machine's names, from the clients' authority", () => {
    const leaf = read(nodePlaces(home, "a", "a-n1").server.cert);
    const authority = read(regionPlaces(home, "a").clientCa.cert);

    assert.equal(leaf.subjectAltName, "IP Address:127.0.0.1, DNS:localhost");
    assert.deepEqual(leaf.keyUsage, ["1.3.6.1.5.5.7.3.1"]);
    assert.equal(leaf.ca, false);
    assert.equal(authority.ca, true);
    assert.ok(leaf.checkIssued(authority) && leaf.verify(authority.publicKey));
    assert.equal(leaf.publicKey.asymmetricKeyDetails?.namedCurve, "prime256v1");
  });

  it("passes openssl's strict check of a chain", () => {
    for (const [authority, leaf] of [
      [regionPlaces(home, "a").clientCa.cert, nodePlaces(home, "a", "a-n1").server.cert],
      [regionPlaces(home, "a").clusterCa.cert, nodePlaces(home, "a", "a-n1").peer.cert],
    ] as const) {
      const verify = ["verify", "-x509_strict", "-check_ss_sig", "-CAfile", authority, leaf];

      assert.match(execFileSync("openssl", verify, { encoding: "utf8" }), /: OK\n$/);
    }
  });

  it("lays one more node out, under an id that there never was", async () => {
    const [region] = file.regions;
    assert.ok(region !== undefined);
    const nodes = region.nodes.map((node) => ({ ...node, role: "removed" as const }));

    const added = await layOutNode(home, { ...region, nodes });

    const { config, peer } = nodePlaces(home, "a", "a-n4");
    const configuration = loadConfiguration(config);
    const sibling = loadConfiguration(nodePlaces(home, "a", "a-n1").config);
    assert.deepEqual([added.id, added.role, added.pid], ["a-n4", "new", null]);
    assert.equal(configuration.nodeId, "a-n4");
    assert.equal(configuration.start, undefined);
    assert.equal(configuration.clusterId, sibling.clusterId);
    assert.ok(read(peer.cert).verify(read(regionPlaces(home, "a").clusterCa.cert).publicKey));
    assert.match(read(peer.cert).subjectAltName ?? "", /\/node\/a-n4$/);
  });

  it("renews the nodes' certificates and nothing else", async () => {
    const { server, peer, config } = nodePlaces(home, "a", "a-n1");
    const kept = [config, regionPlaces(home, "a").clientCa.cert, regionPlaces(home, "a").rootKey];
    const before = kept.map((path) => readFileSync(path));
    const serials = [server, peer].map(({ cert }) => read(cert).serialNumber);

    await renewCertificates(home, file);

    assert.deepEqual(
      kept.map((path) => readFileSync(path)),
      before,
    );
    const renewed = [server, peer].map(({ cert }) => read(cert).serialNumber);
    assert.equal(new Set([...serials, ...renewed]).size, 4);
    assert.equal(
      read(peer.cert).subjectAltName?.includes(loadConfiguration(config).clusterId),
      true,
    );
  });
});

function read(path: string): X509Certificate {
  return new X509Certificate(readFileSync(path));
}
