// `npm run test:conformance [-- --against-moto]`: the tables without the other tests. Over both
// faces of a node; or against moto, where every difference is explained in moto-differences.ts or
// is a failure.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { parseArgs } from "node:util";
import { findFreePorts } from "../../cluster/local/free-ports.ts";
import type { Face } from "./aws-answer.ts";
import { allCases, ownName } from "./all-cases.ts";
import type { ConformanceCase } from "./conformance-case.ts";
import { jsonFace } from "./json-face.ts";
import { explanationOf, type MotoOutcome } from "./moto-differences.ts";
import { home, openFace, type FaceName } from "./one-node-region.ts";
import { runCase } from "./run-case.ts";

const { values } = parseArgs({
  options: { "against-moto": { type: "boolean", default: false } },
  strict: true,
});

process.exit(values["against-moto"] ? await againstMoto() : await overBothFaces());

async function overBothFaces(): Promise<number> {
  let failures = 0;
  for (const name of ["https", "grpc"] satisfies readonly FaceName[]) {
    await using face = await openFace(name);
    const cases = allCases.filter(({ only }) => only === undefined || only === name);
    for (const one of cases) {
      const failure = await failureOf(one, face, { account: home.account, faceName: name });
      if (failure === undefined) continue;
      failures += 1;
      console.error(`${name}, ${one.row}: ${one.says}\n${failure}\n`);
    }
    console.log(`${cases.length} cases over ${name}, ${failures} failures so far`);
  }
  return failures === 0 ? 0 : 1;
}

async function againstMoto(): Promise<number> {
  const found = spawnSync("python3", ["-m", "moto.server", "--help"], { stdio: "ignore" });
  if (found.status !== 0) {
    console.error("moto is not installed: pip install 'moto[server,secretsmanager]'");
    return 1;
  }
  await using moto = await openMoto();
  const outcomes = new Map<MotoOutcome, number>();
  for (const one of allCases) {
    const failure = await failureOf(one, moto, { account: "123456789012", faceName: "https" });
    const explanation = failure === undefined ? undefined : explanationOf(one, failure);
    const outcome = outcomeOf(failure, explanation);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    if (outcome === "alike") continue;
    console.log(`${outcome}: ${one.row}: ${one.says}`);
    if (failure !== undefined) console.log(`    ${firstLines(failure)}`);
    if (explanation !== undefined) console.log(`    ours, because: ${explanation}`);
  }
  const counts = [...outcomes].map(([outcome, count]) => `${count} ${outcome}`);
  console.log(`${allCases.length} cases against moto: ${counts.join(", ")}`);
  return outcomes.has("not explained") ? 1 : 0;
}

function outcomeOf(failure: string | undefined, explanation: string | undefined): MotoOutcome {
  if (failure === undefined) return "alike";
  return explanation === undefined ? "not explained" : "explained";
}

/** A moto of its own, on plain HTTP; it ends with the scope. */
async function openMoto(): Promise<Face> {
  const [port = 0] = await findFreePorts(1);
  const moto = spawn("python3", ["-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)], {
    stdio: "ignore",
  });
  const { region } = home;
  const keys = { accessKeyId: "AKIAMOTO", secretAccessKey: "moto" };
  // 16 #1: moto answers 404 for what is not found. Every such case would differ.
  const face = jsonFace({ port, region, ...keys, statuses: "ignored" });
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const answer = await face.call("ListSecrets", {}).catch(() => undefined);
    if (answer !== undefined) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    call: (operation, request) => face.call(operation, request),
    [Symbol.asyncDispose]: async () => {
      await face[Symbol.asyncDispose]();
      moto.kill();
      await once(moto, "exit");
    },
  };
}

interface Place {
  readonly account: string;
  readonly faceName: FaceName;
}

async function failureOf(
  one: ConformanceCase,
  face: Face,
  { account, faceName }: Place,
): Promise<string | undefined> {
  try {
    await runCase(one, {
      face,
      name: ownName(allCases.indexOf(one)),
      home: { region: home.region, account },
      emptyLists: faceName === "https" ? "kept" : "left out",
    });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function firstLines(text: string): string {
  return text.split("\n").slice(0, 12).join("\n    ");
}
