// @ts-check
// What `npm start`, `npm test` and the others call: `node scripts/run.mjs <command> [flags]`.
// Runs before anything is installed, so it needs nothing but Node itself.
const [command = "", ...words] = process.argv.slice(2);

/** What our dependencies support, all taken together (`engines` in package-lock.json). */
const wanted = "Node.js 20.19 or later in line 20, 22.13 or later in line 22, or 24 and later";

if (isSupported(process.versions.node)) {
  const { runCommand } = await import("./workshop.mjs");
  process.exitCode = await runCommand(command, words);
} else {
  console.error(`Holdfast needs ${wanted}; this is ${process.versions.node}.`);
  process.exitCode = 1;
}

/** @param {string} version */
function isSupported(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major === 20) return minor >= 19;
  if (major === 22) return minor >= 13;
  return major >= 24;
}
