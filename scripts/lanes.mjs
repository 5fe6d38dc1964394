// @ts-check
// Runs programs side by side, some at a time, and shows what each said, whole, when it has ended.
import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import { performance } from "node:perf_hooks";
import { setImmediate } from "node:timers";

/**
 * `words`: what Node is given. `tally`: what came of it, by its exit code.
 *
 * @typedef {{ passed: number, failed: number, skipped: number }} Tally
 * @typedef {{
 *   name: string,
 *   words: string[],
 *   environment: NodeJS.ProcessEnv,
 *   tally: (status: number) => Tally,
 * }} Job
 */

/**
 * Runs every job once, in this order, as many at a time as there are lanes.
 *
 * @param {string} root
 * @param {readonly Job[]} jobs
 * @param {number} lanes
 * @returns {Promise<Tally[]>}
 */
export async function runInLanes(root, jobs, lanes) {
  const waiting = [...jobs];
  /** @type {Tally[]} */
  const tallies = [];
  const runNext = async () => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      tallies.push(await runJob(root, job));
    }
  };
  await Promise.all(Array.from({ length: lanes }, runNext));
  return tallies;
}

/**
 * @param {string} root
 * @param {Job} job
 * @returns {Promise<Tally>}
 */
async function runJob(root, job) {
  const begun = performance.now();
  const { status, said } = await run(root, job);
  process.stdout.write(`\n· ${job.name}\n${said}`);
  return announced(job.name, begun, job.tally(status));
}

/**
 * @param {string} name
 * @param {number} begun
 * @param {Tally} tally
 */
export function announced(name, begun, tally) {
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  console.log(`${tally.failed === 0 ? "✓" : "✗"} ${name}, ${seconds} s`);
  return tally;
}

/**
 * @param {string} root
 * @param {Job} job
 * @returns {Promise<{ status: number, said: string }>}
 */
function run(root, { words, environment }) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, words, {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      env: environment,
    });
    /** @type {Buffer[]} */
    const said = [];
    child.stdout.on("data", (bytes) => said.push(bytes));
    child.stderr.on("data", (bytes) => said.push(bytes));
    child.on("error", reject);
    // Not `close`: what a test started and left behind would keep the pipes open.
    child.on("exit", (code) => {
      setImmediate(() => {
        child.stdout.destroy();
        child.stderr.destroy();
        resolve({ status: code ?? 1, said: Buffer.concat(said).toString("utf8") });
      });
    });
  });
}
