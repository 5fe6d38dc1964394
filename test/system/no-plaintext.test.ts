import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { nodePlaces } from "../../cluster/local/places.ts";
import { withHeader } from "../server/http/signed-request.ts";
import { forGrpc, token, type AwsRequest } from "./aws-names.ts";
import { sendRaw, signedCall } from "./https-call.ts";
import { formsOf, searchFiles, searchText, type Hit, type Sought } from "./leak-search.ts";
import { PlainClient } from "./plain-client.ts";
import { keysOf } from "./stored-keys.ts";
import { regionName, TestRegion, until, untilCaughtUp } from "./test-region.ts";

const holdfastProgram = join(import.meta.dirname, "../../src/cli/main.js");

describe("a value in the clear", function () {
  this.timeout(60_000);

  let region: TestRegion;
  let outside: string;
  const canaries: Sought[] = [];
  /** What callers were told when they were refused. */
  const answers: string[] = [];
  const stored: { secretId: string; versionId: string; value: string }[] = [];

  before(async () => {
    region = await TestRegion.open();
    outside = mkdtempSync(join(tmpdir(), "holdfast-outside-"));
  });

  after(async () => {
    rmSync(outside, { recursive: true, force: true });
    await region[Symbol.asyncDispose]();
  });

  function canary(name: string): string {
    const text = randomBytes(16).toString("hex");
    canaries.push({ name, bytes: Buffer.from(text) });
    return text;
  }

  it("comes back to those who may read it, as text, bytes and JSON, from both faces", async () => {
    for (const face of ["grpc", "https"] as const) {
      for (const [kind, write] of Object.entries(valueKinds)) {
        for (const operation of ["CreateSecret", "PutSecretValue", "UpdateSecret"]) {
          const value = canary(`${operation} of ${kind} over ${face}`);
          const secretId = `${face}/${kind}`;
          const versionId = randomUUID();
          const request = {
            Name: secretId,
            SecretId: secretId,
            ClientRequestToken: versionId,
            ...write(value),
          };
          const failure = await callOver(face, region, { operation, request });
          assert.equal(failure, undefined, operation);
          stored.push({ secretId, versionId, value });
        }
      }
    }

    await assertStored(region, stored);
  });

  it("is refused without being repeated", async () => {
    const [client] = region.clients();
    await client?.call("CreateSecret", { name: "gone", clientRequestToken: token(1) });
    await client?.call("DeleteSecret", { secretId: "gone" });
    for (const face of ["grpc", "https"] as const) {
      for (const [what, refused] of Object.entries(refusals)) {
        const value = canary(`${what} over ${face}`);
        const failure = await callOver(face, region, refused(value, `${face}/text`));
        assert.ok(failure !== undefined, `${what} over ${face} is refused`);
        answers.push(failure);
      }
    }
  });

  it("is sent by strangers, and in pieces, and nothing is kept of it", async () => {
    const [node] = region.nodes();
    assert.ok(node !== undefined);
    const wrongToken = canary("a wrong token");
    const withValue = { secretId: "grpc/text", secretString: canary("from a stranger") };
    using stranger = new PlainClient(node.grpc, { ca: region.ca, token: `hft_${wrongToken}` });
    await assert.rejects(stranger.call("PutSecretValue", withValue), (error: Error) => {
      answers.push(JSON.stringify(error), String(error));
      return true;
    });

    const bodies = [
      `{"SecretId":"a","SecretString":"${canary("JSON that is cut off")}`,
      `{"SecretId":"a","SecretString":{"a":"${canary("JSON of another type")}"}}`,
      `{"SecretId":"a","${canary("a member's name")}":1,"SecretString":5}`,
      `"${canary("JSON that is a text")}"`,
      canary("no JSON at all"),
    ];
    for (const body of bodies) {
      const request = await signedCall(region, { operation: "PutSecretValue", body });
      answers.push(JSON.stringify(await sendRaw(region, node.https, request)));
      const forged = withHeader(request, "x-amz-date", "20200101T000000Z");
      answers.push(JSON.stringify(await sendRaw(region, node.https, forged)));
    }
    for (const address of [node.grpc, new URL(node.https).host, node.peer]) {
      const { hostname, port } = new URL(`http://${address}`);
      const socket = connect(Number(port), hostname);
      socket.on("error", () => undefined);
      socket.end(canary(`noise to ${address}`));
      socket.resume();
      await new Promise((resolve) => socket.once("close", resolve));
    }
  });

  it("is refused at the command line without being repeated", () => {
    const [{ grpc } = { grpc: "" }] = region.nodes();
    const environment = { ...process.env, ...region.environment, HOLDFAST_ENDPOINT: grpc };
    for (const words of [
      ["secret", "put", "nobody", "--value-stdin"],
      ["secret", "create", "a b", "--value-stdin"],
      ["--endpoint", "127.0.0.1:1", "secret", "put", "nobody", "--value-stdin"],
    ]) {
      const { status, stdout, stderr } = spawnSync(process.execPath, [holdfastProgram, ...words], {
        env: environment,
        input: canary(`holdfast ${words.join(" ")}`),
        encoding: "utf8",
      });
      assert.notEqual(status, 0);
      answers.push(stdout, stderr);
    }
  });

  it("is written while the leader is killed, and comes back", async () => {
    const leader = await region.fleet.waitLeader(regionName);
    const versions = Array.from({ length: 24 }, (_, at) => ({
      secretId: at % 2 === 0 ? "grpc/text" : "https/text",
      versionId: randomUUID(),
      value: canary(`write ${at} while the leader is killed`),
    }));
    const writes = versions.map(({ secretId, versionId, value }) =>
      untilWritten(region, {
        secretId,
        clientRequestToken: versionId,
        secretString: value,
      }),
    );
    process.kill(region.node(leader.id).pid ?? 0, "SIGKILL");
    await Promise.all(writes);

    await untilCaughtUp(region, leader.id);
    stored.push(...versions);
    await assertStored(region, stored);
  });

  it("is in no file of the fleet and in no answer to those who were refused", async () => {
    assert.deepEqual(searchFiles(region.home, canaries), []);

    // What was in the write buffer of LevelDB is rewritten into tables by a restart.
    const pids = region.nodes().map(({ pid }) => pid);
    for (const pid of pids) process.kill(pid ?? 0, "SIGTERM");
    await until("all run again", () =>
      region.nodes().every(({ pid }, at) => pid !== null && pid !== pids[at]),
    );
    await region.fleet.waitReady();
    await assertStored(region, stored);

    assert.ok(canaries.length > 70, `${canaries.length} canaries`);
    assert.deepEqual(searchFiles(region.home, canaries), []);
    assert.ok(answers.length > 40, `${answers.length} answers`);
    assert.deepEqual(searchText("an answer", answers.join("\n"), canaries), []);
  });

  it("would be found by this search in every form, in data and in logs", () => {
    const [node] = region.nodes();
    const [sought] = canaries;
    assert.ok(node !== undefined && sought !== undefined);
    const planted = join(node.dataDir, "planted");
    const { log } = nodePlaces(region.home, regionName, node.id);

    for (const [form, written] of Object.entries(formsOf(Buffer.from(sought.bytes)))) {
      writeFileSync(planted, Buffer.concat([randomBytes(64), Buffer.from(written)]));
      const found = searchFiles(region.home, canaries);
      assert.ok(
        found.some((hit) => isHit(hit, sought, planted)),
        `finds it as ${form}`,
      );
      assert.ok(
        found.every(({ name }) => name === sought.name),
        "and nothing else",
      );
    }
    rmSync(planted);
    const cutOff = Buffer.from(sought.bytes).toString().slice(0, 20);
    appendFileSync(log, `{"msg":"the value was ${cutOff}..."}\n`);
    assert.ok(searchFiles(region.home, canaries).some((hit) => isHit(hit, sought, log)));
  });

  it("has keys that are in no data directory and in no log", async () => {
    const [node] = region.nodes();
    assert.ok(node !== undefined);
    await region.fleet.stop({ kind: "all" });
    const keys = await keysOf(region, node.id, join(outside, "copy"));

    assert.ok(keys.length > stored.length, "the data keys of all versions are known");
    for (const { id, dataDir } of region.nodes()) {
      assert.deepEqual(searchFiles(dataDir, keys), []);
      const { log } = nodePlaces(region.home, regionName, id);
      assert.deepEqual(searchFiles(join(log, ".."), keys), []);
    }
    // And where the key file lies, it is found: by name, for it is the only place.
    const found = searchFiles(region.home, keys);
    assert.deepEqual([...new Set(found.map(({ name }) => name))], ["the root key file"]);
  });
});

