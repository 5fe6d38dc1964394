import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import {
  ConfigurationError,
  loadAdministrator,
  loadConfiguration,
  parseAddress,
} from "../../src/server/config.ts";
import { serviceLimits } from "../../src/server/limits-section.ts";
import { defaultRequestRates } from "../../src/services/rate-limits.ts";

const named = ["server.pem", "server.key", "ca.pem", "peer.pem", "peer.key", "root.key", "admin"];

const good = {
  clusterId: "6c0f8d1e-5bd0-4a2f-9f0e-0d8d3a1f7f55",
  region: "us-east-1",
  account: "000000000000",
  nodeId: "us-east-1-n1",
  dataDir: "data",
  listen: { grpc: "127.0.0.1:7001", https: "127.0.0.1:7002", peer: "[::1]:7003" },
  start: { kind: "join", token: "ticket", through: ["127.0.0.1:7013", "[::1]:7023"] },
  tls: {
    server: { cert: "server.pem", key: "server.key" },
    peer: { ca: "ca.pem", cert: "peer.pem", key: "peer.key" },
  },
  rootKeyFile: "root.key",
  administratorFile: "admin",
  hostNames: ["localhost", "127.0.0.1"],
};

const administrator = {
  principalArn: "arn:aws:iam::000000000000:user/administrator",
  tokenSha256: "ab".repeat(32),
  accessKeyId: "HFKAABCDEFGHIJKLMNOP",
  secretAccessKey: "s".repeat(40),
};

