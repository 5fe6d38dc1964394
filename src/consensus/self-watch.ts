// What a node watches of itself while it runs: the room on its disk, its state against that of the
// others, and everything that is at rest. None of it is consensus: it decides nothing, and stops a
// node that cannot be trusted.
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Clock } from "../base/clock.ts";
import type { LogIndex, NodeId } from "../base/ids.ts";
import type { CommandKind } from "../machine/command.ts";
import type { Configuration } from "../raft/configuration.ts";
import { members } from "../raft/configuration.ts";
import { CorruptionError } from "../storage/corruption.ts";
import type { DiskSpace, Space } from "../storage/disk-space.ts";
import { distrust } from "../storage/distrust-file.ts";
import type { Fields } from "../storage/internal-codec.ts";
import type { NodeStore } from "../storage/node-store.ts";
import { Pace, type PaceParts } from "../storage/pace.ts";
import type { OpenOptions } from "../storage/recovery.ts";
import { scrubFiles } from "../storage/scrub.ts";
import { Checkpoints, describeDivergence } from "./checkpoints.ts";
import { RegionSpace } from "./region-space.ts";
import { encodeReport, type PeerReport } from "./report-codec.ts";

export interface WatchSettings {
  /** Between two reports to the others, and two looks at the disk. */
  readonly everyMs: number;
  /** How long voters that differ wait for the word of the others before they stop. */
  readonly graceMs: number;
  readonly scrub: ScrubSettings;
}

export interface ScrubSettings {
  readonly bytesPerSecond: number;
  /** From the start of the node to the first pass, and from the end of one pass to the next. */
  readonly firstMs: number;
  readonly everyMs: number;
}

export const usualWatch: WatchSettings = {
  everyMs: 1_000,
  graceMs: 10_000,
  scrub: { bytesPerSecond: 8 * 1024 * 1024, firstMs: 60_000, everyMs: 3_600_000 },
};

export interface SelfWatchParts {
  readonly self: NodeId;
  readonly store: NodeStore;
  readonly directory: string;
  /** Absent where nobody watches the disk. */
  readonly disk: DiskSpace | undefined;
  readonly settings: WatchSettings;
  readonly send: (to: NodeId, frame: Fields<"PeerFrame">, sizeBytes: number) => void;
  readonly monotonicMs: () => number;
  /** This node is low and leads, and a quorum has room: somebody else had better lead. */
  readonly onBetterLeader: (isFit: (node: NodeId) => boolean) => void;
  readonly onSpace: (space: Space) => void;
  /** Told of `CorruptionError` and `DiskError`. */
  readonly onFatal: (error: unknown) => void;
}

/**
 * State rows that are read before a node serves: a few seconds' worth. Of a larger store they are
 * read right after the start.
 */
export const walkedAtStart = 50_000;

/** Faster than a scrub: until it has ended, a row that vanished without a trace is not missed. */
const walkPace = { bytesPerSecond: 64 * 1024 * 1024, share: 0.25 };

/** What a report weighs, about. */
const reportBytes = 256;

/** As the whole node is told. */
export interface WatchedNode {
  readonly storage: OpenOptions;
  readonly clock: Clock;
  readonly watch?: WatchSettings | undefined;
  readonly onSpace?: ((space: Space) => void) | undefined;
}

type InsideOfNode = Pick<SelfWatchParts, "store" | "disk" | "send" | "onBetterLeader" | "onFatal">;

export class SelfWatch {
  readonly #parts: SelfWatchParts;
  readonly #checkpoints: Checkpoints;
  readonly #space: RegionSpace;
  readonly #ending = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #scrubbing: Promise<void> = Promise.resolve();

  private constructor(parts: SelfWatchParts) {
    this.#parts = parts;
    this.#checkpoints = new Checkpoints(parts.self, parts.settings.graceMs);
    this.#space = new RegionSpace(parts.self);
    this.#space.note(parts.disk?.space ?? "enough");
    this.onApplied(parts.store.state.applied.position.index);
  }

