import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { logIndex } from "../../src/base/ids.ts";
import { compactionTarget, type CompactionLimits } from "../../src/consensus/compaction.ts";
import type { RaftState } from "../../src/raft/state.ts";
import { LogStore } from "../../src/storage/log-store.ts";
import { rootChain } from "../../src/storage/entry-codec.ts";
import { beforeLog } from "../../src/raft/log-terms.ts";
import type { Database } from "../../src/storage/database.ts";
import { leading, n2, n3, node, settledLeader } from "../raft/one-node.ts";

const limits: CompactionLimits = {
  count: 100,
  sizeBytes: 1_000,
  countMax: 500,
  sizeBytesMax: 5_000,
  stepMin: 10,
  stepMax: 300,
};

/** A log of so many entries, each so heavy, after so many that are gone; nothing is ever read. */
function logOf(count: number, entryBytes = 1, dropped = 0): LogStore {
  return new LogStore({} as Database, {
    start: { ...beforeLog, index: logIndex(dropped), chain: rootChain },
    lastIndex: logIndex(dropped + count),
    lastChain: rootChain,
    entrySizes: Array.from({ length: count }, () => entryBytes),
  });
}

/** A leader whose followers have come so far; one without a number is silent. */
function leaderOf(two: number | undefined, three: number | undefined): RaftState {
  const state = settledLeader();
  const role = leading(state);
  const progress = new Map(role.progress);
  for (const [peer, index] of [
    [n2, two],
    [n3, three],
  ] as const) {
    const known = progress.get(peer);
    assert.ok(known);
    const matchIndex = logIndex(index ?? 0);
    progress.set(peer, { ...known, matchIndex, isActive: index !== undefined });
  }
  return { ...state, role: { ...role, progress } };
}

interface Row {
  readonly log: LogStore;
  readonly applied: number;
  readonly state: RaftState;
  readonly held?: number;
  readonly target: number | undefined;
}

const follower = node();

const rows: Readonly<Record<string, Row>> = {
  "keeps a log that is short": {
    log: logOf(100, 1, 1),
    applied: 101,
    state: follower,
    target: undefined,
  },
  "drops too few for a write not at all": {
    log: logOf(109, 1, 1),
    applied: 110,
    state: follower,
    target: undefined,
  },
  "drops the first entry as soon as it is applied, whoever lacks it": {
    log: logOf(2),
    applied: 1,
    state: leaderOf(0, 0),
    target: 1,
  },
  "drops nothing while nothing is applied": {
    log: logOf(2),
    applied: 0,
    state: leaderOf(2, 2),
    target: undefined,
  },
  "drops what is above the count": { log: logOf(110), applied: 110, state: follower, target: 10 },
  "drops what is above the size": { log: logOf(60, 20), applied: 60, state: follower, target: 10 },
  "drops a step's worth at most": { log: logOf(900), applied: 900, state: follower, target: 300 },
  "drops nothing that is not applied durably": {
    log: logOf(200),
    applied: 20,
    state: follower,
    target: 20,
  },
  "keeps what a slow follower lacks": {
    log: logOf(300),
    applied: 300,
    state: leaderOf(300, 50),
    target: 50,
  },
  "keeps nothing for one that is silent": {
    log: logOf(300),
    applied: 300,
    state: leaderOf(300, undefined),
    target: 200,
  },
  "keeps the trailing window although all have come further": {
    log: logOf(300),
    applied: 300,
    state: leaderOf(300, 300),
    target: 200,
  },
  "keeps only so many for a slow follower": {
    log: logOf(600),
    applied: 600,
    state: leaderOf(600, 50),
    target: 100,
  },
  "keeps only so many bytes for a slow follower": {
    log: logOf(300, 20),
    applied: 300,
    state: leaderOf(300, 20),
    target: 50,
  },
  "keeps what follows on a snapshot under way": {
    log: logOf(300),
    applied: 300,
    state: leaderOf(300, undefined),
    held: 120,
    target: 120,
  },
  "keeps only so many for a snapshot under way": {
    log: logOf(600),
    applied: 600,
    state: leaderOf(600, undefined),
    held: 20,
    target: 100,
  },
};

describe("compactionTarget", () => {
  for (const [rule, { log, applied, state, held, target }] of Object.entries(rows)) {
    it(rule, () => {
      const view = {
        log,
        appliedDurably: logIndex(applied),
        state,
        snapshotHeld: held === undefined ? undefined : logIndex(held),
      };

      assert.equal(compactionTarget(view, limits), target);
    });
  }
});