describe("loadConfiguration", () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "holdfast-config-"));
    file = join(folder, "config.json");
    for (const name of named) writeFileSync(join(folder, name), "");
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function load(content: unknown): unknown {
    writeFileSync(file, JSON.stringify(content));
    return loadConfiguration(file);
  }

  it("fills in what is left out, and sees paths from the file's folder", () => {
    const configuration = load(good);

    assert.deepEqual(configuration, {
      ...good,
      dataDir: join(folder, "data"),
      rootKeyFile: join(folder, "root.key"),
      administratorFile: join(folder, "admin"),
      tls: {
        server: { cert: join(folder, "server.pem"), key: join(folder, "server.key") },
        peer: {
          ca: join(folder, "ca.pem"),
          cert: join(folder, "peer.pem"),
          key: join(folder, "peer.key"),
        },
      },
      lastSeen: [],
      raft: { tickMs: 75, electionTicks: 10 },
      promotion: { lagEntries: 1_000, stableMs: 10_000 },
      disk: { reserveMiB: 64, lowSpaceMiB: 256 },
      limits: {
        requestsPerSecond: defaultRequestRates,
        quotas: {
          secretsPerRegion: 500_000,
          versionsPerSecret: 100,
          labelsPerSecret: 20,
          tagsPerSecret: 50,
        },
        failedSignIns: { perMinute: 10, delayMs: 1_000, waiting: 256 },
      },
      watch: { streams: 4_000, streamsPerPrincipal: 2_000, queueKiB: 1_024, heartbeatMs: 5_000 },
      logLevel: "info",
      reflection: false,
    });
  });

  it("keeps what is given", () => {
    const given = { raft: { tickMs: 20 }, logLevel: "debug", reflection: true };

    const configuration = load({ ...good, ...given }) as typeof given;

    assert.deepEqual(configuration.raft, { tickMs: 20, electionTicks: 10 });
    assert.equal(configuration.logLevel, "debug");
    assert.equal(configuration.reflection, true);
  });

  it("reads a node that founds its region, and one that is told nothing", () => {
    const founder = load({ ...good, start: { kind: "found" } }) as Partial<typeof good>;
    const other = load({ ...good, start: undefined }) as Partial<typeof good>;

    assert.deepEqual(founder.start, { kind: "found" });
    assert.equal(other.start, undefined);
  });

  const address = "must be host:port with a port from 1 to 65535";
  const identifier = "must be 1 to 64 lower-case letters, digits and inner hyphens";
  const bad: readonly (readonly [content: unknown, complaint: string])[] = [
    [[], "the file must be of type object"],
    [{ ...good, colour: 1 }, 'the file has an unknown key: "colour"'],
    [
      { ...good, listen: { ...good.listen, admin: "a:1", ui: "a:2" } },
      'listen has an unknown key: "admin", "ui"',
    ],
    [{ ...good, region: undefined }, "region is missing"],
    [{ ...good, tls: undefined }, "tls is missing"],
    [{ ...good, region: "US" }, `region ${identifier}`],
    [{ ...good, nodeId: "" }, `nodeId ${identifier}`],
    [{ ...good, clusterId: 7 }, "clusterId must be of type string"],
    [{ ...good, account: "12" }, "account must be twelve digits"],
    [{ ...good, dataDir: "" }, "dataDir must not be empty"],
    [{ ...good, listen: { ...good.listen, grpc: "127.0.0.1" } }, `listen.grpc ${address}`],
    [{ ...good, listen: { ...good.listen, https: "127.0.0.1:0" } }, `listen.https ${address}`],
    [{ ...good, listen: { ...good.listen, peer: "127.0.0.1:65536" } }, `listen.peer ${address}`],
    [{ ...good, listen: { ...good.listen, peer: "a b:1" } }, `listen.peer ${address}`],
    [
      { ...good, members: [{ id: "us-east-1-n1" }] },
      "members is not used any more: a region knows its members; leave it out",
    ],
    [{ ...good, start: "found" }, "start must be of type object"],
    [{ ...good, start: {} }, "start.kind must be one of found, join"],
    [{ ...good, start: { kind: "guess" } }, "start.kind must be one of found, join"],
    [{ ...good, start: { kind: "found", token: "t" } }, 'start has an unknown key: "token"'],
    [{ ...good, start: { ...good.start, token: "" } }, "start.token must not be empty"],
    [{ ...good, start: { kind: "join", token: "t" } }, "start.through is missing"],
    [
      { ...good, start: { ...good.start, through: [] } },
      "start.through must name at least one member",
    ],
    [{ ...good, start: { ...good.start, through: ["n1"] } }, `start.through[0] ${address}`],
    [{ ...good, advertise: { ...good.listen, peer: "x" } }, `advertise.peer ${address}`],
    [{ ...good, lastSeen: [{ id: "n1", peer: "x" }] }, `lastSeen[0].peer ${address}`],
    [
      { ...good, promotion: { stableMs: -1 } },
      "promotion.stableMs must be a whole number from 0 to 3600000",
    ],
    [{ ...good, hostNames: [] }, "hostNames must name at least one host"],
    [{ ...good, hostNames: ["a/b"] }, "hostNames[0] must be a host name without a port"],
    [{ ...good, raft: { tickMs: 1.5 } }, "raft.tickMs must be a whole number from 5 to 10000"],
    [
      { ...good, disk: { reserveMiB: -1 } },
      "disk.reserveMiB must be a whole number from 0 to 1048576",
    ],
    [
      { ...good, raft: { electionTicks: 2 } },
      "raft.electionTicks must be a whole number from 3 to 1000",
    ],
    [
      { ...good, logLevel: "loud" },
      "logLevel must be one of fatal, error, warn, info, debug, trace, silent",
    ],
    [{ ...good, reflection: "yes" }, "reflection must be of type boolean"],
  ];
  for (const [content, complaint] of bad) {
    it(`refuses: ${complaint}`, () => {
      assert.throws(() => load(content), new ConfigurationError(`${file}: ${complaint}.`));
    });
  }

  for (const [field, name] of [
    ["tls.server.cert", "server.pem"],
    ["tls.server.key", "server.key"],
    ["tls.peer.ca", "ca.pem"],
    ["tls.peer.cert", "peer.pem"],
    ["tls.peer.key", "peer.key"],
    ["rootKeyFile", "root.key"],
    ["administratorFile", "admin"],
  ] as const) {
    it(`refuses a file that is not there in ${field}`, () => {
      rmSync(join(folder, name));

      assert.throws(
        () => load(good),
        new ConfigurationError(
          `${file}: ${field} names ${join(folder, name)}, which cannot be read (ENOENT).`,
        ),
      );
    });
  }

  it("refuses a file that is not there, and one that is not JSON", () => {
    assert.throws(
      () => loadConfiguration(file),
      new ConfigurationError(`${file} cannot be read (ENOENT).`),
    );

    writeFileSync(file, "region: us-east-1");

    assert.throws(() => loadConfiguration(file), new ConfigurationError(`${file} is not JSON.`));
  });
});

