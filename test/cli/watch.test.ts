import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { refuseCall } from "../../src/base/errors.ts";
import type { WatchRequest, WatchResponse } from "../../src/generated/public-contract.ts";
import { serveRegion, token, type GrpcRegion } from "../support/grpc-region.ts";
import { runHoldfast, type Run } from "./run-holdfast.ts";

const event = {
  kind: "value_changed",
  name: "prod/db",
  arn: "arn:aws:secretsmanager:eu-west-1:000000000000:secret:prod/db-AbCdEf",
  versionIdsToStages: { v2: ["AWSCURRENT", "blue"], v1: ["AWSPREVIOUS"] },
  time: 1_523_477_145_713,
  position: "eu-west-1:c0ffee:12",
};
const removed = { ...event, kind: "removed", name: "a\u001b[2Jb", versionIdsToStages: {} };
const told: readonly WatchResponse[] = [
  { heartbeat: { position: "eu-west-1:c0ffee:11", staleMs: 0, intervalMs: 5_000 } },
  { event },
  { event: { ...removed, position: "eu-west-1:c0ffee:13" } },
];

describe("holdfast secret watch", function () {
  this.timeout(15_000);

  let region: GrpcRegion;
  let folder: string;
  let asked: WatchRequest | undefined;

  before(async () => {
    region = await serveRegion(() => Promise.resolve({}), {
      watch: async function* (_caller, request) {
        asked ??= request;
        yield* told;
        // Nothing goes on by itself from here: that is how the command comes to its end.
        throw refuseCall("position_elsewhere", { region: "us-east-1" });
      },
    });
    folder = await mkdtemp(join(tmpdir(), "holdfast-watch-"));
    await writeFile(join(folder, "ca.pem"), region.ca);
  });

  after(async () => {
    await region[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  function watch(...words: readonly string[]): Promise<Run> {
    asked = undefined;
    return runHoldfast(["secret", "watch", ...words], {
      environment: {
        HOLDFAST_ENDPOINT: region.endpoint,
        HOLDFAST_TOKEN: token,
        HOLDFAST_CA_FILE: join(folder, "ca.pem"),
      },
    });
  }

  it("prints a line a change, and says at last why it does not go on", async () => {
    const { stdout, stderr, exitCode } = await watch();

    assert.deepEqual(stdout.split("\n"), [
      "2018-04-11T20:05:45.713Z  value_changed  prod/db  AWSCURRENT,blue=v2  AWSPREVIOUS=v1  " +
        "eu-west-1:c0ffee:12",
      String.raw`2018-04-11T20:05:45.713Z  removed  a\x1b[2Jb  eu-west-1:c0ffee:13`,
      "",
    ]);
    assert.match(stderr, /^The position is not of this region's log/);
    assert.equal(exitCode, 1);
    assert.deepEqual(asked, {});
  });

  it("prints a JSON object a line", async () => {
    const { stdout } = await watch("--output", "json");

    const [first, second, rest] = stdout.split("\n");
    assert.deepEqual(JSON.parse(first ?? ""), {
      Kind: "value_changed",
      Name: "prod/db",
      ARN: event.arn,
      VersionIdsToStages: event.versionIdsToStages,
      Time: "2018-04-11T20:05:45.713Z",
      Position: event.position,
    });
    assert.equal((JSON.parse(second ?? "") as { Name: string }).Name, removed.name);
    assert.equal(rest, "");
  });

  it("asks for what its options name", async () => {
    await watch("--prefix", "a/", "--prefix", "b/", "--tag", "k=v", "--tag", "e=", "--from", "p");

    assert.deepEqual(asked, {
      namePrefixes: ["a/", "b/"],
      tags: [
        { key: "k", value: "v" },
        { key: "e", value: "" },
      ],
      position: "p",
    });
  });

  it("takes no tag without a value", async () => {
    const { stderr, exitCode } = await watch("--tag", "k");

    assert.match(stderr, /Expected a tag as key=value/);
    assert.equal(exitCode, 2);
  });
});
