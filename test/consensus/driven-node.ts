// A driver over a real store, with a disk that lands when it is told to and a transport that only
// writes down: what left, and what was on the disk by then.
import { logIndex, nodeId, term, type LogIndex, type NodeId } from "../../src/base/ids.ts";
import { compactionLimits } from "../../src/consensus/compaction.ts";
import { RaftDriver } from "../../src/consensus/driver.ts";
import type { CommandOutcome } from "../../src/machine/command.ts";
import type { Entry, Message } from "../../src/raft/input.ts";
import { startAsFollower } from "../../src/raft/state.ts";
import { NodeStore } from "../../src/storage/node-store.ts";
import type { StoredEntry } from "../../src/storage/entry-codec.ts";
import { optionsFor } from "../storage/example-data.ts";

export const n1 = nodeId("n1");
export const n2 = nodeId("n2");
export const n3 = nodeId("n3");

/** In the first term, by a node that knows of nothing committed. */
export const preVoteGrant: Message = {
  kind: "pre_vote_response",
  term: term(1),
  vote: "granted",
  committed: { index: logIndex(0), term: term(0) },
};

export interface Landed {
  readonly term: number;
  readonly votedFor: NodeId | undefined;
  readonly lastIndex: number;
}

export interface Sent {
  readonly to: NodeId;
  readonly message: Message;
  readonly landed: Landed;
}

export class DrivenNode implements AsyncDisposable {
  readonly store: NodeStore;
  readonly driver: RaftDriver;
  readonly sent: Sent[] = [];
  readonly applied: { readonly entry: Entry; readonly outcome: CommandOutcome | undefined }[] = [];
  readonly fatal: unknown[] = [];
  readonly reads: { readonly readId: number; readonly index: LogIndex | "failed" }[] = [];
  landed: Landed;
  readonly #waiting: { readonly land: () => void; readonly fail: (error: Error) => void }[] = [];
  #later: (() => void)[] = [];

  private constructor(store: NodeStore) {
    this.store = store;
    const { term: inTerm, votedFor } = store.recoveredHardState;
    this.landed = { term: inTerm, votedFor, lastIndex: store.log.lastIndex };
    this.#gateWrites();
    const { position, configuration } = store.state.applied;
    this.driver = new RaftDriver({
      store,
      initialState: startAsFollower({
        self: n1,
        configuration,
        settings: {
          electionTicks: 10,
          heartbeatTicks: 1,
          flow: { maxInFlightMessages: 64, maxInFlightBytes: 8 * 1024 * 1024 },
        },
        hardState: store.recoveredHardState,
        log: store.recoveredLog,
        commitIndex: position.index,
        unappliedMemberships: [],
        seed: 1,
      }),
      send: (to, message) => {
        this.sent.push({ to, message, landed: this.landed });
      },
      atEndOfTurn: setImmediate,
      monotonicMs: () => 0,
      later: (_, callback) => {
        this.#later.push(callback);
        return () => {
          this.#later = this.#later.filter((other) => other !== callback);
        };
      },
      onApplied: (entry, outcome) => this.applied.push({ entry, outcome }),
      onAppliedUpTo: () => undefined,
      onReplaced: () => undefined,
      sendSnapshot: () => undefined,
      snapshotHeld: () => undefined,
      compaction: compactionLimits,
      onRead: (answer) => {
        const { readId } = answer;
        this.reads.push({ readId, index: answer.kind === "read_ready" ? answer.index : "failed" });
      },
      onLeadership: () => undefined,
      onFatal: (error) => this.fatal.push(error),
    });
  }

  static async start(directory: string): Promise<DrivenNode> {
    return new DrivenNode(await NodeStore.open(optionsFor(directory), () => undefined));
  }

  /** Batches that were handed to the disk and have not landed. */
  get writing(): number {
    return this.#waiting.length;
  }

  receive(from: NodeId, message: Message): void {
    this.driver.give({ kind: "message", from, message });
  }

  tick(times = 1): void {
    for (let count = 0; count < times; count += 1) {
      this.driver.give({ kind: "tick", elapsedTicks: 1 });
    }
  }

  /** Lets everything that needs no disk and no time happen. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  /** The batch under way lands, and the next one if it comes of it, until none does. */
  async landAll(): Promise<void> {
    await this.settle();
    while (this.#waiting.length > 0) {
      await this.landOne();
      await this.settle();
    }
  }

  async landOne(): Promise<void> {
    const landing = this.#landing;
    this.#waiting.shift()?.land();
    await landing;
    await this.settle();
  }

  async failWrite(error: Error): Promise<void> {
    this.#waiting.shift()?.fail(error);
    await this.settle();
  }

  async passTime(): Promise<void> {
    for (const callback of this.#later.splice(0)) callback();
    await this.settle();
  }

  /** Sent since the last call. */
  takeSent(): readonly Sent[] {
    return this.sent.splice(0);
  }

  async lead(): Promise<void> {
    this.tick(20);
    await this.landAll();
    this.receive(n2, preVoteGrant);
    await this.landAll();
    this.receive(n2, { kind: "vote_response", term: term(1), vote: "granted" });
    await this.settle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const stopped = this.driver.stop();
    for (const { land } of this.#waiting.splice(0)) land();
    await stopped;
    await this.store[Symbol.asyncDispose]();
  }

  #landing: Promise<void> = Promise.resolve();

  #gateWrites(): void {
    const write = this.store.flush.bind(this.store);
    this.store.flush = (votes) => {
      const lastIndex = this.store.log.lastIndex;
      this.#landing = new Promise<void>((land, fail) => {
        this.#waiting.push({ land, fail });
      })
        .then(() => write(votes))
        .then(() => {
          this.landed = { ...votes.hardState, lastIndex };
        });
      return this.#landing;
    };
  }
}

/** An append as a leader sends it, whose log is these entries and nothing else. */
export function appendOf(
  entries: readonly StoredEntry[],
  options: {
    readonly inTerm: number;
    readonly prev?: StoredEntry | undefined;
    readonly commit?: number;
  },
): Message {
  const { inTerm, prev, commit = 0 } = options;
  return {
    kind: "append_request",
    term: term(inTerm),
    prev: { index: prev?.index ?? logIndex(0), term: prev?.term ?? term(0) },
    entries,
    commitIndex: logIndex(commit),
    readRound: 0,
  };
}