  static of({ storage, clock, watch, onSpace }: WatchedNode, inside: InsideOfNode): SelfWatch {
    return new SelfWatch({
      ...inside,
      self: storage.identity.nodeId,
      directory: storage.directory,
      settings: watch ?? usualWatch,
      monotonicMs: () => clock.monotonicMs(),
      onSpace: (space) => onSpace?.(space),
    });
  }

  /** The room on this node's own disk. */
  get space(): Space {
    return this.#space.own;
  }

  start(): void {
    const round = (): void => {
      this.#look().catch((error: unknown) => {
        if (!this.#ending.signal.aborted) this.#parts.onFatal(error);
      });
    };
    round();
    this.#timer = setInterval(round, this.#parts.settings.everyMs);
    this.#scrubbing = this.#scrubOnAndOn();
  }

  /** Resolves when nothing reads the data any more. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#ending.abort();
    await this.#scrubbing;
  }

  /** The entry at `index` is the last one that the state holds. */
  onApplied(index: LogIndex): void {
    const { digest } = this.#parts.store.state.applied;
    this.#checkpoints.note({ index, digest });
  }

  /** A member tells how it fares. */
  take(from: NodeId, { space, checkpoints }: PeerReport): void {
    this.#space.take(from, space);
    this.#checkpoints.take(from, checkpoints);
    this.#compare();
  }

  /** Whether the leader must refuse such a command for want of room. */
  refuses(kind: CommandKind): boolean {
    return this.#space.refuses(kind, this.#configuration());
  }

  #configuration(): Configuration {
    return this.#parts.store.state.applied.configuration;
  }

  async #look(): Promise<void> {
    this.#tell();
    this.#compare();
    const before = this.#space.own;
    const { disk, onSpace, onBetterLeader } = this.#parts;
    const now = (await disk?.look()) ?? "enough";
    if (this.#ending.signal.aborted) return;
    this.#space.note(now);
    if (now !== before) onSpace(now);
    if (now === "low" && this.#space.hasQuorumRoom(this.#configuration())) {
      onBetterLeader((node) => !this.#space.isLow(node));
    }
  }

  #tell(): void {
    const { self, send } = this.#parts;
    const frame = encodeReport({
      space: this.#space.own,
      checkpoints: this.#checkpoints.latest(),
    });
    for (const peer of members(this.#configuration())) {
      if (peer !== self) send(peer, frame, reportBytes);
    }
  }

  #compare(): void {
    const { voters } = this.#configuration();
    const found = this.#checkpoints.verdict(voters, this.#parts.monotonicMs());
    if (found === undefined) return;
    const sentence = describeDivergence(found);
    this.#stopForGood(new CorruptionError(`the state after entry ${found.index}`, sentence));
  }

  /** Nothing else would keep it from serving the same once more. */
  #stopForGood(error: CorruptionError): void {
    const { directory, onFatal } = this.#parts;
    try {
      distrust(directory, error.found);
    } finally {
      onFatal(error);
    }
  }

  /** What it finds need not be found again by the next start: the files may be well made. */
  async #scrubRows(pace: Pace): Promise<void> {
    const { store, directory } = this.#parts;
    try {
      await store.scrub(pace);
    } catch (error) {
      if (error instanceof CorruptionError) distrust(directory, `${error.found} (${error.where})`);
      throw error;
    }
  }

  async #scrubOnAndOn(): Promise<void> {
    const { store, directory, monotonicMs, settings, onFatal } = this.#parts;
    const { bytesPerSecond, firstMs, everyMs } = settings.scrub;
    const { signal } = this.#ending;
    const wait = (ms: number): Promise<void> => pause(ms, undefined, { signal });
    const paced = (pace: Pick<PaceParts, "bytesPerSecond" | "share">): Pace =>
      new Pace({ ...pace, monotonicMs, pause: wait });
    try {
      if (!store.isWalked) await this.#scrubRows(paced(walkPace));
      await wait(firstMs);
      while (!signal.aborted) {
        const pace = paced({ bytesPerSecond });
        // Files first: LevelDB may end the process over a damaged table, and says nothing.
        await scrubFiles(join(directory, "db"), pace);
        await this.#scrubRows(pace);
        await wait(everyMs);
      }
    } catch (error) {
      if (!signal.aborted) onFatal(error);
    }
  }
}
