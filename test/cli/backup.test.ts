// `holdfast backup create`, as a process, against a real listener.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "mocha";
import { refuseCall } from "../../src/base/errors.ts";
import type { CreateBackupResponse } from "../../src/generated/public-contract.ts";
import { HoldfastClient } from "../../src/client/client.ts";
import { serveRegion, token, type GrpcRegion } from "../support/grpc-region.ts";
import { runHoldfast, type Run } from "./run-holdfast.ts";

const piece = new Uint8Array(64 * 1024).fill(7);
const pieceCount = 40;

function summaryOf(pieces: number): CreateBackupResponse {
  const hash = createHash("sha256");
  for (let count = 0; count < pieces; count += 1) hash.update(piece);
  const sha256 = hash.digest("hex");
  return { summary: { index: 41, secretCount: 12, sizeBytes: pieces * piece.length, sha256 } };
}

describe("holdfast backup create", function () {
  this.timeout(20_000);

  let region: GrpcRegion;
  let folder: string;
  let answer: () => AsyncGenerator<CreateBackupResponse>;
  let made = 0;
  let ended = 0;

  before(async () => {
    region = await serveRegion(() => Promise.reject(refuseCall("unknown_operation", {})), {
      backup: () => answer(),
    });
    folder = mkdtempSync(join(tmpdir(), "holdfast-backup-"));
    writeFileSync(join(folder, "ca.pem"), region.ca);
  });

  afterEach(() => {
    for (const name of ["b", "b.partial"]) rmSync(join(folder, name), { force: true });
  });

  after(async () => {
    await region[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  async function* pieces(
    count: number,
    last = summaryOf(count),
  ): AsyncGenerator<CreateBackupResponse> {
    made = 0;
    try {
      for (let at = 0; at < count; at += 1) {
        made += 1;
        yield { content: piece };
      }
      yield last;
    } finally {
      ended += 1;
    }
  }

  function create(...more: string[]): Promise<Run> {
    return runHoldfast(["backup", "create", join(folder, "b"), ...more], {
      environment: {
        HOLDFAST_ENDPOINT: region.endpoint,
        HOLDFAST_TOKEN: token,
        HOLDFAST_CA_FILE: join(folder, "ca.pem"),
      },
    });
  }

  it("writes the file, for its owner only, and says what it is", async () => {
    answer = () => pieces(pieceCount);

    const run = await create("--output", "json");

    assert.equal(run.stderr, "");
    assert.equal(run.exitCode, 0);
    const told = JSON.parse(run.stdout) as Record<string, unknown>;
    assert.deepEqual([told["Index"], told["SecretCount"]], [41, 12]);
    assert.equal(statSync(join(folder, "b")).size, pieceCount * piece.length);
    assert.equal(statSync(join(folder, "b")).mode & 0o777, 0o600);
    assert.ok(!existsSync(join(folder, "b.partial")));
  });

  it("leaves a file that is there alone, unless it is forced", async () => {
    answer = () => pieces(2);
    writeFileSync(join(folder, "b"), "precious");

    const refused = await create();
    const kept = readFileSync(join(folder, "b"), "utf8");
    const forced = await create("--force");

    assert.equal(refused.exitCode, 2);
    assert.match(refused.stderr, /^Cannot write a backup to ".*b": it is there already; --force/);
    assert.equal(kept, "precious");
    assert.equal(forced.exitCode, 0);
    assert.equal(statSync(join(folder, "b")).size, 2 * piece.length);
  });

  it("does not share a file with another one that is under way", async () => {
    answer = () => pieces(2);
    writeFileSync(join(folder, "b.partial"), "half");

    const run = await create();

    assert.equal(run.exitCode, 2);
    assert.match(run.stderr, /another one is under way there, or was broken off/);
    assert.equal(readFileSync(join(folder, "b.partial"), "utf8"), "half");
  });

  const broken: readonly [
    what: string,
    answer: () => AsyncGenerator<CreateBackupResponse>,
    sentence: RegExp,
  ][] = [
    [
      "that breaks off without its end",
      async function* () {
        yield { content: piece };
      },
      /^The backup broke off before its end; nothing is left$/m,
    ],
    [
      "that is not the one that was sent",
      () => pieces(2, summaryOf(3)),
      /^The backup that arrived is not the one that was sent; nothing is left$/m,
    ],
    [
      "that the node refuses",
      async function* () {
        yield* [];
        throw refuseCall("backup_under_way", {});
      },
      /^This node is making a backup already/m,
    ],
    [
      "in the middle of which the node fails",
      async function* () {
        yield { content: piece };
        throw new Error("the disk");
      },
      /^internal error/m,
    ],
  ];
  for (const [what, brokenAnswer, sentence] of broken) {
    it(`leaves nothing of a backup ${what}`, async () => {
      answer = brokenAnswer;

      const run = await create();

      assert.match(run.stderr, sentence);
      assert.equal(run.exitCode, 1);
      assert.ok(!existsSync(join(folder, "b")));
      assert.ok(!existsSync(join(folder, "b.partial")));
    });
  }

  it("is cut off by a caller that goes, and made no faster than a caller reads", async () => {
    answer = () => pieces(2_000);
    const before = ended;
    using client = new HoldfastClient({ endpoints: [region.endpoint], token, ca: region.ca });

    const stream = client.createBackup();
    await stream.next();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const madeUnread = made;
    await stream.return(undefined);

    const deadline = performance.now() + 5_000;
    while (ended === before && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.equal(ended, before + 1, "the node goes on with nothing that nobody wants");
    // 128 MiB were asked for; what the connection holds is a few.
    assert.ok(madeUnread < 300, `${madeUnread} pieces were made for nobody`);
  });

  it("is for callers that are known", async () => {
    answer = () => pieces(1);
    const wrong = { endpoints: [region.endpoint], token: "hft_nobody", ca: region.ca };
    using client = new HoldfastClient(wrong);

    await assert.rejects(client.createBackup().next(), /security token .* is invalid/);
  });
});
