// One node of a local fleet as a child process: started, watched, started again, stopped.
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { once } from "node:events";
import type { NodeRole } from "./cluster-file.ts";
import type { NodeHealth } from "./node-health.ts";
import { decideRestart, describeExit, type Exit } from "./restart-policy.ts";

export interface NodeProcessOptions {
  readonly region: string;
  readonly nodeId: string;
  /** The compiled node program. */
  readonly program: string;
  readonly configFile: string;
  readonly logFile: string;
  /** What it is before it is first started. */
  readonly begins: "stopped" | "new" | "removed";
  /** Told of every change of the process; never while a method of this object runs a caller. */
  readonly onChange: () => void;
}

/** Asked to end, with ten seconds to do so; or ended as by a power cut. */
export type StopMode = "orderly" | "at_once";

type State =
  | { readonly kind: "stopped" | "new" | "removed" }
  | { readonly kind: "running"; readonly child: ChildProcess; readonly pid: number }
  | { readonly kind: "waiting"; readonly timer: NodeJS.Timeout }
  | { readonly kind: "failed" };

const patienceMs = 10_000;

/** What a node may know of the shell it was started from: no credential, no option of Node.js. */
const passedOn = ["PATH", "HOME", "LANG", "TMPDIR", "TZ", "NODE_V8_COVERAGE"];

export class NodeProcess {
  readonly region: string;
  readonly nodeId: string;
  readonly logFile: string;
  readonly #options: NodeProcessOptions;
  #state: State;
  #health: NodeHealth | undefined;
  #hasAnswered = false;
  #earlyDeaths = 0;
  #restarts = 0;
  #lastExit: string | undefined;
  #stopping = false;

  constructor(options: NodeProcessOptions) {
    this.#options = options;
    this.#state = { kind: options.begins };
    this.region = options.region;
    this.nodeId = options.nodeId;
    this.logFile = options.logFile;
  }

  get pid(): number | undefined {
    return this.#state.kind === "running" ? this.#state.pid : undefined;
  }

  get health(): NodeHealth | undefined {
    return this.#health;
  }

  /** How often it was started again by itself since somebody last started it. */
  get restarts(): number {
    return this.#restarts;
  }

  /** How it last ended, if not by order. */
  get lastExit(): string | undefined {
    return this.#lastExit;
  }

  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  get role(): NodeRole {
    switch (this.#state.kind) {
      case "stopped":
      case "new":
      case "removed":
      case "failed":
        return this.#state.kind;
      case "waiting":
        return "restarting";
      case "running":
        if (this.#health !== undefined) return this.#health.role;
        return this.#hasAnswered ? "unreachable" : "starting";
    }
  }

  /** Starts it unless it runs, or never may; one that waits for its restart waits no longer. */
  start(): void {
    if (this.#state.kind === "running" || this.#state.kind === "removed") return;
    if (this.#state.kind === "waiting") clearTimeout(this.#state.timer);
    this.#earlyDeaths = 0;
    this.#restarts = 0;
    this.#lastExit = undefined;
    this.#spawn();
  }

  /** Resolves when the process has ended; it is not started again. */
  async stop(mode: StopMode): Promise<void> {
    if (this.#state.kind === "waiting") clearTimeout(this.#state.timer);
    if (this.#state.kind === "new" || this.#state.kind === "removed") return;
    if (this.#state.kind !== "running") {
      this.#become({ kind: "stopped" });
      return;
    }
    const { child } = this.#state;
    const ended = once(child, "exit");
    this.#stopping = true;
    child.kill(mode === "orderly" ? "SIGTERM" : "SIGKILL");
    // One that was paused hears of it only now.
    child.kill("SIGCONT");
    const patience = setTimeout(() => child.kill("SIGKILL"), patienceMs);
    await ended;
    clearTimeout(patience);
  }

  /** Its region has removed it: it is stopped, and never started again. */
  async retire(): Promise<void> {
    await this.stop("orderly");
    this.#lastExit ??= "its region's word that it is no member any more";
    this.#become({ kind: "removed" });
  }

  /** What process `pid` just said of itself; nothing when it did not answer. */
  hear(pid: number, health: NodeHealth | undefined): void {
    // An answer that comes after the process it asked has ended is about nobody.
    if (pid !== this.pid) return;
    const before = this.role;
    this.#health = health;
    this.#hasAnswered ||= health !== undefined;
    if (before !== this.role) this.#options.onChange();
  }

  #spawn(): void {
    const { program, configFile, logFile } = this.#options;
    const log = openSync(logFile, "a", 0o600);
    const child = spawn(
      process.execPath,
      ["--disable-proto=throw", program, "--config", configFile],
      { stdio: ["ignore", log, log], env: nodeEnvironment() },
    );
    closeSync(log);
    this.#health = undefined;
    this.#hasAnswered = false;
    this.#stopping = false;
    child.on("error", (error) => {
      this.#lastExit = `it could not be started: ${error.message}`;
    });
    child.on("exit", (code, signal) => {
      this.#onExit({ code, signal });
    });
    if (child.pid === undefined) this.#become({ kind: "failed" });
    else this.#become({ kind: "running", child, pid: child.pid });
  }

  #onExit(exit: Exit): void {
    this.#health = undefined;
    if (this.#stopping) {
      this.#become({ kind: "stopped" });
      return;
    }
    this.#lastExit = describeExit(exit);
    const lifeSpan = this.#hasAnswered ? "answered" : "never_answered";
    const decision = decideRestart(exit, lifeSpan, this.#earlyDeaths);
    if (decision.kind === "removed") {
      this.#become({ kind: "removed" });
      return;
    }
    if (decision.kind === "stay_down") {
      this.#become({ kind: "failed" });
      return;
    }
    this.#earlyDeaths = decision.earlyDeaths;
    const timer = setTimeout(() => {
      this.#restarts += 1;
      this.#spawn();
    }, decision.afterMs);
    this.#become({ kind: "waiting", timer });
  }

  #become(state: State): void {
    this.#state = state;
    this.#options.onChange();
  }
}

/**
 * LevelDB's syncs share libuv's pool with file access and key derivation: four threads are too few
 * (libraries.md 0, fact 3), and the number counts only if it is there when the process starts.
 */
function nodeEnvironment(): NodeJS.ProcessEnv {
  const known = passedOn.map((name) => [name, process.env[name]] as const);
  return { ...Object.fromEntries(known), UV_THREADPOOL_SIZE: "16" };
}
