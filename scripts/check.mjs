// @ts-check
// `npm test`: every check, each with its time, and at the end one line of what came of it.
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { announced, runInLanes } from "./lanes.mjs";
import { setUp, SetUpFailed } from "./setup.mjs";
import { mochaJob, testJobs } from "./test-jobs.mjs";

/** @typedef {import("./lanes.mjs").Tally} Tally */
/** @typedef {import("./lanes.mjs").Job} Job */

const allTests = "dist/test/**/*.test.js";

/** Of two checks, one often waits: for a process it has started, a disk, a timeout. */
const lanes = 2;

/**
 * Runs all checks, or with words for mocha the tests alone. Resolves with the exit code.
 *
 * @param {string} root
 * @param {string[]} words
 */
export async function check(root, words) {
  const types = await checkTypes(root);
  if (types.failed > 0) {
    console.error("Without a build there is nothing to check: the other checks did not run.");
    return conclude([types]);
  }
  if (words.length > 0) return conclude([types, runSomeTests(root, words)]);
  return conclude([types, ...(await runEverything(root))]);
}

/** @param {string} root */
async function checkTypes(root) {
  const begun = performance.now();
  try {
    await setUp(root);
  } catch (error) {
    if (!(error instanceof SetUpFailed)) throw error;
    console.error(error.message);
    return announced("types", begun, { passed: 0, failed: 1, skipped: 0 });
  }
  return announced("types", begun, { passed: 1, failed: 0, skipped: 0 });
}

/**
 * Coverage is looked at, never gated; a run of some of the tests would show nothing.
 *
 * @param {string} root
 */
async function runEverything(root) {
  const coverage = join(root, "coverage/tmp");
  rmSync(coverage, { recursive: true, force: true });
  const environment = { ...process.env, NODE_V8_COVERAGE: coverage };
  const tests = testJobs(root, environment);
  const shared = [...tests.shared, ...staticChecks(root)];
  const tallies = [
    ...(await runInLanes(root, shared, lanes)),
    ...(await runInLanes(root, tests.alone, 1)),
  ];
  runNode(root, [join(root, "node_modules/c8/bin/c8.js"), "report", "--temp-directory", coverage]);
  return tallies;
}

/**
 * @param {string} root
 * @returns {Job[]}
 */
function staticChecks(root) {
  const tally = (/** @type {number} */ status) =>
    status === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };
  const job = (
    /** @type {string} */ name,
    /** @type {string} */ program,
    /** @type {string[]} */ flags,
  ) => ({
    name,
    words: [join(root, "node_modules", program), ...flags],
    environment: process.env,
    tally,
  });
  return [
    job("lint", "eslint/bin/eslint.js", ["--max-warnings", "0", "."]),
    job("format", "prettier/bin/prettier.cjs", ["--check", "."]),
    job("unused", "knip/bin/knip.js", ["--no-progress"]),
  ];
}

/**
 * @param {string} root
 * @param {string[]} words
 */
function runSomeTests(root, words) {
  const namesFiles = words.some((word) => word.endsWith(".js"));
  const job = mochaJob(root, "some", [...words, ...(namesFiles ? [] : [allTests])]);
  const begun = performance.now();
  return announced("tests", begun, job.tally(runNode(root, job.words)));
}

/**
 * @param {string} root
 * @param {readonly string[]} words
 */
function runNode(root, words) {
  return spawnSync(process.execPath, words, { cwd: root, stdio: "inherit" }).status ?? 1;
}

/** @param {readonly Tally[]} tallies */
function conclude(tallies) {
  const sum = (/** @type {keyof Tally} */ key) =>
    tallies.reduce((total, tally) => total + tally[key], 0);
  const skipped = sum("skipped") === 0 ? "" : `, ${sum("skipped")} skipped`;
  console.log(`\n${sum("passed")} passed, ${sum("failed")} failed${skipped}`);
  return sum("failed") === 0 ? 0 : 1;
}
