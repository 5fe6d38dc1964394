// A node's config.json as the supervisor keeps it: how the node begins is told once and then taken
// out again, so that a node whose data is lost cannot begin a second time under its old name.
import { readFileSync } from "node:fs";
import type { ConfigurationFile } from "../../src/server/config.ts";
import { writeWholeFile } from "./whole-file.ts";

export type NodeStart = NonNullable<ConfigurationFile["start"]>;

/** As earlier releases wrote it: every node was told of all of them. */
interface EarlierConfigurationFile extends Omit<ConfigurationFile, "members"> {
  readonly members?: readonly { readonly id: string; readonly peer: string }[];
}

/** A learner of a local fleet need not keep up for long before it counts. */
export const localPromotion = { stableMs: 300 };

/** Several nodes share a disk here. */
export const localDisk = { reserveMiB: 24, lowSpaceMiB: 64 };

export function readNodeConfig(path: string): ConfigurationFile {
  return JSON.parse(readFileSync(path, "utf8")) as ConfigurationFile;
}

export function writeNodeConfig(path: string, configuration: ConfigurationFile): void {
  writeWholeFile(path, `${JSON.stringify(configuration, undefined, 2)}\n`, "owner");
}

export function startOf(path: string): NodeStart | undefined {
  return readNodeConfig(path).start;
}

/** Tells a node how to begin; nothing: it has begun. */
export function writeStart(path: string, start: NodeStart | undefined): void {
  writeNodeConfig(path, { ...readNodeConfig(path), start });
}

/**
 * Brings a file of an earlier release up to date: who the members are is in the data now, and where
 * they were last seen is all that is still to be told. Gives whether there was anything to do.
 */
export function migrateNodeConfig(path: string): boolean {
  const file = JSON.parse(readFileSync(path, "utf8")) as EarlierConfigurationFile;
  const { members, ...configuration } = file;
  if (members === undefined) return false;
  const lastSeen = members
    .filter(({ id }) => id !== configuration.nodeId)
    .map(({ id, peer }) => ({ id, peer }));
  writeNodeConfig(path, { ...configuration, promotion: localPromotion, lastSeen });
  return true;
}
