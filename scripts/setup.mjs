// @ts-check
// Installs, generates and builds what is not up to date, and nothing else. Needs only Node and npm.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { performance } from "node:perf_hooks";
import { withLock } from "./lock.mjs";

/** A step that did not succeed; the message says which, its own output came before. */
export class SetUpFailed extends Error {}

/** What the compiler reads (tsconfig.json), and where its output mirrors it. */
const sourceFolders = ["src", "cluster", "test", "scripts"];

/**
 * Brings everything up to date. Throws `SetUpFailed`.
 *
 * @param {string} root
 */
export async function setUp(root) {
  if (isSetUp(root)) return;
  await withLock(join(root, ".setup/lock"), () => {
    install(root);
    generateTypes(root);
    build(root);
    linkCommand(root);
  });
}

/** @param {string} root */
function isSetUp(root) {
  return isInstalled(root) && areTypesGenerated(root) && isBuilt(root) && isCommandLinked(root);
}

/** @param {string} root */
function install(root) {
  if (isInstalled(root)) return;
  const npm = process.env["npm_execpath"];
  const [program, words] = npm?.endsWith(".js") ? [process.execPath, [npm]] : ["npm", []];
  step(root, {
    doing: "Installing the packages of package-lock.json",
    failure: "The packages could not be installed.",
    program,
    words: [...words, "ci", "--no-audit", "--no-fund", "--loglevel=error"],
  });
}

/**
 * Whether node_modules holds what package-lock.json asks for, by npm's own record of it.
 *
 * @param {string} root
 */
function isInstalled(root) {
  const installed = readPackages(join(root, "node_modules/.package-lock.json"));
  const locked = readPackages(join(root, "package-lock.json"));
  if (installed === undefined || locked === undefined) return false;
  return Object.entries(locked).every(([path, { version, optional }]) => {
    if (path === "") return true;
    // An optional package may be for another platform.
    const found = installed[path];
    return found === undefined ? optional === true : found.version === version;
  });
}

/**
 * @param {string} path
 * @returns {Record<string, { version: string, optional?: boolean }> | undefined}
 */
function readPackages(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")).packages : undefined;
}

/** @param {string} root */
function generateTypes(root) {
  if (areTypesGenerated(root)) return;
  step(root, {
    doing: "Generating types from proto/",
    failure: "The types could not be generated.",
    program: process.execPath,
    words: ["scripts/generate-types.mjs"],
  });
  const stamp = typesStamp(root);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, typesDigest(root));
}

/** @param {string} root */
function areTypesGenerated(root) {
  const isThere = existsSync(join(root, "src/generated/public-contract.ts"));
  return isThere && readIfThere(typesStamp(root)) === typesDigest(root);
}

/** @param {string} root */
function typesStamp(root) {
  return join(root, ".setup/types.sha256");
}

/** @param {string} root */
function typesDigest(root) {
  const generators = filesBelow(join(root, "scripts"), (path) => path.endsWith(".mjs"));
  const contracts = filesBelow(join(root, "proto"), (path) => path.endsWith(".proto"));
  return digestOf(root, [...generators, ...contracts, join(root, "package-lock.json")]);
}

/** @param {string} root */
function build(root) {
  if (isBuilt(root)) return;
  const digest = buildDigest(root);
  step(root, {
    doing: "Building",
    failure: "The build failed.",
    program: process.execPath,
    words: ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"],
  });
  copyGenerated(root);
  sweep(root);
  writeFileSync(buildStamp(root), digest);
}

/** @param {string} root */
function isBuilt(root) {
  return readIfThere(buildStamp(root)) === buildDigest(root);
}

/** In the output itself: who removes dist/ removes the claim that it is up to date.
 * @param {string} root */
function buildStamp(root) {
  return join(root, "dist/.sources.sha256");
}

/** @param {string} root */
function buildDigest(root) {
  const sources = sourceFolders.flatMap((folder) =>
    filesBelow(
      join(root, folder),
      (path) => /\.(ts|json)$/.test(path) || path.includes("src/generated/"),
    ),
  );
  const settings = ["tsconfig.json", "package.json", "package-lock.json"];
  return digestOf(root, [...sources, ...settings.map((name) => join(root, name))]);
}

/** The compiler reads the generated codecs, but leaves copying them to us.
 * @param {string} root */
function copyGenerated(root) {
  const from = join(root, "src/generated");
  const isCopied = (/** @type {string} */ path) => path.endsWith(".js") || path.endsWith(".d.ts");
  for (const path of filesBelow(from, isCopied)) {
    cpSync(path, join(root, "dist/src/generated", relative(from, path)));
  }
}

/** Removes the output of sources that are gone: a deleted test would run for ever.
 * @param {string} root */
function sweep(root) {
  const output = join(root, "dist");
  for (const folder of sourceFolders) {
    for (const path of filesBelow(join(output, folder), () => true)) {
      const stem = relative(output, path).replace(/\.(js|js\.map|d\.ts|d\.ts\.map)$/, "");
      const sources = ["", ".ts", ".js", ".d.ts"].map((ending) => join(root, stem + ending));
      if (!sources.some((source) => existsSync(source))) rmSync(path);
    }
  }
}

/** `npx` looks in node_modules/.bin, where npm links the commands of every package but our own.
 * @param {string} root */
function linkCommand(root) {
  if (isCommandLinked(root)) return;
  const { link, program, target } = commandPaths(root);
  chmodSync(program, 0o755);
  mkdirSync(dirname(link), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync(target, link);
}

/** @param {string} root */
function isCommandLinked(root) {
  const { link, program, target } = commandPaths(root);
  if (!existsSync(program)) return true;
  if ((statSync(program).mode & 0o100) === 0) return false;
  try {
    return readlinkSync(link) === target;
  } catch {
    return false;
  }
}

/** @param {string} root */
function commandPaths(root) {
  const program = join(root, "dist/src/cli/main.js");
  const link = join(root, "node_modules/.bin/holdfast");
  return { program, link, target: relative(dirname(link), program) };
}

/**
 * One line: what is done, and how long it took. What the program said is shown when it failed.
 *
 * @param {string} root
 * @param {{ doing: string, failure: string, program: string, words: string[] }} work
 */
function step(root, { doing, failure, program, words }) {
  process.stdout.write(`${doing} … `);
  const begun = performance.now();
  const { status, error, stdout, stderr } = spawnSync(program, words, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 1 << 26,
  });
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  console.log(status === 0 ? `${seconds} s` : `failed after ${seconds} s`);
  if (status === 0) return;
  console.error(error === undefined ? `${stdout}${stderr}`.trimEnd() : error.message);
  throw new SetUpFailed(failure);
}

/**
 * Of names and contents, in an order that does not depend on the disk.
 *
 * @param {string} root
 * @param {string[]} paths
 */
function digestOf(root, paths) {
  const hash = createHash("sha256").update(process.versions.node);
  for (const path of [...paths].sort()) {
    const content = readFileSync(path);
    hash.update(`\n${relative(root, path)} ${content.length}\n`).update(content);
  }
  return hash.digest("hex");
}

/**
 * @param {string} folder
 * @param {(path: string) => boolean} isWanted
 * @returns {string[]}
 */
function filesBelow(folder, isWanted) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter(isWanted);
}

/** @param {string} path */
function readIfThere(path) {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}
