// A fleet of stub nodes in a temporary home, and what a test does to them.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { LocalFleet, type LaunchOptions } from "../../cluster/local/local-fleet.ts";

export const stubProgram = join(import.meta.dirname, "stub-node.js");

/** A home that is removed, with whatever still runs in it, when its scope ends. */
export class TemporaryHome implements AsyncDisposable {
  readonly path = mkdtempSync(join(tmpdir(), "holdfast-fleet-"));

  launch(options: Partial<LaunchOptions> = {}): Promise<LocalFleet> {
    return LocalFleet.launch({ home: this.path, program: stubProgram, ...options });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const fleet = await LocalFleet.attach(this.path);
    await fleet?.[Symbol.asyncDispose]();
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Waits for what the supervisor brings about by itself; the test's own time limit ends it. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await pause(20);
}