const valueKinds: Readonly<Record<string, (value: string) => AwsRequest>> = {
  text: (value) => ({ SecretString: value }),
  bytes: (value) => ({ SecretBinary: Buffer.from(value).toString("base64") }),
  JSON: (value) => ({ SecretString: JSON.stringify({ user: "app", password: value }) }),
};

interface OneCall {
  readonly operation: string;
  readonly request: AwsRequest;
}

/** Calls that are refused, each at another point of its way. `taken` is a secret that exists. */
const refusals: Readonly<Record<string, (value: string, taken: string) => OneCall>> = {
  "a value that is too long": (value, SecretId) =>
    put({ SecretId, ClientRequestToken: token(50), SecretString: value.repeat(2_049) }),
  "no token": (value, SecretId) => put({ SecretId, SecretString: value }),
  "a token that is too short": (value, SecretId) =>
    put({ SecretId, ClientRequestToken: "short", SecretString: value }),
  "two values": (value, SecretId) =>
    put({
      SecretId,
      ClientRequestToken: token(50),
      SecretString: value,
      SecretBinary: Buffer.from(value).toString("base64"),
    }),
  "a secret that is not there": (value) =>
    put({ SecretId: "nobody", ClientRequestToken: token(50), SecretString: value }),
  "a secret marked for deletion": (value) =>
    put({ SecretId: "gone", ClientRequestToken: token(50), SecretString: value }),
  "a name that is taken": (value, Name) => ({
    operation: "CreateSecret",
    request: { Name, ClientRequestToken: token(51), SecretString: value },
  }),
  "a bad name": (value) => ({
    operation: "CreateSecret",
    request: { Name: "a b", ClientRequestToken: token(51), SecretString: value },
  }),
  "a key that is not there": (value, SecretId) => ({
    operation: "UpdateSecret",
    request: {
      SecretId,
      ClientRequestToken: token(52),
      SecretString: value,
      KmsKeyId: "alias/none",
    },
  }),
  "too many labels": (value, SecretId) =>
    put({
      SecretId,
      ClientRequestToken: token(53),
      SecretString: value,
      VersionStages: Array.from({ length: 20 }, (_, at) => `label-${at}`),
    }),
  "a rotation token that is none": (value, SecretId) =>
    put({
      SecretId,
      ClientRequestToken: token(54),
      SecretString: "s",
      RotationToken: `${value} ${value}`,
    }),
  "an operation that is not built": (value, SecretId) => ({
    operation: "PutResourcePolicy",
    request: { SecretId, ResourcePolicy: value, SecretString: value },
  }),
};

