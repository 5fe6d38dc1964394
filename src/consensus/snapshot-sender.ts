// Brings followers the state as a whole, one at a time: on a connection of its own, in chunks that
// are acknowledged once they are durable over there. A broken stream is made again and goes on
// where it broke, as long as the same view of the state is held.
import { once } from "node:events";
import type { ClientDuplexStream } from "@grpc/grpc-js";
import type { LogIndex, NodeId, Term } from "../base/ids.ts";
import { logIndex } from "../base/ids.ts";
import { CorruptionError } from "../storage/corruption.ts";
import type { SnapshotSource } from "../storage/snapshot-source.ts";
import type { SnapshotFrame, SnapshotReply } from "./peer-service.ts";

export type SnapshotStream = ClientDuplexStream<SnapshotFrame, SnapshotReply>;

export interface SnapshotSenderParts {
  /** The live state, as of now. */
  readonly openSource: () => SnapshotSource;
  /** Opens a stream to the node and offers it the snapshot. */
  readonly offer: (to: NodeId, term: Term, source: SnapshotSource) => SnapshotStream;
  readonly pause: (ms: number) => Promise<void>;
  /** Calls back once the time is over. Returns how to stop it. */
  readonly later: (ms: number, callback: () => void) => () => void;
  readonly monotonicMs: () => number;
  /** For the log: a transfer failed. */
  readonly onFailed: (to: NodeId, reason: string) => void;
}

export type SnapshotOutcome =
  { readonly kind: "installed"; readonly index: LogIndex } | { readonly kind: "failed" };

/** Chunks that may be on their way without an answer. */
const windowChunks = 16;
/** Without progress for this long the stream is taken for dead. There is no limit on the whole. */
const stalledMs = 10_000;
const retryMs = 500;
/** Others wait for their turn: who has not answered for this long is not tried any more. */
const unansweredMs = 5_000;
/** A view of the state is not held longer than this: it keeps old rows from being reclaimed. */
const heldMs = 10 * 60_000;

export class SnapshotSender {
  readonly #parts: SnapshotSenderParts;
  /** One at a time: the disk and the network have others to serve. */
  #turn: Promise<unknown> = Promise.resolve();
  #isClosed = false;
  #stream: SnapshotStream | undefined;
  #held: LogIndex | undefined;

  constructor(parts: SnapshotSenderParts) {
    this.#parts = parts;
  }

  /** Where the snapshot ends that is being sent: the log after it is needed next. */
  get heldIndex(): LogIndex | undefined {
    return this.#held;
  }

  /** Resolves when the follower has installed a snapshot, or when this one is given up. */
  send(to: NodeId, term: Term, isWanted: () => boolean): Promise<SnapshotOutcome> {
    const mine = this.#turn.then(() => this.#sendNow(to, term, isWanted));
    this.#turn = mine;
    return mine;
  }

  close(): void {
    this.#isClosed = true;
    this.#stream?.cancel();
  }

  async #sendNow(to: NodeId, term: Term, isWanted: () => boolean): Promise<SnapshotOutcome> {
    const untilMs = this.#parts.monotonicMs() + heldMs;
    const isOn = (): boolean =>
      !this.#isClosed && isWanted() && this.#parts.monotonicMs() < untilMs;
    if (!isOn()) return { kind: "failed" };
    await using source = this.#parts.openSource();
    this.#held = source.meta.position.index;
    let answeredMs = this.#parts.monotonicMs();
    const onAnswer = (): void => {
      answeredMs = this.#parts.monotonicMs();
    };
    try {
      while (isOn()) {
        const outcome = await this.#tryOnce({ to, term, source, isOn, onAnswer });
        if (outcome !== "broken") return outcome;
        if (this.#parts.monotonicMs() - answeredMs > unansweredMs) break;
        await this.#parts.pause(retryMs);
      }
      return { kind: "failed" };
    } finally {
      this.#held = undefined;
    }
  }

