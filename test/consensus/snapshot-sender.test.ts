// The turns of a sender that has several followers to bring up, in a time of its own.
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { nodeId, term, type NodeId } from "../../src/base/ids.ts";
import { SnapshotSender, type SnapshotStream } from "../../src/consensus/snapshot-sender.ts";
import type { SnapshotReply } from "../../src/consensus/peer-service.ts";
import type { SnapshotSource } from "../../src/storage/snapshot-source.ts";

const gone = nodeId("gone");
const waiting = nodeId("waiting");

describe("SnapshotSender", () => {
  it("gives up a follower that never answers, for others wait for their turn", async () => {
    let nowMs = 0;
    const sender = new SnapshotSender({
      openSource: () => emptySource,
      offer: (to: NodeId) => {
        if (to === gone) throw new Error("nobody is there");
        return answeringStream();
      },
      pause: (ms) => {
        nowMs += ms;
        return Promise.resolve();
      },
      later: () => () => undefined,
      monotonicMs: () => nowMs,
      onFailed: () => undefined,
    });

    const first = sender.send(gone, term(1), () => true);
    const second = sender.send(waiting, term(1), () => true);

    assert.deepEqual(await first, { kind: "failed" });
    assert.deepEqual(await second, { kind: "installed", index: 5 });
    assert.ok(nowMs < 10_000, `the other waited for ${String(nowMs)} ms`);
  });
});

const emptySource = {
  meta: { position: { index: 5, term: 1 } },
  // eslint-disable-next-line @typescript-eslint/no-empty-function -- a state without rows
  chunks: async function* () {},
  [Symbol.asyncDispose]: () => Promise.resolve(),
} as unknown as SnapshotSource;

/** Holds everything already. */
function answeringStream(): SnapshotStream {
  const stream = {
    on: (event: string, listener: (reply: SnapshotReply) => void) => {
      if (event === "data") {
        queueMicrotask(() => {
          listener({ installedIndex: 5 });
        });
      }
      return stream;
    },
    write: () => true,
    cancel: () => undefined,
  };
  return stream as unknown as SnapshotStream;
}
