// One node as a process that may be hurt: killed, stopped, robbed of its disk. It is started again
// when it ends for a reason that was given to it; any other end is written down.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { writeControl, type SyncFaults } from "./shim.ts";

export interface NemesisNodeParts {
  readonly id: string;
  /** host:port for clients. */
  readonly grpc: string;
  readonly peerPort: number;
  readonly program: string;
  readonly configFile: string;
  readonly logFile: string;
  readonly dataDir: string;
  readonly controlFile: string;
  readonly syncedFile: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Exit codes (src/server/exit.ts) that a fault explains. */
export type Excuse = "disk_failed" | "data_damaged";
const excusedCodes: Readonly<Record<Excuse, number>> = { disk_failed: 74, data_damaged: 65 };

const againMs = 250;

export class NemesisNode {
  readonly parts: NemesisNodeParts;
  /** Ends that nothing explains. */
  readonly unexpected: string[] = [];
  /** Ends with an excuse, by exit code. */
  readonly excusedEnds: number[] = [];
  readonly #excuses = new Set<Excuse>();
  #child: ChildProcess | undefined;
  #isWanted = false;
  #isPaused = false;
  /** Counts its lives: a client of an earlier one makes a new connection. */
  #life = 0;

  constructor(parts: NemesisNodeParts) {
    this.parts = parts;
    writeControl(parts.controlFile, {});
  }

  get id(): string {
    return this.parts.id;
  }

  get life(): number {
    return this.#life;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  start(): void {
    this.#isWanted = true;
    if (this.#child !== undefined) return;
    const { program, configFile, logFile, environment } = this.parts;
    const log = openSync(logFile, "a", 0o600);
    const child = spawn(
      process.execPath,
      ["--disable-proto=throw", program, "--config", configFile],
      {
        stdio: ["ignore", log, log],
        env: environment,
      },
    );
    closeSync(log);
    this.#child = child;
    this.#life += 1;
    child.on("exit", (code, signal) => {
      this.#child = undefined;
      this.#isPaused = false;
      this.#onEnd(code, signal);
    });
  }

  /** As by `kill -9`. Resolves when the process is gone; it is not started again. */
  async kill(): Promise<void> {
    this.#isWanted = false;
    const child = this.#child;
    if (child === undefined) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  async stop(): Promise<void> {
    this.#isWanted = false;
    const child = this.#child;
    if (child === undefined) return;
    this.resume();
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    const patience = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(patience);
  }

  pause(): void {
    this.#isPaused = this.#child?.kill("SIGSTOP") === true;
  }

  resume(): void {
    if (this.#isPaused) this.#child?.kill("SIGCONT");
    this.#isPaused = false;
  }

  setSyncFaults(faults: SyncFaults): void {
    writeControl(this.parts.controlFile, faults);
  }

  excuse(reason: Excuse): void {
    this.#excuses.add(reason);
  }

  /** What happens from now on has no excuse any more. */
  blame(): void {
    this.#excuses.clear();
  }

  #onEnd(code: number | null, signal: NodeJS.Signals | null): void {
    if (!this.#isWanted) return;
    const isExcused = [...this.#excuses].some((excuse) => excusedCodes[excuse] === code);
    if (!isExcused) {
      this.unexpected.push(`${this.id} ended with ${signal ?? `exit code ${String(code)}`}`);
    } else this.excusedEnds.push(code ?? 0);
    // Damage does not go away by another try; somebody has to mend it.
    if (code === excusedCodes.data_damaged) this.#isWanted = false;
    else void this.#startSoon();
  }

  async #startSoon(): Promise<void> {
    await pause(againMs);
    if (this.#isWanted) this.start();
  }
}
