// The ways between nodes. Each is a stream in one direction: what is sent arrives in order, until
// the stream breaks and what was on it arrives up to some point, maybe long after a new one is
// open. A cut way swallows or holds what is sent, and breaks when nobody has answered for long.
import type { NodeId } from "../../src/base/ids.ts";
import type { Random } from "./node-random.ts";
import type { Micros, World } from "./node-world.ts";

export interface NetworkFaults {
  readonly usualMicros: Micros;
  readonly mostMicros: Micros;
  /** Ways that are slow for as long as the seed lasts, and how slow. */
  readonly slowWays: number;
  readonly slowMicros: Micros;
  /** Whether a cut way keeps what it was given until it heals. */
  readonly holds: number;
  /** Whether what is on a broken way arrives all the same, late. */
  readonly lateness: number;
}

export interface NetworkParts<Packet> {
  readonly world: World;
  readonly random: Random;
  readonly faults: NetworkFaults;
  readonly isUp: (node: NodeId) => boolean;
  readonly deliver: (from: NodeId, to: NodeId, packet: Packet) => void;
  /** The sender learns that its way broke. */
  readonly broken: (from: NodeId, to: NodeId) => void;
}

interface Sent<Packet> {
  readonly packet: Packet;
  isLost: boolean;
}

interface Way<Packet> {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly slowMicros: Micros;
  isOpen: boolean;
  isCut: boolean;
  /** Writes vanish and nobody is told. */
  isHalfOpen: boolean;
  holds: boolean;
  epoch: number;
  lastAt: Micros;
  onTheWay: Sent<Packet>[];
  held: Sent<Packet>[];
}

/** A way on which nothing moves is given up after this long (keepalive). */
const silenceMicros = 2_000_000;
const reconnectMicros = 100_000;

/** Several ways there and back fit into a third of the shortest deadline of a call. */
const calmMicros: Micros = 10_000;

export class SimNetwork<Packet> {
  readonly #parts: NetworkParts<Packet>;
  readonly #ways = new Map<NodeId, Map<NodeId, Way<Packet>>>();
  #slowestMicros: Micros = Infinity;

  constructor(parts: NetworkParts<Packet>) {
    this.#parts = parts;
  }

  isOpen(from: NodeId, to: NodeId): boolean {
    return this.#way(from, to).isOpen;
  }

  /** Whether anything gets from here to there just now. */
  isPassable(from: NodeId, to: NodeId): boolean {
    const way = this.#way(from, to);
    return !way.isCut && !way.isHalfOpen;
  }

  send(from: NodeId, to: NodeId, packet: Packet): void {
    const way = this.#way(from, to);
    if (!way.isOpen || way.isHalfOpen) return;
    const sent = { packet, isLost: false };
    if (way.isCut) {
      if (way.holds) way.held.push(sent);
      return;
    }
    this.#carry(way, sent);
  }

