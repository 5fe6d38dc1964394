// @ts-check
// The workshop's commands: each makes sure that what it runs is built, then runs it.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { check } from "./check.mjs";
import { setUp, SetUpFailed } from "./setup.mjs";

const root = resolve(import.meta.dirname, "..");
const fleetProgram = join(root, "dist/cluster/local/main.js");

/** @type {Record<string, (words: string[]) => Promise<number>>} */
const commands = {
  setup: async () => {
    await setUp(root);
    return 0;
  },
  start: async (words) => {
    await setUp(root);
    return runFleetCommand("start", words);
  },
  stop: (words) => withoutBuilding("stop", words),
  status: (words) => withoutBuilding("status", words),
  test: (words) => check(root, words),
  bench: (words) => built("dist/scripts/benchmark.js", words),
  conformance: (words) => built("dist/test/conformance/main.js", words),
  model: (words) => built("dist/test/model/main.js", words),
  simulate: (words) => built("dist/test/simulation/simulate.js", words),
  fuzz: (words) => built("dist/test/fuzz/main.js", words),
  nemesis: (words) => built("dist/test/nemesis/main.js", words),
  "check-history": (words) => built("dist/test/nemesis/check-history.js", words),
};

/**
 * Resolves with the exit code.
 *
 * @param {string} name
 * @param {string[]} words
 */
export async function runCommand(name, words) {
  const run = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (run === undefined) {
    console.error(`There is no command "${name}". There are: ${Object.keys(commands).join(", ")}.`);
    return 2;
  }
  try {
    return await run(words);
  } catch (error) {
    if (!(error instanceof SetUpFailed)) throw error;
    console.error(error.message);
    return 1;
  }
}

/**
 * A program of the build, with these words.
 *
 * @param {string} program
 * @param {string[]} words
 */
async function built(program, words) {
  await setUp(root);
  const path = join(root, program);
  return spawnSync(process.execPath, [path, ...words], { stdio: "inherit" }).status ?? 1;
}

/**
 * A running fleet can be seen and stopped whatever state the sources are in.
 *
 * @param {string} kind
 * @param {string[]} words
 */
async function withoutBuilding(kind, words) {
  if (!existsSync(fleetProgram)) await setUp(root);
  return runFleetCommand(kind, words);
}

/**
 * @param {string} kind
 * @param {string[]} words
 * @returns {Promise<number>}
 */
async function runFleetCommand(kind, words) {
  const fleet = await import(pathToFileURL(fleetProgram).href);
  // npm runs us in the project's folder, and says where the person was.
  const folder = process.env["INIT_CWD"] ?? process.cwd();
  const surroundings = { folder, projectRoot: root, variables: process.env };
  return fleet.runFleetCommand({ kind, words, surroundings });
}