function put(request: AwsRequest): OneCall {
  return { operation: "PutSecretValue", request };
}

/** Everything the caller is told when the call fails; nothing when it succeeds. */
async function callOver(
  face: "grpc" | "https",
  region: TestRegion,
  { operation, request }: OneCall,
): Promise<string | undefined> {
  if (face === "grpc") {
    try {
      await region.clients()[1]?.call(operation, forGrpc(request));
      return undefined;
    } catch (error) {
      const { metadata } = error as { metadata?: { toJSON(): unknown } };
      return `${String(error)} ${JSON.stringify(metadata?.toJSON())}`;
    }
  }
  const signed = await signedCall(region, { operation, body: JSON.stringify(request) });
  const answer = await sendRaw(region, region.nodes()[1]?.https ?? "", signed);
  return answer.http === 200 ? undefined : JSON.stringify(answer);
}

/** Every one of them can be read: what is sought was really there. */
async function assertStored(
  region: TestRegion,
  versions: readonly { secretId: string; versionId: string; value: string }[],
): Promise<void> {
  const client = region.clients()[2];
  for (const { secretId, versionId, value } of versions) {
    const reply = await client?.call("GetSecretValue", { secretId, versionId });
    const text = String(reply?.["secretString"] ?? reply?.["secretBinary"]);
    assert.ok(text.includes(value), `${secretId} ${versionId}`);
  }
}

async function untilWritten(region: TestRegion, request: object): Promise<void> {
  let turn = 0;
  await until("the write is acknowledged", async () => {
    try {
      await region.clients()[turn % 3]?.call("PutSecretValue", request, 1_500);
      return true;
    } catch {
      // The leader was killed: another node is asked, with the same token.
      turn += 1;
      return false;
    }
  });
}

function isHit(hit: Hit, { name }: Sought, file: string): boolean {
  return hit.name === name && hit.file === file;
}
