// The process of one node: its flags, its signals, its end.
import { parseArgs } from "node:util";
import { InvariantViolation } from "../base/assert.ts";
import { createLog, type Log } from "../observability/log.ts";
import { startNode } from "./assembly.ts";
import { ConfigurationError, loadConfiguration, type Configuration } from "./config.ts";
import { exitCodeFor } from "./exit.ts";

// Node opens its inspector on this signal, and an inspector can read every key in memory.
process.on("SIGUSR1", () => undefined);

const graceMs = 5_000;

function configurationPath(): string {
  const { values } = parseArgs({ options: { config: { type: "string" } }, strict: true });
  if (values.config === undefined) {
    throw new ConfigurationError("Cannot start a node without --config FILE");
  }
  return values.config;
}

/** Ends the process with a last line. What is still in flight is recovered at the next start. */
function endWith(log: Log, error: unknown): never {
  const sentence = error instanceof Error ? error.message : "The node failed";
  // Only what nobody foresaw needs its stack.
  const isForeseen = exitCodeFor(error) !== 70 && !(error instanceof InvariantViolation);
  log.fatal(sentence, isForeseen ? {} : { error });
  process.exit(exitCodeFor(error));
}

async function run(configuration: Configuration, log: Log): Promise<void> {
  const onFatal = (error: unknown): void => {
    endWith(log, error);
  };
  process.on("uncaughtException", onFatal);
  process.on("unhandledRejection", onFatal);
  const node = await startNode(configuration, log, onFatal);
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) return;
    isStopping = true;
    log.notice("The node stops");
    node.close(graceMs).then(() => process.exit(0), onFatal);
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}

try {
  const configuration = loadConfiguration(configurationPath());
  const { nodeId, region, logLevel } = configuration;
  const log = createLog(logLevel, { nodeId, region });
  await run(configuration, log).catch((error: unknown) => endWith(log, error));
} catch (error) {
  endWith(createLog("info", {}), error);
}
