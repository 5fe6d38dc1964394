// The way of a snapshot: a stream of its own beside the others, as grpc-js gives it to the sender,
// with the production receiver at its end. It breaks with a process, with a cut way, or just so.
import type { NodeId } from "../../src/base/ids.ts";
import type { SnapshotFrame, SnapshotReply } from "../../src/consensus/peer-service.ts";
import { encodeOffer } from "../../src/consensus/snapshot-codec.ts";
import type { SnapshotStream } from "../../src/consensus/snapshot-sender.ts";
import type { SimNode } from "./node-machine.ts";
import { simulatedCluster, type Offer } from "./node-parts.ts";
import type { Random } from "./node-random.ts";
import type { Micros, World } from "./node-world.ts";

export interface SnapshotWays {
  readonly world: World;
  readonly random: Random;
  readonly nodeOf: (id: NodeId) => SimNode | undefined;
  readonly isPassable: (from: NodeId, to: NodeId) => boolean;
  readonly delay: (from: NodeId, to: NodeId) => Micros;
  /** How often a stream breaks, per frame. */
  readonly breaks: () => number;
}

type Listener = (said: never) => void;

/** What the sender holds of one stream. */
class SimSnapshotStream {
  readonly #ways: SnapshotWays;
  readonly #from: SimNode;
  readonly #to: SimNode;
  readonly #lives: readonly [number, number];
  readonly #listeners = new Map<string, Listener>();
  #isOver = false;
  #lastThere: Micros = 0;
  #lastBack: Micros = 0;
  readonly #arrived: SnapshotFrame[] = [];
  #isTaking = false;
  readonly #receiver;

  constructor(ways: SnapshotWays, from: SimNode, to: SimNode) {
    this.#ways = ways;
    this.#from = from;
    this.#to = to;
    this.#lives = [from.process.life, to.process.life];
    this.#receiver = to.receiver();
  }

  on(event: string, listener: Listener): this {
    this.#listeners.set(event, listener);
    return this;
  }

  write(frame: SnapshotFrame): boolean {
    const { world, random } = this.#ways;
    if (this.#isOver) return true;
    if (random.happens(this.#ways.breaks())) {
      this.#breakOff();
      return true;
    }
    this.#lastThere = Math.max(this.#lastThere, world.now + this.#delay(this.#from, this.#to));
    world.after(this.#lastThere - world.now, {
      label: "a frame arrives",
      who: this.#to.id,
      detail: this.#from.id,
      happen: () => {
        if (this.#isOver || !this.#isWhole()) return;
        this.#to.process.take(() => {
          this.#arrived.push(frame);
          this.#takeNext();
        });
      },
    });
    return true;
  }

  cancel(): void {
    this.#isOver = true;
  }

  #isWhole(): boolean {
    const isAlive = ({ process }: SimNode, life: number): boolean =>
      process.isUp && process.life === life;
    const isWhole =
      isAlive(this.#from, this.#lives[0]) &&
      isAlive(this.#to, this.#lives[1]) &&
      this.#ways.isPassable(this.#from.id, this.#to.id);
    if (!isWhole) this.#breakOff();
    return isWhole;
  }

  #takeNext(): void {
    const frame = this.#isTaking || this.#isOver ? undefined : this.#arrived.shift();
    if (frame === undefined) return;
    this.#isTaking = true;
    this.#receiver.take(frame).then(
      (reply) => {
        this.#isTaking = false;
        this.#answer(reply);
        this.#takeNext();
      },
      () => {
        this.#breakOff();
      },
    );
  }

  #answer(reply: SnapshotReply): void {
    const { world } = this.#ways;
    this.#lastBack = Math.max(this.#lastBack, world.now + this.#delay(this.#to, this.#from));
    world.after(this.#lastBack - world.now, {
      label: "a frame is answered",
      who: this.#from.id,
      detail: this.#to.id,
      happen: () => {
        if (this.#isOver || !this.#isWhole()) return;
        this.#from.process.take(() => {
          if (!this.#isOver) this.#listeners.get("data")?.(reply as never);
        });
      },
    });
  }

  #breakOff(): void {
    if (this.#isOver) return;
    const { world, random } = this.#ways;
    this.#isOver = true;
    world.after(random.below(100_000), {
      label: "a snapshot breaks off",
      who: this.#from.id,
      detail: this.#to.id,
      happen: () => {
        if (this.#from.process.life !== this.#lives[0]) return;
        this.#from.process.take(() => {
          this.#listeners.get("error")?.(new Error("the stream broke") as never);
        });
      },
    });
  }

  #delay(from: SimNode, to: SimNode): Micros {
    return this.#ways.delay(from.id, to.id);
  }
}

/** Opens a stream and offers the snapshot, as peer-link.ts does. Throws when nobody is there. */
export function openSnapshotStream(
  ways: SnapshotWays,
  from: SimNode,
  { to, offer }: { readonly to: NodeId; readonly offer: Offer },
): SnapshotStream {
  const receiver = ways.nodeOf(to);
  if (receiver?.running === undefined || !ways.isPassable(from.id, to)) {
    throw new Error("the follower cannot be reached");
  }
  const stream = new SimSnapshotStream(ways, from, receiver);
  const hello = { clusterId: simulatedCluster, from: from.id, to };
  stream.write({ offer: encodeOffer(hello, offer.term, offer.meta) });
  return stream as unknown as SnapshotStream;
}
