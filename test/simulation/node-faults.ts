// What goes wrong, and when: each fault of the seed comes again and again until calm is called.
import type { NodeId } from "../../src/base/ids.ts";
import type { SimNode } from "./node-machine.ts";
import { Operators } from "./node-operators.ts";
import { Random } from "./node-random.ts";
import type { Region } from "./node-region.ts";
import type { FaultClass, Swarm } from "./node-swarm.ts";
import type { Micros } from "./node-world.ts";

const second = 1_000_000;

export class Faults {
  readonly #region: Region;
  readonly #swarm: Swarm;
  readonly #random: Random;
  readonly #operators: Operators;
  #isCalm = false;
  /** Until then no other cut that ends heals the network. */
  #aloneUntil: Micros = 0;
  counted = 0;

  constructor(region: Region, seed: number, swarm: Swarm) {
    this.#region = region;
    this.#swarm = swarm;
    this.#random = Random.of(seed, "faults");
    this.#operators = new Operators(region, seed);
  }

  begin(): void {
    const kinds: Partial<Record<FaultClass, () => string | undefined>> = {
      crash: this.#crash.bind(this),
      pause: this.#pause.bind(this),
      stall: this.#stall.bind(this),
      clock_rate: this.#clockRate.bind(this),
      clock_jump: this.#clockJump.bind(this),
      cut: () => this.#cut(),
      reset: this.#reset.bind(this),
      half_open: this.#halfOpen.bind(this),
      disk_full: this.#diskFull.bind(this),
      bit_flip: this.#bitFlip.bind(this),
      missing_batch: this.#missingBatch.bind(this),
      lost_directory: this.#lostDirectory.bind(this),
      transfer: this.#transfer.bind(this),
      membership: () => this.#operators.change(),
    };
    for (const [fault, strike] of Object.entries(kinds)) {
      const every = this.#swarm.every.get(fault as FaultClass);
      if (every !== undefined) this.#strikeLater(fault, every, strike);
    }
  }

  calm(): void {
    this.#isCalm = true;
  }

  #strikeLater(fault: string, every: Micros, strike: () => string | undefined): void {
    const event = {
      label: fault,
      who: "*",
      detail: "",
      happen: () => {
        if (this.#isCalm) return;
        this.counted += 1;
        event.detail = strike() ?? "nobody";
        this.#strikeLater(fault, every, strike);
      },
    };
    this.#region.world.after(this.#random.wait(every), event);
  }