  async #tryOnce({
    to,
    term,
    source,
    isOn,
    onAnswer,
  }: Transfer): Promise<SnapshotOutcome | "broken"> {
    try {
      const stream = this.#parts.offer(to, term, source);
      this.#stream = stream;
      const answers = new Answers(stream, this.#parts.later, onAnswer);
      return { kind: "installed", index: await transfer(answers, stream, { source, isOn }) };
    } catch (error) {
      // This node's own data is damaged: nobody else must hear of it, and it must stop.
      if (error instanceof CorruptionError) throw error;
      this.#parts.onFailed(to, error instanceof Error ? error.message : "the transfer failed");
      return error instanceof SnapshotRefusedError ? { kind: "failed" } : "broken";
    }
  }
}

interface Transfer {
  readonly to: NodeId;
  readonly term: Term;
  readonly source: SnapshotSource;
  readonly isOn: () => boolean;
  /** The follower has said something. */
  readonly onAnswer: () => void;
}

/** The follower wants no snapshot from this node. */
class SnapshotRefusedError extends Error {
  override readonly name = "SnapshotRefusedError";
}

/** One stream from the offer to the end. Throws when it breaks, stalls or is refused. */
async function transfer(
  answers: Answers,
  stream: SnapshotStream,
  { source, isOn }: Pick<Transfer, "source" | "isOn">,
): Promise<LogIndex> {
  try {
    const welcome = await answers.next();
    if (typeof welcome.installedIndex === "number") return logIndex(welcome.installedIndex);
    const first = welcome.nextChunk ?? 0;
    let acknowledged = first;
    let number = -1;
    for await (const rows of source.chunks()) {
      number += 1;
      // What arrived before the stream broke is durable there: the same view gives the same chunks.
      if (number < first) continue;
      if (!isOn()) throw new Error("nobody waits for it any more");
      while (number - acknowledged >= windowChunks) acknowledged = await answers.nextChunk();
      if (!stream.write({ chunk: { number, rows } })) await drained(stream);
    }
    stream.write({ end: {} });
    return await answers.installed();
  } finally {
    stream.cancel();
  }
}

async function drained(stream: SnapshotStream): Promise<void> {
  await once(stream, "drain", { signal: AbortSignal.timeout(stalledMs) });
}

/** What the follower says, as it is asked for. */
class Answers {
  readonly #replies: SnapshotReply[] = [];
  #failure: Error | undefined;
  #wake: () => void = () => undefined;

  readonly #later: SnapshotSenderParts["later"];

  constructor(stream: SnapshotStream, later: SnapshotSenderParts["later"], onAnswer: () => void) {
    this.#later = later;
    stream.on("data", (reply: SnapshotReply) => {
      onAnswer();
      this.#replies.push(reply);
      this.#wake();
    });
    const fail = (error: Error): void => {
      this.#failure ??= error;
      this.#wake();
    };
    stream.on("error", fail);
    stream.on("end", () => {
      fail(new Error("the follower ended the transfer"));
    });
  }

  async nextChunk(): Promise<number> {
    for (;;) {
      const reply = await this.next();
      if (typeof reply.nextChunk === "number") return reply.nextChunk;
    }
  }

  async installed(): Promise<LogIndex> {
    for (;;) {
      const reply = await this.next();
      if (typeof reply.installedIndex === "number") return logIndex(reply.installedIndex);
    }
  }

  async next(): Promise<SnapshotReply> {
    for (;;) {
      const reply = this.#replies.shift();
      if (typeof reply?.refused === "string") throw new SnapshotRefusedError(reply.refused);
      if (reply !== undefined) return reply;
      if (this.#failure !== undefined) throw this.#failure;
      await this.#nextEvent();
    }
  }

  async #nextEvent(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const cancel = this.#later(stalledMs, () => {
        reject(new Error("the follower made no progress"));
      });
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }
}
