// The flags of `npm start`, `npm stop` and `npm run status`: parsed, or refused in a sentence.
import { join, resolve } from "node:path";
import { parseArgs, type ParseArgsConfig } from "node:util";
import type { Revival } from "./revive.ts";
import {
  complaintAbout,
  defaultShape,
  wholeFleet,
  type FleetPart,
  type FleetShape,
} from "./shape.ts";

export type FleetCommand = StartCommand | GrowCommand | StopCommand | StatusCommand;

export interface StartCommand {
  readonly kind: "start";
  readonly home: string;
  readonly lifetime: "tethered" | "detached";
  readonly contents: "kept" | "fresh";
  readonly shape: FleetShape | undefined;
  readonly part: FleetPart;
  /** What is to be brought back first. */
  readonly revival?: Revival;
}

/** One more node in a fleet that runs, by itself or in the place of another. */
export interface GrowCommand {
  readonly kind: "grow";
  readonly home: string;
  readonly change:
    | { readonly kind: "add"; readonly region: string | undefined }
    | { readonly kind: "replace"; readonly nodeId: string };
}

export interface StopCommand {
  readonly kind: "stop";
  readonly home: string;
  readonly part: FleetPart;
  readonly mode: "orderly" | "at_once";
}

export interface StatusCommand {
  readonly kind: "status";
  readonly home: string;
  readonly output: "table" | "json";
}

