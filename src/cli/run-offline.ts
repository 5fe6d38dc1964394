// Starts the program that works on files: the command line itself does not know how data is kept.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { offlineExitCodes, type OfflineOrder } from "../base/offline-order.ts";
import type { GlobalOptions } from "./run-command.ts";

/** It did not do what it was asked to, and has said why. */
export class OfflineFailure extends Error {
  override readonly name = "OfflineFailure";
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`The offline program ended with ${exitCode}`);
    this.exitCode = exitCode;
  }
}

const program = fileURLToPath(new URL("../server/offline/main.js", import.meta.url));

/** Resolves when it is done; it speaks to the terminal itself. Throws `OfflineFailure`. */
export async function runOffline(command: Command, order: OfflineOrder): Promise<void> {
  const { output } = command.optsWithGlobals<GlobalOptions>();
  const child = spawn(process.execPath, [program, JSON.stringify(order), output], {
    stdio: "inherit",
  });
  // Ctrl-C reaches both: the other one tidies up first, and this one waits for it.
  const wait = (): void => undefined;
  process.on("SIGINT", wait);
  try {
    const [exitCode] = await new Promise<readonly [number | null]>((resolve, reject) => {
      child.once("exit", (code) => {
        resolve([code]);
      });
      child.once("error", reject);
    });
    if (exitCode !== 0) throw new OfflineFailure(exitCode ?? offlineExitCodes.refused);
  } finally {
    process.off("SIGINT", wait);
  }
}
