// @ts-check
// How the compiled tests are run: a mocha process for each suite that takes long, most of them
// because they wait for processes they have started, and one for all the others together.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative, sep } from "node:path";

/** @typedef {import("./lanes.mjs").Tally} Tally */
/** @typedef {import("./lanes.mjs").Job} Job */

/** Below dist/test: every file in them is a job of its own. */
const folders = ["simulation", "system", "cluster", "cli", "fuzz", "conformance", "model"];

/** Below dist/test: each of them is one job, the longest first. */
const wholeFolders = ["storage", "services", "consensus", "server", "client"];

/** They take longest, so they begin first. */
const longest = [
  "simulation/node-simulation",
  "fuzz/fuzz",
  "system/clients",
  "cluster/local-fleet",
  "system/bit-flip",
  "system/stop-start",
];

/** What these promise is promised on a machine that does nothing else. */
const alone = ["system/leader-kill"];

/** A test that may be left out on somebody's machine is a test that CI runs. */
const mochaFlags = process.env["CI"] === "true" ? ["--forbid-pending"] : [];

/**
 * Every test file in one job. Those `alone` are to be run one at a time, after the others.
 *
 * @param {string} root
 * @param {NodeJS.ProcessEnv} environment
 * @returns {{ shared: Job[], alone: Job[] }}
 */
export function testJobs(root, environment) {
  const tests = join(root, "dist/test");
  const nameOf = (/** @type {string} */ file) =>
    relative(tests, file)
      .replaceAll(sep, "/")
      .replace(/\.test\.js$/, "");
  const files = readdirSync(tests, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".test.js"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const folderOf = (/** @type {string} */ file) => nameOf(file).split("/")[0] ?? "";
  const own = files.filter((file) => folders.includes(folderOf(file)));
  const isOfWhole = (/** @type {string} */ file) => wholeFolders.includes(folderOf(file));
  const rest = files.filter((file) => !own.includes(file) && !isOfWhole(file));
  const folderJobs = wholeFolders.map((folder) => {
    const inside = files.filter((file) => folderOf(file) === folder);
    return { ...mochaJob(root, folder, inside), environment };
  });
  const rank = (/** @type {string} */ file) => longest.toReversed().indexOf(nameOf(file));
  const inOrder = own.toSorted((one, other) => rank(other) - rank(one));
  const isAlone = (/** @type {string} */ file) => alone.includes(nameOf(file));
  const jobOf = (/** @type {string} */ file) => ({
    ...mochaJob(root, nameOf(file), [file]),
    environment,
  });
  return {
    shared: [
      ...folderJobs,
      { ...mochaJob(root, "all others", rest), environment },
      ...inOrder.filter((file) => !isAlone(file)).map(jobOf),
    ],
    alone: inOrder.filter(isAlone).map(jobOf),
  };
}

/**
 * One mocha process. Words for mocha are given to it after ours.
 *
 * @param {string} root
 * @param {string} name
 * @param {readonly string[]} words
 * @returns {Job}
 */
export function mochaJob(root, name, words) {
  const folder = join(root, ".setup/test-counts");
  const counts = join(folder, `${name.replaceAll(/\W/g, "-")}.json`);
  mkdirSync(folder, { recursive: true });
  rmSync(counts, { force: true });
  return {
    name: `tests: ${name}`,
    words: [
      join(root, "node_modules/mocha/bin/mocha.js"),
      ...["--reporter", join(root, "scripts/counting-reporter.mjs")],
      ...["--reporter-option", `counts=${counts}`],
      ...mochaFlags,
      ...words,
    ],
    environment: process.env,
    tally: (status) => tallyFrom(counts, status),
  };
}

/**
 * A run that ended before it had counted, ran no test, or ended badly after its last, has failed.
 *
 * @param {string} counts
 * @param {number} status
 * @returns {Tally}
 */
function tallyFrom(counts, status) {
  if (!existsSync(counts)) {
    console.error("The tests ended before they were counted.");
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const { passes, failures, pending } = JSON.parse(readFileSync(counts, "utf8"));
  if (passes + failures === 0) console.error("No test ran.");
  const isSoundRun = status === 0 && passes > 0;
  return { passed: passes, failed: isSoundRun ? 0 : Math.max(failures, 1), skipped: pending };
}
