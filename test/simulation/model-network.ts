// A network as bad as its faults: it loses, repeats and reorders, and is cut one way or both.
import type { NodeId } from "../../src/base/ids.ts";
import type { Message } from "../../src/raft/input.ts";
import type { Chance } from "./chance.ts";

export interface Packet {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly message: Message;
}

export interface NetworkFaults {
  readonly loss: number;
  readonly duplication: number;
  readonly reordering: number;
}

const mostPackets = 400;

export class ModelNetwork {
  #packets: Packet[] = [];
  readonly #cut = new Set<string>();
  readonly #chance: Chance;
  readonly #faults: NetworkFaults;

  constructor(chance: Chance, faults: NetworkFaults) {
    this.#chance = chance;
    this.#faults = faults;
  }

  get isQuiet(): boolean {
    return this.#packets.length === 0;
  }

  send(packet: Packet): void {
    this.#packets.push(packet);
    if (this.#packets.length > mostPackets) this.#packets.shift();
  }

  /** A packet that arrives now, if one does. */
  take(): Packet | undefined {
    if (this.isQuiet) return undefined;
    const some = this.#chance.pick(this.#packets);
    const packet = this.#chance.happens(this.#faults.reordering) ? some : this.#oldestLike(some);
    if (!this.#chance.happens(this.#faults.duplication)) this.#drop(packet);
    return this.#isLost(packet) ? undefined : packet;
  }

  /** The oldest packet of all, without faults. */
  takeOldest(): Packet | undefined {
    return this.#packets.shift();
  }

  cut(from: NodeId, to: NodeId): void {
    this.#cut.add(`${from}>${to}`);
  }

  heal(): void {
    this.#cut.clear();
  }

  /** A stream breaks: what was on its way from one node to the other is gone. */
  reset(from: NodeId, to: NodeId): void {
    this.#packets = this.#packets.filter((packet) => packet.from !== from || packet.to !== to);
  }

  #oldestLike({ from, to }: Packet): Packet {
    const oldest = this.#packets.find((packet) => packet.from === from && packet.to === to);
    return oldest ?? this.#chance.pick(this.#packets);
  }

  #drop(packet: Packet): void {
    this.#packets.splice(this.#packets.indexOf(packet), 1);
  }

  #isLost({ from, to }: Packet): boolean {
    return this.#cut.has(`${from}>${to}`) || this.#chance.happens(this.#faults.loss);
  }
}
