// `npm start`, `npm stop` and `npm run status`. scripts/run.mjs calls this once all is built.
import { relative } from "node:path";
import { HoldfastError } from "../../src/client/client.ts";
import { parseCommand, UsageError, type CommandName, type StartCommand } from "./arguments.ts";
import type { GrowCommand, StatusCommand, StopCommand, Surroundings } from "./arguments.ts";
import { ControlRefused, NotSupervised } from "./control.ts";
import { statusTable, welcomeText } from "./fleet-text.ts";
import { FleetNotReady, FleetRefused, LocalFleet } from "./local-fleet.ts";
import { endOrphans, statusAtRest } from "./orphans.ts";
import { regionPlaces } from "./places.ts";
import { isRefusedRevival, reviveRegion } from "./revive.ts";
import { nameOfPart } from "./shape.ts";

export interface Invocation {
  readonly kind: CommandName;
  readonly words: readonly string[];
  readonly surroundings: Surroundings;
  /** Another node program, for tests of the commands themselves. */
  readonly program?: string | undefined;
}

/** Does what was asked and resolves with the exit code: 0, 1 for a failure, 2 for a mistyping. */
export async function runFleetCommand(invocation: Invocation): Promise<number> {
  try {
    const command = parseCommand(invocation.kind, invocation.words, invocation.surroundings);
    switch (command.kind) {
      case "start":
        return await start(command, invocation);
      case "grow":
        return await grow(command);
      case "stop":
        return await stop(command);
      case "status":
        return await showStatus(command);
    }
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(error.message);
      return 2;
    }
    const isForPeople =
      isRefusedRevival(error) ||
      [FleetRefused, ControlRefused, NotSupervised].some((refusal) => error instanceof refusal);
    if (!isForPeople || !(error instanceof Error)) throw error;
    console.error(error.message);
    return 1;
  }
}

async function start(
  command: StartCommand,
  { surroundings, program }: Invocation,
): Promise<number> {
  const running = await LocalFleet.attach(command.home);
  if (running !== undefined) return startMore(running, command, surroundings);
  if (command.revival !== undefined) {
    console.log(await reviveRegion(command.home, command.revival, command.shape));
  }

  console.log(`Starting ${nameOfPart(command.part)} in ${shown(command.home, surroundings)} …`);
  const fleet = await LocalFleet.launch({
    ...command,
    ...(program === undefined ? {} : { program }),
  });
  const interrupted = command.lifetime === "tethered" ? stopOnInterrupt(fleet) : undefined;
  try {
    await fleet.waitReady({ part: command.part });
  } catch (error) {
    if (interrupted?.() === true) return 0;
    if (!(error instanceof FleetNotReady)) throw error;
    console.error(`The fleet did not come up, and is stopped again.\n${error.message}`);
    await fleet.stop();
    return 1;
  }
  await welcome(fleet, surroundings, "Holdfast is up.");
  if (command.lifetime === "tethered") {
    console.log("Ctrl-C stops it.");
    await fleet.ended();
    console.log("The fleet is stopped; its data is kept.");
  } else {
    console.log("npm stop stops it.");
  }
  return 0;
}

/** A fleet that runs is asked for what it may lack; it is never started twice. */
async function startMore(
  fleet: LocalFleet,
  { part, contents, revival }: StartCommand,
  surroundings: Surroundings,
): Promise<number> {
  if (revival !== undefined) {
    console.error("The fleet is running. Stop it before a region is brought back: npm stop");
    return 1;
  }
  if (contents === "fresh") {
    console.error("The fleet is running. Stop it before its data is thrown away: npm stop");
    return 1;
  }
  if (part.kind === "all") {
    await welcome(fleet, surroundings, "Holdfast is running already.");
    const stopped = (await fleet.nodes()).filter(({ pid }) => pid === null);
    for (const { id, role } of stopped) {
      console.log(`${id} is ${role}. To bring it back: npm start -- --detach --node ${id}`);
    }
    return 0;
  }
  await fleet.start(part);
  try {
    await fleet.waitReady({ part });
  } catch (error) {
    if (!(error instanceof FleetNotReady)) throw error;
    console.error(error.message);
    return 1;
  }
  console.log(`${capitalised(nameOfPart(part))} is up.`);
  return 0;
}

/** A node that is added shows itself; one that is replaced is told by both their names. */
async function grow({ home, change }: GrowCommand): Promise<number> {
  const fleet = await LocalFleet.attach(home);
  if (fleet === undefined) {
    console.error("The fleet is not running. Start it first: npm start -- --detach");
    return 1;
  }
  try {
    const added =
      change.kind === "add"
        ? await fleet.addNode(change.region ?? (await onlyRegion(fleet)))
        : await fleet.replaceNode(change.nodeId);
    await fleet.waitReady({ part: { kind: "node", nodeId: added } });
    console.log(
      change.kind === "add"
        ? `${added} has joined and votes.`
        : `${added} votes in the place of ${change.nodeId}, which is removed for good.`,
    );
    return 0;
  } catch (error) {
    if (!(error instanceof HoldfastError || error instanceof FleetNotReady)) throw error;
    console.error(`${error.message}\nnpm run status shows the nodes.`);
    return 1;
  }
}

async function onlyRegion(fleet: LocalFleet): Promise<string> {
  const { regions } = await fleet.status();
  const [first, ...others] = regions;
  if (first !== undefined && others.length === 0) return first.name;
  const known = regions.map(({ name }) => name).join(", ");
  throw new UsageError(`Say in which region: --add-node --region NAME, one of ${known}.`);
}

async function stop({ home, part, mode }: StopCommand): Promise<number> {
  const fleet = await LocalFleet.attach(home);
  if (fleet !== undefined) {
    await fleet.stop(part, mode);
    console.log(`${capitalised(nameOfPart(part))} is stopped; its data is kept.`);
    return 0;
  }
  const orphans = part.kind === "all" ? await endOrphans(home) : 0;
  console.log(
    orphans === 0
      ? "The fleet is not running."
      : `${orphans} nodes without a supervisor are stopped.`,
  );
  return 0;
}

async function showStatus({ home, output }: StatusCommand): Promise<number> {
  const fleet = await LocalFleet.attach(home);
  const status = fleet === undefined ? statusAtRest(home) : await fleet.status();
  if (status === undefined) {
    console.error(`There is no fleet in ${home} yet. npm start makes one.`);
    return 1;
  }
  console.log(output === "json" ? JSON.stringify(status, undefined, 2) : statusTable(status));
  return 0;
}

async function welcome(
  fleet: LocalFleet,
  surroundings: Surroundings,
  heading: string,
): Promise<void> {
  const status = await fleet.status();
  const envFileOf = (region: string): string =>
    shown(regionPlaces(fleet.home, region).envFile, surroundings);
  console.log(`${heading}\n\n${welcomeText(status, envFileOf)}`);
}

/** The first Ctrl-C asks, the second insists. Gives whether there has been one. */
function stopOnInterrupt(fleet: LocalFleet): () => boolean {
  let interrupts = 0;
  const onInterrupt = (): void => {
    interrupts += 1;
    fleet
      .stop({ kind: "all" }, interrupts === 1 ? "orderly" : "at_once")
      .catch((error: unknown) => {
        if (!(error instanceof NotSupervised)) console.error(error);
      });
  };
  process.on("SIGINT", onInterrupt);
  process.on("SIGTERM", onInterrupt);
  return () => interrupts > 0;
}

/** A path as a person at that place would type it. */
function shown(path: string, { folder }: Surroundings): string {
  const near = relative(folder, path);
  return near === "" || near.startsWith("..") ? path : near;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