  /** How long something takes from here to there. */
  delay(from: NodeId, to: NodeId): Micros {
    const { random, faults } = this.#parts;
    const tail = Math.min(faults.mostMicros, this.#slowestMicros);
    const slow = Math.min(this.#way(from, to).slowMicros, this.#slowestMicros);
    return random.heavyTailed(faults.usualMicros, tail) + slow;
  }

  cut(from: NodeId, to: NodeId): void {
    const way = this.#way(from, to);
    if (way.isCut) return;
    const { random, faults } = this.#parts;
    way.isCut = true;
    way.holds = random.happens(faults.holds);
    this.#giveUpLater(way);
  }

  halfOpen(from: NodeId, to: NodeId): void {
    const way = this.#way(from, to);
    if (way.isHalfOpen || !way.isOpen) return;
    way.isHalfOpen = true;
    this.#giveUpLater(way);
  }

  /** All ways are whole from now on, and none takes so long that a call's time cannot do. */
  calm(): void {
    this.heal();
    this.#slowestMicros = calmMicros;
  }

  heal(): void {
    for (const ways of this.#ways.values()) for (const way of ways.values()) this.#mend(way);
  }

  /** The stream breaks, as when a proxy in between restarts. */
  reset(from: NodeId, to: NodeId): void {
    this.#break(this.#way(from, to));
  }

  /** A process ended: every stream from it and to it does too. */
  ended(node: NodeId): void {
    for (const ways of this.#ways.values()) {
      for (const way of ways.values()) {
        if (way.from === node) this.#close(way);
        if (way.to === node) this.#break(way);
      }
    }
  }

  /** A process begins: it opens its streams, and the others find it soon. */
  began(node: NodeId, others: Iterable<NodeId>): void {
    for (const other of others) {
      if (other === node) continue;
      this.#reopenLater(this.#way(node, other));
      const back = this.#way(other, node);
      if (!back.isOpen) this.#reopenLater(back);
    }
  }

  #carry(way: Way<Packet>, sent: Sent<Packet>): void {
    const { world } = this.#parts;
    way.onTheWay.push(sent);
    way.lastAt = Math.max(way.lastAt, world.now + this.delay(way.from, way.to));
    world.after(way.lastAt - world.now, {
      label: "arrives",
      who: way.to,
      detail: sent.packet,
      happen: () => {
        if (way.onTheWay[0] === sent) way.onTheWay.shift();
        if (!sent.isLost) this.#parts.deliver(way.from, way.to, sent.packet);
      },
    });
  }

  #break(way: Way<Packet>): void {
    if (!way.isOpen) return;
    this.#close(way);
    if (!this.#parts.isUp(way.from)) return;
    this.#parts.broken(way.from, way.to);
    this.#reopenLater(way);
  }

  /** What is on it arrives up to some point: all of it only if the seed has late arrivals. */
  #close(way: Way<Packet>): void {
    const { random, faults } = this.#parts;
    way.isOpen = false;
    way.isHalfOpen = false;
    way.epoch += 1;
    way.held = [];
    const sent = way.onTheWay;
    way.onTheWay = [];
    const arrives = random.happens(faults.lateness) ? sent.length : random.below(sent.length + 1);
    for (const [place, packet] of sent.entries()) if (place >= arrives) packet.isLost = true;
  }

  #giveUpLater(way: Way<Packet>): void {
    const { epoch } = way;
    this.#parts.world.after(silenceMicros, {
      label: "gives a stream up",
      who: way.from,
      detail: way.to,
      happen: () => {
        if (way.epoch === epoch && (way.isCut || way.isHalfOpen)) this.#break(way);
      },
    });
  }

  #reopenLater(way: Way<Packet>): void {
    const { world, random, isUp } = this.#parts;
    const { epoch } = way;
    world.after(reconnectMicros + random.below(2 * reconnectMicros), {
      label: "connects",
      who: way.from,
      detail: way.to,
      happen: () => {
        if (way.isOpen || way.epoch !== epoch || !isUp(way.from)) return;
        if (way.isCut || !isUp(way.to)) this.#reopenLater(way);
        else way.isOpen = true;
      },
    });
  }

  #mend(way: Way<Packet>): void {
    way.isCut = false;
    way.isHalfOpen = false;
    const { held } = way;
    way.held = [];
    for (const sent of held) this.#carry(way, sent);
  }

  #way(from: NodeId, to: NodeId): Way<Packet> {
    let ways = this.#ways.get(from);
    if (ways === undefined) {
      ways = new Map();
      this.#ways.set(from, ways);
    }
    let way = ways.get(to);
    if (way === undefined) {
      const { random, faults } = this.#parts;
      const slowMicros = random.happens(faults.slowWays) ? random.below(faults.slowMicros) : 0;
      way = { from, to, slowMicros, ...closedWay() };
      ways.set(to, way);
    }
    return way;
  }
}

function closedWay<Packet>(): Omit<Way<Packet>, "from" | "to" | "slowMicros"> {
  return {
    isOpen: false,
    isCut: false,
    isHalfOpen: false,
    holds: false,
    epoch: 0,
    lastAt: 0,
    onTheWay: [],
    held: [],
  };
}
