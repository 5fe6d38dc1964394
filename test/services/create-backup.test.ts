import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "mocha";
import { concat, hex } from "../../src/base/bytes.ts";
import { RefusedError } from "../../src/base/errors.ts";
import { logIndex, term, type LogIndex } from "../../src/base/ids.ts";
import { refuse } from "../../src/base/outcome.ts";
import type { CreateBackupResponse } from "../../src/generated/public-contract.ts";
import type { Caller } from "../../src/services/caller.ts";
import { BackupService, type BackupParts } from "../../src/services/create-backup.ts";
import { checkBackup } from "../../src/storage/backup-reader.ts";
import type { RowSource } from "../../src/storage/backup-writer.ts";
import { CorruptionError } from "../../src/storage/corruption.ts";
import { digestBytes } from "../../src/storage/state-digest.ts";
import { backupIdentity, bytesAsFile, fewRows, sourceOf } from "../storage/backup-bytes.ts";
import { administrator } from "../support/grpc-region.ts";
import { SetClock } from "../support/set-clock.ts";

const caller: Caller = {
  principal: administrator,
  requestId: "one",
  deadlineMs: 1_000,
  onReflected: () => undefined,
};

/** A node whose disk is at each of these entries in turn, and then stays at the last. */
class FakeNode {
  readonly clock = new SetClock();
  readonly happened: string[] = [];
  barrier: LogIndex = logIndex(41);
  onDisk: readonly number[] = [41];
  source: RowSource = sourceOf(fewRows, 1);
  isAllowed = true;

  service(): BackupService {
    const parts: BackupParts = {
      group: {
        readBarrier: () => {
          this.happened.push("barrier");
          return Promise.resolve(this.barrier);
        },
      },
      identity: backupIdentity,
      openSnapshot: () => this.#open(),
      authorize: (principal, action, resource) =>
        this.isAllowed
          ? undefined
          : refuse("access_denied", { principal: principal.arn, action, resource: resource?.named })
              .refusal,
      clock: this.clock,
      onCorruption: () => {
        this.happened.push("corruption");
      },
    };
    return new BackupService(parts);
  }

  #open(): RowSource & AsyncDisposable {
    const [index = 0, ...later] = this.onDisk;
    if (later.length > 0) this.onDisk = later;
    this.happened.push(`open ${index}`);
    const { source } = this;
    const position = { index: logIndex(index), term: term(3) };
    return {
      meta: { ...source.meta, position },
      chunks: () => source.chunks(),
      [Symbol.asyncDispose]: () => {
        this.happened.push(`close ${index}`);
        return Promise.resolve();
      },
    };
  }
}

async function all(pieces: AsyncIterable<CreateBackupResponse>): Promise<CreateBackupResponse[]> {
  const found = [];
  for await (const piece of pieces) found.push(piece);
  return found;
}

function isRefusal(code: string): (error: unknown) => boolean {
  return (error) => error instanceof RefusedError && error.refusal.code === code;
}

describe("creating a backup", () => {
  it("gives a whole file, and last of all what it is", async () => {
    const node = new FakeNode();

    const pieces = await all(node.service().create(caller));

    const file = concat(pieces.flatMap(({ content }) => (content === undefined ? [] : [content])));
    const { header } = await checkBackup(bytesAsFile(file));
    const summaries = pieces.flatMap(({ summary }) => (summary === undefined ? [] : [summary]));
    assert.deepEqual(summaries, [pieces.at(-1)?.summary]);
    assert.deepEqual(pieces.at(-1)?.summary, {
      clusterId: "c0ffee",
      region: "us-east-1",
      nodeId: "n1",
      index: 41,
      term: 3,
      createdAt: header.createdAt,
      secretCount: 1,
      valueCount: 2,
      sizeBytes: file.length,
      sha256: createHash("sha256").update(file).digest("hex"),
      stateDigest: hex(digestBytes(header.digest)),
    });
  });

  it("holds what was acknowledged before, although the disk was a batch behind", async () => {
    const node = new FakeNode();
    node.onDisk = [39, 40, 42];

    const pieces = await all(node.service().create(caller));

    assert.equal(pieces.at(-1)?.summary?.index, 42);
    assert.deepEqual(node.happened, [
      "barrier",
      "open 39",
      "close 39",
      "open 40",
      "close 40",
      "open 42",
      "close 42",
    ]);
  });

  it("does not wait for the disk for ever", async () => {
    const node = new FakeNode();
    node.onDisk = [40];
    node.clock.advance(2_000);

    await assert.rejects(all(node.service().create(caller)), isRefusal("timed_out"));
  });

  it("is for those who may, and nothing is read before that is known", async () => {
    const node = new FakeNode();
    node.isAllowed = false;

    await assert.rejects(all(node.service().create(caller)), isRefusal("access_denied"));
    assert.deepEqual(node.happened, []);
  });

  it("is made for one caller at a time, and for the next when that one is done or gone", async () => {
    const node = new FakeNode();
    const service = node.service();
    const first = service.create(caller);
    await first.next();

    await assert.rejects(all(service.create(caller)), isRefusal("backup_under_way"));
    await first.return(undefined);

    assert.deepEqual(node.happened, ["barrier", "open 41", "close 41"]);
    await all(service.create(caller));
    await all(service.create(caller));
  });

  it("reads no more than it is asked for", async () => {
    const node = new FakeNode();
    let read = 0;
    const source = sourceOf(fewRows, 1);
    node.source = {
      ...source,
      async *chunks() {
        for await (const chunk of source.chunks()) {
          read += 1;
          yield chunk;
        }
      },
    };
    const pieces = node.service().create(caller);

    // The magic, the header, one chunk.
    for (let taken = 0; taken < 3; taken += 1) await pieces.next();

    assert.equal(read, 1);
    await pieces.return(undefined);
  });

  it("stops the node when the state is damaged", async () => {
    const node = new FakeNode();
    node.source = {
      ...node.source,
      async *chunks() {
        yield Promise.reject(new CorruptionError("a state row", "it does not match"));
      },
    };

    await assert.rejects(all(node.service().create(caller)), CorruptionError);
    assert.deepEqual(node.happened.slice(-2), ["close 41", "corruption"]);
  });
});
