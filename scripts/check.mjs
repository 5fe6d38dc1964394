// @ts-check
// `npm test`: every check in turn, each with its time, and at the end one line of what came of it.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setUp, SetUpFailed } from "./setup.mjs";

/** @typedef {{ passed: number, failed: number, skipped: number }} Tally */

const tests = "dist/test/**/*.test.js";

/** @type {readonly { name: string, program: string, words: string[] }[]} */
const stages = [
  { name: "lint", program: "eslint/bin/eslint.js", words: ["--max-warnings", "0", "."] },
  { name: "format", program: "prettier/bin/prettier.cjs", words: ["--check", "."] },
  { name: "unused", program: "knip/bin/knip.js", words: ["--no-progress"] },
];

/**
 * Runs all checks, or with words for mocha the tests alone. Resolves with the exit code.
 *
 * @param {string} root
 * @param {string[]} words
 */
export async function check(root, words) {
  const tallies = [await checkTypes(root)];
  const isBuilt = tallies[0]?.failed === 0;
  if (words.length === 0 && isBuilt) {
    for (const stage of stages) {
      tallies.push(timed(stage.name, () => runStage(root, stage)));
    }
  }
  if (isBuilt) tallies.push(timed("tests", () => runTests(root, words)));
  else console.error("Without a build there is nothing to check: the other stages did not run.");
  return conclude(tallies);
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
 * @param {string} root
 * @param {{ program: string, words: string[] }} stage
 * @returns {Tally}
 */
function runStage(root, { program, words }) {
  const isGood = runPackage(root, program, words) === 0;
  return { passed: isGood ? 1 : 0, failed: isGood ? 0 : 1, skipped: 0 };
}

/**
 * Coverage is looked at, never gated; a run of some of the tests would show nothing.
 *
 * @param {string} root
 * @param {string[]} words
 * @returns {Tally}
 */
function runTests(root, words) {
  const counts = join(root, ".setup/test-counts.json");
  mkdirSync(join(root, ".setup"), { recursive: true });
  rmSync(counts, { force: true });
  const namesFiles = words.some((word) => word.endsWith(".js"));
  const mocha = [
    ...["--reporter", join(root, "scripts/counting-reporter.mjs")],
    ...["--reporter-option", `counts=${counts}`],
    // A test that may be left out on somebody's machine is a test that CI runs.
    ...(process.env["CI"] === "true" ? ["--forbid-pending"] : []),
    ...words,
    ...(namesFiles ? [] : [tests]),
  ];
  const status =
    words.length > 0
      ? runPackage(root, "mocha/bin/mocha.js", mocha)
      : runPackage(root, "c8/bin/c8.js", [
          process.execPath,
          join(root, "node_modules/mocha/bin/mocha.js"),
          ...mocha,
        ]);
  return talliedFrom(counts, status);
}

/**
 * @param {string} counts
 * @param {number} status
 * @returns {Tally}
 */
function talliedFrom(counts, status) {
  if (!existsSync(counts)) {
    console.error("The tests ended before they were counted.");
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const { passes, failures, pending } = JSON.parse(readFileSync(counts, "utf8"));
  if (passes + failures === 0) console.error("No test ran.");
  const isSoundRun = status === 0 && passes > 0;
  return { passed: passes, failed: isSoundRun ? 0 : Math.max(failures, 1), skipped: pending };
}

/**
 * @param {string} root
 * @param {string} program
 * @param {string[]} words
 */
function runPackage(root, program, words) {
  const path = join(root, "node_modules", program);
  return spawnSync(process.execPath, [path, ...words], { cwd: root, stdio: "inherit" }).status ?? 1;
}

/**
 * @param {string} name
 * @param {() => Tally} work
 */
function timed(name, work) {
  console.log(`\n· ${name}`);
  return announced(name, performance.now(), work());
}

/**
 * @param {string} name
 * @param {number} begun
 * @param {Tally} tally
 */
function announced(name, begun, tally) {
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  console.log(`${tally.failed === 0 ? "✓" : "✗"} ${name}, ${seconds} s`);
  return tally;
}

/** @param {Tally[]} tallies */
function conclude(tallies) {
  const sum = (/** @type {keyof Tally} */ key) =>
    tallies.reduce((total, tally) => total + tally[key], 0);
  const skipped = sum("skipped") === 0 ? "" : `, ${sum("skipped")} skipped`;
  console.log(`\n${sum("passed")} passed, ${sum("failed")} failed${skipped}`);
  return sum("failed") === 0 ? 0 : 1;
}
