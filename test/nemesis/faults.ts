// Carries out one fault of a plan on a running region, and takes it back.
import { setTimeout as pause } from "node:timers/promises";
import { flipBack, flipOneKind, kindsIn } from "./bit-flips.ts";
import type { Recorder } from "./history.ts";
import { fairWeather, type Way, type Weather } from "./link-proxy.ts";
import type { NemesisNode } from "./nemesis-node.ts";
import { electionMs, type NemesisRegion } from "./nemesis-region.ts";
import type { FaultKind, PlannedFault } from "./plan.ts";
import { cutPower } from "./power-cut.ts";
import type { Random } from "./random.ts";

/** What was done, added up over histories. */
export interface Tally {
  kills: number;
  pauses: number;
  powerCuts: number;
  lostBytes: number;
  partitions: number;
  fullDisks: number;
  failedSyncs: number;
  flips: number;
  flipsNoticed: number;
}

export function emptyTally(): Tally {
  return {
    ...{ kills: 0, pauses: 0, powerCuts: 0, lostBytes: 0, partitions: 0 },
    ...{ fullDisks: 0, failedSyncs: 0, flips: 0, flipsNoticed: 0 },
  };
}

/** How long a fault waits for what it broke to serve again, before it breaks the next. */
const backWithinMs = 5_000;
/** How long a start may take, all files checked, on a machine that does other things too. */
const startsWithinMs = 30_000;

export class Faults {
  readonly #region: NemesisRegion;
  readonly #recorder: Recorder;
  readonly #random: Random;
  readonly #tally: Tally;
  /** Nodes that a fault has in hand: another fault takes one of the others. */
  readonly #held = new Set<NemesisNode>();
  /** A node that is damaged for good: its region is not used for another history. */
  isRegionSpent = false;

  constructor(
    region: NemesisRegion,
    { recorder, random, tally }: { recorder: Recorder; random: Random; tally: Tally },
  ) {
    this.#region = region;
    this.#recorder = recorder;
    this.#random = random;
    this.#tally = tally;
  }

  /** Resolves when the fault is over and what it had broken is put right. */
  async carryOut({ kind, atMs, lastsMs, strength }: PlannedFault): Promise<void> {
    await pause(atMs);
    const untilMs = performance.now() + lastsMs;
    const act = this.#acts[kind];
    await act({ untilMs, strength });
  }

