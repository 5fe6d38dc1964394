// A follower's side of a snapshot: takes the offer of its leader, stages the rows, and installs
// them once they add up. One at a time; a newer offer takes the place of an older one.
import type { Term } from "../base/ids.ts";
import { MalformedBytesError } from "../storage/internal-codec.ts";
import type { SnapshotMeta } from "../storage/snapshot-meta.ts";
import type { SnapshotStage } from "../storage/snapshot-stage.ts";
import type { SnapshotFrame, SnapshotReply } from "./peer-service.ts";
import { decodeOffer } from "./snapshot-codec.ts";

export interface SnapshotReceiverParts {
  /** Why this node takes no snapshot from a leader of this term, if so. */
  readonly objectionTo: (term: Term) => string | undefined;
  /** Whether everything that it would bring is here already, durably. */
  readonly isHeld: (meta: SnapshotMeta) => boolean;
  /** From now on this stream is the one that counts. */
  readonly begin: () => void;
  /** Whether no newer stream has taken the place of this one. */
  readonly isCurrent: () => boolean;
  readonly stage: (meta: SnapshotMeta) => Promise<SnapshotStage>;
  /** Makes the staged snapshot the state; durable when it resolves. */
  readonly install: (stage: SnapshotStage) => Promise<void>;
}

/** Takes the frames of one stream, in order, and says what to answer to each. */
export class SnapshotReceiver {
  readonly #parts: SnapshotReceiverParts;
  #stage: SnapshotStage | undefined;

  constructor(parts: SnapshotReceiverParts) {
    this.#parts = parts;
  }

  /**
   * Answers once what the frame brought is durable. Throws `MalformedBytesError` for a frame that
   * is out of place: the stream is then of no use any more.
   */
  async take(frame: SnapshotFrame): Promise<SnapshotReply> {
    if (frame.offer) return this.#begin(decodeOffer(frame.offer));
    const stage = this.#stage;
    if (stage === undefined) throw outOfPlace("a snapshot begins with its offer");
    if (!this.#parts.isCurrent()) return { refused: "another snapshot has come" };
    if (frame.chunk) {
      const { number, rows } = frame.chunk;
      if ((number ?? 0) !== stage.nextChunk) throw outOfPlace("a chunk is missing");
      await stage.add(rows ?? new Uint8Array());
      return { nextChunk: stage.nextChunk };
    }
    if (!frame.end) throw outOfPlace("a frame holds nothing");
    return this.#finish(stage);
  }

  async #begin(offer: {
    readonly term: Term;
    readonly meta: SnapshotMeta;
  }): Promise<SnapshotReply> {
    const refused = this.#parts.objectionTo(offer.term);
    if (refused !== undefined) return { refused };
    if (this.#parts.isHeld(offer.meta)) return { installedIndex: offer.meta.position.index };
    this.#parts.begin();
    this.#stage = await this.#parts.stage(offer.meta);
    return { nextChunk: this.#stage.nextChunk };
  }

  async #finish(stage: SnapshotStage): Promise<SnapshotReply> {
    this.#stage = undefined;
    if (!stage.isComplete()) {
      await stage.discard();
      return { refused: "the rows do not add up to what was offered" };
    }
    await this.#parts.install(stage);
    return { installedIndex: stage.meta.position.index };
  }
}

function outOfPlace(what: string): MalformedBytesError {
  return new MalformedBytesError(`Cannot take a snapshot: ${what}`);
}