describe("the limits of a configuration", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "holdfast-limits-"));
    for (const name of named) writeFileSync(join(folder, name), "");
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function load(limits: unknown) {
    const file = join(folder, "config.json");
    writeFileSync(file, JSON.stringify({ ...good, limits }));
    return loadConfiguration(file).limits;
  }

  it("are those of AWS but for what is said", () => {
    const limits = load({
      requestsPerSecond: { createSecret: 7 },
      quotas: { versionsPerSecret: 300, tagsPerSecret: 9 },
      failedSignIns: { delayMs: 0 },
    });

    assert.deepEqual(limits.requestsPerSecond, { ...defaultRequestRates, createSecret: 7 });
    assert.deepEqual(serviceLimits(limits.quotas), {
      secret: { versions: 300, labels: 20, tags: 9 },
      secretsPerRegion: 500_000,
    });
    assert.deepEqual(limits.failedSignIns, { perMinute: 10, delayMs: 0, waiting: 256 });
  });

  const fields: readonly (readonly [section: string, field: string, from: number, to: number])[] = [
    ...Object.keys(defaultRequestRates).map(
      (group) => ["requestsPerSecond", group, 1, 1_000_000] as const,
    ),
    ["quotas", "secretsPerRegion", 1, 10_000_000],
    ["quotas", "versionsPerSecret", 3, 1_000],
    ["quotas", "labelsPerSecret", 3, 100],
    ["quotas", "tagsPerSecret", 1, 100],
    ["failedSignIns", "perMinute", 1, 1_000_000],
    ["failedSignIns", "delayMs", 0, 5_000],
    ["failedSignIns", "waiting", 8, 4_000],
  ];
  for (const [section, field, from, to] of fields) {
    it(`take ${section}.${field} from ${from} to ${to}, and nothing else`, () => {
      for (const value of [from, to]) {
        const taken: Record<string, object> = load({ [section]: { [field]: value } });
        assert.equal((taken[section] as Record<string, number>)[field], value);
      }
      const wrong: [value: unknown, sentence: string][] = [
        ...[from - 1, to + 1, from + 0.5].map((value): [number, string] => [
          value,
          `must be a whole number from ${from} to ${to}.`,
        ]),
        [String(from), "must be of type number."],
      ];
      for (const [value, sentence] of wrong) {
        assert.throws(
          () => load({ [section]: { [field]: value } }),
          (error: ConfigurationError) => {
            assert.ok(error.message.endsWith(`: limits.${section}.${field} ${sentence}`));
            return true;
          },
        );
      }
    });
  }

  it("have no field of another name", () => {
    assert.throws(() => load({ requestsPerSecond: { createSecrets: 1 } }), {
      message: /limits\.requestsPerSecond has an unknown key: "createSecrets"\.$/,
    });
  });
});

describe("loadAdministrator", () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "holdfast-administrator-"));
    file = join(folder, "administrator.json");
    writeFileSync(file, JSON.stringify(administrator), { mode: 0o600 });
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("reads a file that only its owner can read", () => {
    assert.deepEqual(loadAdministrator(file), administrator);
  });

  for (const mode of [0o640, 0o604, 0o620]) {
    it(`refuses a file of mode ${mode.toString(8)}`, () => {
      chmodSync(file, mode);

      assert.throws(
        () => loadAdministrator(file),
        new ConfigurationError(
          `${file} can be read by others (mode ${mode.toString(8)}): chmod 600 it.`,
        ),
      );
    });
  }

  const bad = {
    principalArn: "root",
    tokenSha256: "AB".repeat(32),
    accessKeyId: "AKIAABCDEFGHIJKLMNOP",
    secretAccessKey: "planted value",
  };
  for (const [field, value] of Object.entries(bad)) {
    it(`refuses a bad ${field} without repeating it`, () => {
      writeFileSync(file, JSON.stringify({ ...administrator, [field]: value }));

      assert.throws(
        () => loadAdministrator(file),
        (error: ConfigurationError) =>
          error.message.startsWith(`${file}: ${field} must be `) && !error.message.includes(value),
      );
    });
  }
});

describe("parseAddress", () => {
  it("takes the brackets off an IPv6 host", () => {
    assert.deepEqual(parseAddress("[::1]:443"), { host: "::1", port: 443 });
    assert.deepEqual(parseAddress("localhost:8443"), { host: "localhost", port: 8443 });
    assert.equal(parseAddress("::1:443"), undefined);
  });
});