  readonly #acts: Readonly<Record<FaultKind, (spell: Spell) => Promise<void>>> = {
    kill_leader: (spell) => this.#again(spell, () => this.#kill("leader")),
    kill_follower: (spell) => this.#again(spell, () => this.#kill("follower")),
    kill_all: (spell) => this.#again(spell, () => this.#killAll()),
    pause_leader: (spell) => this.#again(spell, () => this.#pause("leader", spell.strength)),
    pause_follower: (spell) => this.#again(spell, () => this.#pause("follower", spell.strength)),
    isolate_leader: (spell) => this.#isolate("leader", spell, ["there", "back"]),
    isolate_follower: (spell) => this.#isolate("follower", spell, ["there", "back"]),
    deaf_leader: (spell) => this.#isolate("leader", spell, ["there"]),
    mute_leader: (spell) => this.#isolate("leader", spell, ["back"]),
    bridge: (spell) => this.#bridge(spell),
    lossy_network: (spell) =>
      this.#blow(spell, {
        resetChance: 0.002 + 0.03 * spell.strength,
        jitterMs: 30 * spell.strength,
      }),
    slow_network: (spell) =>
      this.#blow(spell, {
        delayMs: 5 + 60 * spell.strength,
        jitterMs: 40 * spell.strength,
        bytesPerSecond: 200_000,
      }),
    full_disk: (spell) => this.#fillDisk(spell),
    failing_sync: (spell) => this.#again(spell, () => this.#failSync()),
    slow_sync: (spell) => this.#slowSync(spell),
    power_cut_one: (spell) => this.#again(spell, () => this.#cutPowerOf("one")),
    power_cut_all: (spell) => this.#again(spell, () => this.#cutPowerOf("all")),
    bit_flips: (spell) => this.#again(spell, () => this.#flipBits()),
  };

  async #again({ untilMs }: Spell, once: () => Promise<void>): Promise<void> {
    do {
      await once();
      await pause(this.#random.between(electionMs, 3 * electionMs));
    } while (performance.now() < untilMs);
  }

  async #kill(which: Which): Promise<void> {
    await this.#with(which, async (node) => {
      this.#note(`kill ${node.id}`);
      this.#tally.kills += 1;
      await node.kill();
      await pause(this.#random.below(electionMs));
      node.start();
      await this.#untilAnswers(node);
    });
  }

  async #killAll(): Promise<void> {
    const nodes = this.#holdAll();
    this.#note("kill all");
    this.#tally.kills += nodes.length;
    await Promise.all(nodes.map((node) => node.kill()));
    for (const node of nodes) node.start();
    this.#release(nodes);
    await this.#untilServing();
  }

  async #pause(which: Which, strength: number): Promise<void> {
    await this.#with(which, async (node) => {
      const forMs = electionMs * (0.5 + 6 * strength * this.#random.next());
      this.#note(`pause ${node.id} for ${Math.round(forMs)} ms`);
      this.#tally.pauses += 1;
      node.pause();
      await pause(forMs);
      node.resume();
      this.#note(`go on ${node.id}`);
    });
  }

  /** `there`: what comes to the node. `back`: what goes from it. */
  async #isolate(which: Which, { untilMs }: Spell, ways: readonly Way[]): Promise<void> {
    while (performance.now() < untilMs) {
      await this.#with(which, async (node) => {
        this.#note(`cut ${ways.join(" and ")} of ${node.id}`);
        this.#tally.partitions += 1;
        for (const other of this.#region.nodes) {
          if (other !== node) this.#cut(node, other, ways);
        }
        await pause(Math.min(untilMs - performance.now(), electionMs * this.#random.between(2, 6)));
        this.#heal();
      });
      await pause(electionMs * this.#random.between(1, 3));
    }
  }

  async #bridge({ untilMs }: Spell): Promise<void> {
    const [one, middle, other] = this.#shuffled();
    if (one === undefined || other === undefined) return;
    this.#note(`cut ${one.id} from ${other.id}; ${middle?.id ?? ""} hears both`);
    this.#tally.partitions += 1;
    this.#cut(one, other, ["there", "back"]);
    await pause(Math.max(0, untilMs - performance.now()));
    this.#heal();
  }

  /** Bytes to `node` from `other` go there; bytes from `node` to `other` go back. */
  #cut(node: NemesisNode, other: NemesisNode, ways: readonly Way[]): void {
    // A connection carries both ways, whoever made it.
    const inward = new Set<Way>(ways);
    const outward = new Set<Way>(ways.map((way) => (way === "there" ? "back" : "there")));
    setWeather(this.#region, [other, node], { cut: inward });
    setWeather(this.#region, [node, other], { cut: outward });
  }

  /** What was held comes through late, or is lost with its connection. */
  #heal(): void {
    const isLost = this.#random.isTrue(0.5);
    this.#note(isLost ? "heal, connections lost" : "heal, late");
    for (const link of this.#region.links.values()) {
      link.weather = fairWeather;
      if (isLost) link.reset();
    }
  }

  async #blow({ untilMs }: Spell, weather: Partial<Weather>): Promise<void> {
    this.#note(`weather ${JSON.stringify(weather)}`);
    for (const link of this.#region.links.values()) link.weather = { ...fairWeather, ...weather };
    await pause(Math.max(0, untilMs - performance.now()));
    this.#heal();
  }

  async #fillDisk({ untilMs }: Spell): Promise<void> {
    await this.#with(this.#random.one(["leader", "follower"]), async (node) => {
      const disk = this.#region.disks.get(node);
      if (disk === undefined) return;
      this.#note(`fill the disk of ${node.id}`);
      this.#tally.fullDisks += 1;
      node.excuse("disk_failed");
      disk.fill();
      await pause(Math.max(0, untilMs - performance.now()));
      disk.empty();
      this.#note(`free the disk of ${node.id}`);
    });
  }

  async #failSync(): Promise<void> {
    await this.#with(this.#random.one(["leader", "follower"]), async (node) => {
      this.#tally.failedSyncs += 1;
      node.excuse("disk_failed");
      const failAfter = this.#random.below(20);
      this.#note(`sync ${failAfter} of ${node.id} fails`);
      node.setSyncFaults({ failAfter, failures: this.#random.between(1, 3) });
      await pause(electionMs * this.#random.between(2, 4));
      node.setSyncFaults({});
    });
  }

  async #slowSync({ untilMs, strength }: Spell): Promise<void> {
    await this.#with(this.#random.one(["leader", "follower"]), async (node) => {
      const slowMs = Math.round(5 + 400 * strength * this.#random.next());
      this.#note(`syncs of ${node.id} take ${slowMs} ms longer`);
      node.setSyncFaults({ slowMs });
      await pause(Math.max(0, untilMs - performance.now()));
      node.setSyncFaults({});
    });
  }

  async #cutPowerOf(which: "one" | "all"): Promise<void> {
    if (which === "one") {
      await this.#with(this.#random.one(["leader", "follower"]), (node) => this.#cutPower([node]));
      return;
    }
    const nodes = this.#holdAll();
    await this.#cutPower(nodes);
    this.#release(nodes);
    await this.#untilServing();
  }

  async #cutPower(nodes: readonly NemesisNode[]): Promise<void> {
    await Promise.all(nodes.map((node) => node.kill()));
    for (const node of nodes) {
      const { dataDir, syncedFile } = node.parts;
      const report = cutPower(dataDir, syncedFile, this.#random.next);
      this.#note(`power cut ${node.id}: ${JSON.stringify(report)}`);
      this.#tally.powerCuts += 1;
      this.#tally.lostBytes += report.lostBytes;
    }
    for (const node of nodes) node.start();
    for (const node of nodes) await this.#untilAnswers(node);
  }

  /** One bit, in one kind of file of a stopped node: it must say so, or be as good as new. */
  async #flipBits(): Promise<void> {
    if (this.isRegionSpent) return;
    await this.#with("follower", async (node) => {
      await node.stop();
      const kinds = kindsIn(node.parts.dataDir);
      const kind = kinds[this.#random.below(kinds.length)] ?? "";
      const flip = flipOneKind(node.parts.dataDir, kind, this.#random.next);
      if (flip === undefined) return;
      this.#note(`flip bit ${flip.bit} of byte ${flip.offset} of ${flip.path}`);
      this.#tally.flips += 1;
      node.excuse("data_damaged");
      const before = node.excusedEnds.length;
      node.start();
      if (await this.#answersOrEnds(node, before)) return;
      this.#tally.flipsNoticed += 1;
      // The files are as they were, but for the bit: unless the node has written since.
      if (flipBack(flip)) {
        this.#note(`flip it back`);
        const ends = node.excusedEnds.length;
        node.start();
        if (await this.#answersOrEnds(node, ends)) return;
      }
      this.#note(`${node.id} is lost`);
      this.isRegionSpent = true;
    });
  }

  /**
   * Whether a node that was started comes to answer rather than end once more. One that does
   * neither for long is taken to be slow: the end of the history waits for it.
   */
  async #answersOrEnds(node: NemesisNode, endsBefore: number): Promise<boolean> {
    const deadline = performance.now() + startsWithinMs;
    while (performance.now() < deadline) {
      if (node.excusedEnds.length > endsBefore) return false;
      if ((await this.#region.statusOf(node)) !== undefined) return true;
      await pause(40);
    }
    return true;
  }

  /** Leaves one that another fault has in hand alone; does nothing if there is none. */
  async #with(which: Which, work: (node: NemesisNode) => Promise<void>): Promise<void> {
    const leader = await this.#region.leader();
    const fit = this.#shuffled().filter((node) => {
      if (this.#held.has(node)) return false;
      return leader === undefined || (which === "leader") === (node === leader);
    });
    const [node] = fit;
    if (node === undefined) return;
    this.#held.add(node);
    try {
      await work(node);
    } finally {
      this.#held.delete(node);
    }
  }

  #holdAll(): readonly NemesisNode[] {
    const free = this.#region.nodes.filter((node) => !this.#held.has(node));
    for (const node of free) this.#held.add(node);
    return free;
  }

  #release(nodes: readonly NemesisNode[]): void {
    for (const node of nodes) this.#held.delete(node);
  }

  /** Nodes that are only ever down would show nothing. */
  async #untilAnswers(node: NemesisNode): Promise<void> {
    const deadline = performance.now() + backWithinMs;
    while ((await this.#region.statusOf(node)) === undefined && performance.now() < deadline) {
      await pause(40);
    }
  }

  async #untilServing(): Promise<void> {
    const deadline = performance.now() + backWithinMs;
    while ((await this.#region.leader()) === undefined && performance.now() < deadline) {
      await pause(50);
    }
  }

  #shuffled(): readonly NemesisNode[] {
    return this.#region.nodes
      .map((node) => ({ node, place: this.#random.next() }))
      .sort((one, other) => one.place - other.place)
      .map(({ node }) => node);
  }

  #note(text: string): void {
    this.#recorder.fault(text);
  }
}

interface Spell {
  /** On `performance.now`. */
  readonly untilMs: number;
  readonly strength: number;
}

type Which = "leader" | "follower";

function setWeather(
  region: NemesisRegion,
  [from, to]: readonly [NemesisNode, NemesisNode],
  weather: Partial<Weather>,
): void {
  const link = region.link(from, to);
  if (link !== undefined) link.weather = { ...fairWeather, ...weather };
}
