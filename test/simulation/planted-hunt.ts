// Plants bugs, one at a time, in a copy of the compiled program, and lets the simulator loose on
// it. The sources are patched, never the program that ships: there is no switch in it.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import { plantedBugs, type PlantedBug } from "./planted-bugs.ts";
import { runFleet, type FleetSummary } from "./simulation-fleet.ts";

const compiledRoot = join(import.meta.dirname, "../..");
const projectRoot = rootAbove(compiledRoot);

const compilerOptions: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.ESNext,
  rewriteRelativeImportExtensions: true,
  verbatimModuleSyntax: true,
  inlineSourceMap: true,
};

interface Hunted {
  readonly bug: PlantedBug;
  /** Nothing was found in all the seeds. */
  readonly seed: number | undefined;
  readonly seeds: number;
  readonly event: number;
  readonly finding: string;
}

/** Hunts for one bug, or for `all`. The exit code says whether each was found. */
export async function plantAndHunt(name: string, seeds: number): Promise<number> {
  const wanted = plantedBugs.filter((bug) => name === "all" || bug.name === name);
  if (wanted.length === 0) {
    console.error(`There is no planted bug "${name}". There are:`);
    for (const bug of plantedBugs) console.error(`  ${bug.name}`);
    return 2;
  }
  let escaped = 0;
  for (const bug of wanted) {
    const hunted = await hunt(bug, seeds);
    if (hunted.seed === undefined) escaped += 1;
    console.log(describeHunt(hunted));
  }
  console.log(`${String(wanted.length - escaped)} of ${String(wanted.length)} planted bugs found`);
  return escaped === 0 ? 0 : 1;
}

async function hunt(bug: PlantedBug, seeds: number): Promise<Hunted> {
  const folder = plant(bug);
  try {
    const summary = await runFleet({
      budget: { firstSeed: 1, seeds, hours: Infinity, seedMs: 600_000 },
      stopAt: "first failure",
      workerFile: join(folder, "test/simulation/simulate-worker.js"),
    });
    return { bug, ...firstOf(summary) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function firstOf({ failures, seeds }: FleetSummary): Omit<Hunted, "bug"> {
  const [first] = [...failures].sort((one, other) => one.seed - other.seed);
  if (first?.failure === undefined) return { seed: undefined, seeds, event: 0, finding: "" };
  const { event, finding } = first.failure;
  // No finding of the simulator: the program itself does not run.
  if (event === 0) throw new Error(`Cannot hunt: ${finding}`);
  return { seed: first.seed, seeds, event, finding: finding.split("\n")[0] ?? "" };
}

function describeHunt({ bug, seed, seeds, event, finding }: Hunted): string {
  if (seed === undefined) return `| ${bug.name} | NOT FOUND | ${String(seeds)} seeds | |`;
  return `| ${bug.name} | ${finding} | ${String(seed)} | ${String(event)} |`;
}

/** The compiled program with one source changed. Returns where it is. */
function plant({ name, file, find, replace }: PlantedBug): string {
  const source = readFileSync(join(projectRoot, file), "utf8");
  const count = source.split(find).length - 1;
  if (count !== 1) {
    throw new Error(`Cannot plant "${name}": ${file} has its place ${String(count)} times`);
  }
  const folder = join(projectRoot, ".setup/planted", name.replaceAll(/[^a-z]+/g, "-"));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(join(compiledRoot, "src"), join(folder, "src"), { recursive: true });
  cpSync(join(compiledRoot, "test/simulation"), join(folder, "test/simulation"), {
    recursive: true,
  });
  const { outputText } = ts.transpileModule(
    source.replace(find, () => replace),
    { compilerOptions, fileName: file },
  );
  writeFileSync(join(folder, file.replace(/\.ts$/, ".js")), outputText);
  return folder;
}

function rootAbove(folder: string): string {
  if (existsSync(join(folder, "package.json"))) return folder;
  const above = dirname(folder);
  if (above === folder) throw new Error("the sources are not there");
  return rootAbove(above);
}