  #crash(): string | undefined {
    const node = this.#victim();
    if (node === undefined) return undefined;
    this.#region.crash(node);
    // Some die again before they have done much.
    if (this.#random.happens(0.3)) {
      this.#later(this.#random.wait(2 * second), "crashes again", () => {
        if (!this.#isCalm) this.#region.crash(node);
      });
    }
    return node.id;
  }

  #pause(): string | undefined {
    const node = this.#victim();
    if (node === undefined || node.process.isPaused) return undefined;
    node.process.pause();
    const { life } = node.process;
    this.#later(this.#random.wait(3 * second), "wakes from a pause", () => {
      if (node.process.life === life) node.process.wake();
    });
    return node.id;
  }

  #stall(): string | undefined {
    const node = this.#victim();
    node?.process.stall(this.#random.heavyTailed(20_000, 3 * second));
    return node?.id;
  }

  #clockRate(): string | undefined {
    const node = this.#victim() ?? this.#anyone();
    // Nothing that must never happen may rest on clocks: a leader with a very slow one goes on long
    // after another leads.
    const isWild = this.#random.happens(0.5);
    const rate = isWild
      ? 0.15 * 20 ** this.#random.fraction()
      : 0.9 + this.#random.fraction() * 0.2;
    node.clock.runAt(rate);
    return `${node.id} at ${rate.toFixed(2)}`;
  }

  #clockJump(): string | undefined {
    const node = this.#anyone();
    const most = 400 * 24 * 3_600_000;
    node.clock.jump((this.#random.happens(0.5) ? 1 : -1) * this.#random.wait(most / 100));
    return node.id;
  }

  #cut(): string {
    const leader = this.#newestLeader();
    const isLeft = leader !== undefined && this.#random.happens(0.3);
    return isLeft ? this.#leaveAlone(leader) : this.#cutSomewhere();
  }

  /**
   * A leader that nobody hears and that hears nobody, and does not notice for how long: it goes on
   * beside the next one, with whoever asks it.
   */
  #leaveAlone(leader: SimNode): string {
    const { network, nodes } = this.#region;
    const { tickMs, electionTicks } = this.#swarm.settings;
    for (const other of nodes.keys()) {
      if (other === leader.id) continue;
      network.cut(leader.id, other);
      network.cut(other, leader.id);
    }
    leader.clock.runAt(0.2);
    const elections = 3 * tickMs * electionTicks * 1000;
    const delay = elections + this.#random.wait(2 * second);
    this.#aloneUntil = this.#region.world.now + delay;
    this.#healLater(delay, leader);
    return `leaves ${leader.id} alone`;
  }

  /** Some are cut off, one way or both; or all but one bridge between two halves. */
  #cutSomewhere(): string {
    const { network, nodes } = this.#region;
    const ids = [...nodes.keys()];
    const shape = this.#random.pick(["isolate", "isolate", "halves", "bridge"]);
    const direction = this.#random.pick(["both", "both", "in", "out"]);
    const victim = this.#victim()?.id ?? this.#random.pick(ids);
    const isHere = (id: NodeId): boolean => here.has(id);
    const here = new Set(
      ids.filter((id) => (shape === "isolate" ? id === victim : this.#random.happens(0.5))),
    );
    const isBridged = (id: NodeId): boolean => shape === "bridge" && id === victim;
    for (const from of ids.filter((id) => !isBridged(id))) {
      for (const to of ids.filter((id) => !isBridged(id) && isHere(id) !== isHere(from))) {
        if (direction !== (isHere(from) ? "in" : "out")) network.cut(from, to);
      }
    }
    // One that does not notice how long it has been alone: a leader goes on beside the next one.
    const late = this.#random.happens(0.4) ? nodes.get(victim) : undefined;
    late?.clock.runAt(0.2);
    this.#healLater(this.#random.wait(5 * second), late);
    return `${shape} ${victim} ${direction}`;
  }

  #healLater(delay: Micros, late: SimNode | undefined): void {
    this.#later(delay, "the network heals", () => {
      late?.clock.runAt(1);
      if (this.#region.world.now < this.#aloneUntil) return;
      this.#region.network.heal();
      // The trouble moves on to who leads now, so that logs which have parted decide again.
      const next = this.#newestLeader();
      if (!this.#isCalm && next !== undefined && this.#random.happens(0.3)) this.#leaveAlone(next);
    });
  }

  #reset(): string {
    const [from, to] = this.#pair();
    this.#region.network.reset(from, to);
    return `${from} to ${to}`;
  }

  #halfOpen(): string {
    const [from, to] = this.#pair();
    this.#region.network.halfOpen(from, to);
    return `${from} to ${to}`;
  }

  #diskFull(): string | undefined {
    const node = this.#victim();
    if (node === undefined) return undefined;
    node.disk.isFull = true;
    this.#later(this.#random.wait(5 * second), "there is room again", () => {
      node.disk.isFull = false;
    });
    return node.id;
  }

  #bitFlip(): string | undefined {
    const node = this.#spare();
    const generation = node?.running?.store.state.generation;
    if (node === undefined || generation === undefined) return undefined;
    const row = node.disk.flip((key) => {
      const isState = key[0] === 0x20 || key[0] === 0x21;
      if (key[0] === 0x30) return false;
      if (!isState) return true;
      return new DataView(key.buffer, key.byteOffset).getUint32(1) === generation;
    });
    return row === undefined
      ? undefined
      : `${node.id} ${Buffer.from(row, "latin1").toString("hex")}`;
  }

  #missingBatch(): string | undefined {
    const node = this.#spare();
    if (node === undefined) return undefined;
    const isMissing = node.disk.dropBatch();
    // It is only ever found missing by a start.
    this.#region.crash(node);
    return isMissing ? node.id : undefined;
  }

  #lostDirectory(): string | undefined {
    const node = this.#spare();
    if (node === undefined) return undefined;
    this.#region.lose(node);
    return node.id;
  }

  #transfer(): string | undefined {
    const leader = this.#region.leaders()[0];
    if (leader === undefined) return undefined;
    const to = this.#anyone().id;
    leader.process.take(() => {
      if (leader.state?.role.kind === "leader") {
        leader.running?.driver.give({ kind: "transfer", to });
      }
    });
    return `${leader.id} to ${to}`;
  }

  #pair(): readonly [NodeId, NodeId] {
    return [this.#anyone().id, this.#anyone().id];
  }

  #anyone(): SimNode {
    return this.#random.pick([...this.#region.nodes.values()]);
  }

  #newestLeader(): SimNode | undefined {
    const termOf = ({ state }: SimNode): number => state?.term ?? 0;
    return this.#region.leaders().toSorted((one, other) => termOf(other) - termOf(one))[0];
  }

  /** Somebody who runs: at times a leader. */
  #victim(): SimNode | undefined {
    const leaders = this.#region.leaders();
    if (leaders.length > 0 && this.#random.happens(this.#swarm.hunting)) {
      return this.#random.pick(leaders);
    }
    const running = [...this.#region.nodes.values()].filter(({ process }) => process.isUp);
    return running.length === 0 ? undefined : this.#random.pick(running);
  }

  #spare(): SimNode | undefined {
    const victim = this.#victim();
    return victim !== undefined && this.#region.mayLose(victim) ? victim : undefined;
  }

  #later(delay: Micros, label: string, happen: () => void): void {
    this.#region.world.after(delay, { label, who: "*", detail: undefined, happen });
  }
}