/** Where a person typed the command, and what their shell says of it. */
export interface Surroundings {
  readonly folder: string;
  readonly projectRoot: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/** What was typed cannot be meant; the message says what was expected. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The word after `npm`. */
export type CommandName = "start" | "stop" | "status";

type Flags = NonNullable<ParseArgsConfig["options"]>;
type Values = Readonly<Record<string, string | boolean | undefined>>;

const where = { home: { type: "string" } } as const;
const part = { region: { type: "string" }, node: { type: "string" } } as const;
const flagsOf: Readonly<Record<CommandName, Flags>> = {
  start: {
    detach: { type: "boolean" },
    fresh: { type: "boolean" },
    "add-node": { type: "boolean" },
    "replace-node": { type: "string" },
    restore: { type: "string" },
    "root-key-file": { type: "string" },
    survivor: { type: "string" },
    regions: { type: "string" },
    nodes: { type: "string" },
    ...part,
    ...where,
  },
  stop: { ...part, kill: { type: "boolean" }, ...where },
  status: { output: { type: "string" }, ...where },
};

/** Throws `UsageError` with a sentence for a person who mistyped. */
export function parseCommand(
  kind: CommandName,
  words: readonly string[],
  surroundings: Surroundings,
): FleetCommand {
  refuseSwallowedFlags(kind, surroundings);
  const values = parseFlags(kind, words);
  const home = homeOf(values, surroundings);
  switch (kind) {
    case "start":
      return parseStart(values, home);
    case "stop":
      return {
        kind,
        home,
        part: partOf(values),
        mode: values["kill"] === true ? "at_once" : "orderly",
      };
    case "status":
      return { kind, home, output: outputOf(values) };
  }
}

function parseStart(values: Values, home: string): StartCommand | GrowCommand {
  const change = changeOf(values);
  if (change !== undefined) return { kind: "grow", home, change };
  const revival = revivalOf(values);
  // The region named is the one to bring back; all of the fleet is then started.
  const part = revival === undefined ? partOf(values) : wholeFleet;
  const contents = values["fresh"] === true ? "fresh" : "kept";
  if (contents === "fresh" && part.kind !== "all") {
    throw new UsageError("--fresh empties the whole fleet: leave out --region and --node.");
  }
  return {
    kind: "start",
    home,
    lifetime: values["detach"] === true ? "detached" : "tethered",
    contents,
    shape: shapeOf(values),
    part,
    ...(revival === undefined ? {} : { revival }),
  };
}

function revivalOf(values: Values): Revival | undefined {
  const { restore: file, survivor: nodeId, region, "root-key-file": rootKeyFile } = values;
  if (file === undefined && nodeId === undefined) return undefined;
  const clashing = ["fresh", "node", "add-node", "replace-node"];
  if (clashing.some((flag) => values[flag] !== undefined)) {
    throw new UsageError(
      "--restore FILE and --survivor ID bring a stopped fleet back, and go with neither --fresh " +
        "nor --node.",
    );
  }
  if (typeof file === "string" && typeof nodeId === "string") {
    throw new UsageError("Name a backup (--restore) or a node (--survivor), not both.");
  }
  if (typeof nodeId === "string") return { kind: "survivor", nodeId };
  const text = (value: string | boolean | undefined): string | undefined =>
    typeof value === "string" ? value : undefined;
  return {
    kind: "restore",
    file: text(file) ?? "",
    region: text(region),
    rootKeyFile: text(rootKeyFile),
  };
}

function changeOf(values: Values): GrowCommand["change"] | undefined {
  const { region, "add-node": adds, "replace-node": nodeId } = values;
  if (adds === undefined && nodeId === undefined) return undefined;
  const allowed = ["add-node", "replace-node", "region", "home", "detach"];
  const other = Object.keys(values).find((flag) => !allowed.includes(flag));
  if (other !== undefined || (adds !== undefined && nodeId !== undefined)) {
    throw new UsageError(
      "--add-node (with --region where there are several) and --replace-node ID change a fleet " +
        "that runs, and go with no other flag.",
    );
  }
  if (typeof nodeId === "string") return { kind: "replace", nodeId };
  return { kind: "add", region: typeof region === "string" ? region : undefined };
}

function parseFlags(kind: CommandName, words: readonly string[]): Values {
  const flags = flagsOf[kind];
  try {
    const parsed = parseArgs({ args: [...words], options: flags, strict: true });
    return parsed.values as Values;
  } catch (error) {
    const known = Object.entries(flags).map(([name, { type }]) =>
      type === "string" ? `--${name} ${name.toUpperCase()}` : `--${name}`,
    );
    const [reason = ""] = error instanceof Error ? error.message.split(/\. |\n/) : [];
    throw new UsageError(
      `${reason.replace(/\.$/, "")}. ${nameOf(kind)} takes ${known.join(", ")}.`,
    );
  }
}

/** npm keeps for itself what comes before `--`, and tells of it in the environment. */
function refuseSwallowedFlags(kind: CommandName, { variables }: Surroundings): void {
  const own = ["detach", "fresh", "kill", "regions", "nodes", "add-node"];
  const swallowed = own.find(
    (flag) =>
      flag in flagsOf[kind] && variables[`npm_config_${flag.replace("-", "_")}`] !== undefined,
  );
  if (swallowed === undefined) return;
  throw new UsageError(
    `npm took --${swallowed} for itself. Flags come after two dashes: ${nameOf(kind)} -- --${swallowed}`,
  );
}

function homeOf(values: Values, { folder, projectRoot, variables }: Surroundings): string {
  const named = values["home"] ?? variables["HOLDFAST_HOME"];
  if (typeof named !== "string" || named === "") return join(projectRoot, ".holdfast");
  return resolve(folder, named);
}

function partOf({ region, node }: Values): FleetPart {
  if (typeof region === "string" && typeof node === "string") {
    throw new UsageError("Name a region (--region) or a node (--node), not both.");
  }
  if (typeof region === "string") return { kind: "region", region };
  if (typeof node === "string") return { kind: "node", nodeId: node };
  return wholeFleet;
}

function shapeOf({ regions, nodes }: Values): FleetShape | undefined {
  if (regions === undefined && nodes === undefined) return undefined;
  const shape = {
    regions: typeof regions === "string" ? regions.split(",") : defaultShape.regions,
    nodesPerRegion: nodes === undefined ? defaultShape.nodesPerRegion : Number(nodes),
  };
  const complaint = complaintAbout(shape);
  if (complaint !== undefined) throw new UsageError(complaint);
  return shape;
}

function outputOf({ output = "table" }: Values): StatusCommand["output"] {
  if (output === "table" || output === "json") return output;
  throw new UsageError(`--output is table or json, not "${String(output)}".`);
}

function nameOf(kind: CommandName): string {
  return kind === "status" ? "npm run status" : `npm ${kind}`;
}
