// Plays many seeds on all the cores there are, each worker a process of its own. Some seeds are
// played twice, in two processes: the same seed that comes to something else is a finding too.
import { fork, type ChildProcess } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ShrunkFailure } from "./node-shrink.ts";
import type { SeedOutcome } from "./node-simulation.ts";
import type { Report, Task } from "./simulate-worker.ts";

export interface FleetBudget {
  readonly firstSeed: number;
  readonly seeds: number;
  /** Simulated hours of clusters; whichever comes first. */
  readonly hours: number;
  /** How long one seed may take, really. */
  readonly seedMs: number;
}

export interface FleetSummary {
  readonly seeds: number;
  readonly hours: number;
  readonly entries: number;
  readonly writes: number;
  readonly reads: number;
  readonly elections: number;
  readonly restarts: number;
  readonly snapshots: number;
  readonly faults: number;
  readonly events: number;
  readonly repeated: number;
  /** Simulated time over the processor time it took. */
  readonly timesRealPerCore: number;
  readonly failures: readonly SeedOutcome[];
}

export interface FleetOptions {
  readonly budget: FleetBudget;
  readonly workers?: number;
  /** Stops at the first failure. */
  readonly stopAt: "first failure" | "end";
  readonly onOutcome?: (outcome: SeedOutcome, summary: FleetSummary) => void;
  /** Where the compiled simulator is, when not here. */
  readonly workerFile?: string;
}

/** Every so many seeds one is played again, in another process. */
const repeatEvery = 50;

const usualWorker = join(fileURLToPath(import.meta.url), "../simulate-worker.js");

export async function runFleet(options: FleetOptions): Promise<FleetSummary> {
  const fleet = new Fleet(options);
  const workers = options.workers ?? Math.min(2, availableParallelism());
  await Promise.all(Array.from({ length: workers }, () => fleet.work()));
  return fleet.summary();
}

/** Looks for the least of a seed that still fails. */
export async function shrinkInWorker(seed: number, workerMs: number): Promise<ShrunkFailure> {
  const worker = new Worker(usualWorker);
  try {
    const report = await worker.carryOut({ kind: "shrink", seed }, workerMs);
    if (report.kind !== "shrunk") throw new Error("a worker shrinks when it is asked to");
    return report.shrunk;
  } finally {
    worker.stop();
  }
}

class Fleet {
  readonly #options: FleetOptions;
  readonly #outcomes: SeedOutcome[] = [];
  readonly #failures: SeedOutcome[] = [];
  #nextSeed: number;
  #micros = 0;
  #cpuMs = 0;
  #isOver = false;
  #repeated = 0;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#nextSeed = options.budget.firstSeed;
  }

  async work(): Promise<void> {
    let worker = new Worker(this.#options.workerFile ?? usualWorker);
    try {
      for (let seed = this.#take(); seed !== undefined; seed = this.#take()) {
        const outcome = await this.#play(worker, seed);
        if (outcome.failure?.event === 0) worker = this.#anew(worker);
        if (seed % repeatEvery === 0 && outcome.failure === undefined) {
          worker = this.#anew(worker);
          await this.#repeat(worker, outcome);
        }
        this.#note(outcome);
      }
    } finally {
      worker.stop();
    }
  }

  summary(): FleetSummary {
    const sum = (key: keyof SeedOutcome): number =>
      this.#outcomes.reduce((total, outcome) => total + Number(outcome[key]), 0);
    return {
      seeds: this.#outcomes.length,
      hours: this.#micros / 3_600_000_000,
      entries: sum("entries"),
      writes: sum("writes"),
      reads: sum("reads"),
      elections: sum("elections"),
      restarts: sum("restarts"),
      snapshots: sum("snapshots"),
      faults: sum("faults"),
      events: sum("events"),
      repeated: this.#repeated,
      timesRealPerCore: this.#micros / 1000 / Math.max(1, this.#cpuMs),
      failures: this.#failures,
    };
  }

  #anew(worker: Worker): Worker {
    worker.stop();
    return new Worker(this.#options.workerFile ?? usualWorker);
  }

  #take(): number | undefined {
    const { firstSeed, seeds, hours } = this.#options.budget;
    const isDone =
      this.#isOver || this.#nextSeed >= firstSeed + seeds || this.#micros >= hours * 3_600_000_000;
    return isDone ? undefined : this.#nextSeed++;
  }

  async #play(worker: Worker, seed: number): Promise<SeedOutcome> {
    try {
      const task: Task = { kind: "play", options: { seed } };
      const report = await worker.carryOut(task, this.#options.budget.seedMs);
      if (report.kind !== "played") throw new Error("a worker plays when it is asked to");
      this.#cpuMs += report.cpuMs;
      return report.outcome;
    } catch (error) {
      const finding = error instanceof Error ? error.message : String(error);
      return outcomeOfNothing(seed, finding);
    }
  }

  async #repeat(worker: Worker, first: SeedOutcome): Promise<void> {
    const again = await this.#play(worker, first.seed);
    this.#repeated += 1;
    if (again.hash === first.hash && again.events === first.events) return;
    const finding = `the same seed came to ${String(first.hash)} and to ${String(again.hash)}`;
    this.#fail(outcomeOfNothing(first.seed, finding));
  }

  #note(outcome: SeedOutcome): void {
    this.#outcomes.push(outcome);
    this.#micros += outcome.micros;
    if (outcome.failure !== undefined) this.#fail(outcome);
    this.#options.onOutcome?.(outcome, this.summary());
  }

  #fail(outcome: SeedOutcome): void {
    this.#failures.push(outcome);
    if (this.#options.stopAt === "first failure") this.#isOver = true;
  }
}

class Worker {
  readonly #process: ChildProcess;

  constructor(file: string) {
    this.#process = fork(file, { execArgv: ["--enable-source-maps"] });
  }

  carryOut(task: Task, limitMs: number): Promise<Report> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        clearTimeout(timer);
        this.#process.removeAllListeners("message");
        this.#process.removeAllListeners("exit");
        settle();
      };
      const timer = setTimeout(() => {
        end(() => {
          this.stop();
          reject(new Error("the seed does not come to an end"));
        });
      }, limitMs);
      this.#process.once("message", (report: Report) => {
        end(() => {
          resolve(report);
        });
      });
      this.#process.once("exit", (code) => {
        end(() => {
          reject(new Error(`the worker ended with ${String(code)}`));
        });
      });
      this.#process.send(task);
    });
  }

  stop(): void {
    this.#process.removeAllListeners();
    this.#process.kill("SIGKILL");
  }
}

/** For what went wrong around a seed, and not in it. */
function outcomeOfNothing(seed: number, finding: string): SeedOutcome {
  return {
    seed,
    hash: 0,
    events: 0,
    micros: 0,
    nodes: 0,
    entries: 0,
    elections: 0,
    restarts: 0,
    snapshots: 0,
    faults: 0,
    writes: 0,
    reads: 0,
    unknown: 0,
    failure: { finding, event: 0, faults: [], history: [] },
  };
}
