// The examples of src/client/README.md: each is a whole program, whose types are checked and which
// is run, in order, against a real region; what it prints is what the page says that it prints.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { after, before, describe, it } from "mocha";
import ts from "typescript";
import { packageFolder } from "../../src/base/package-folder.ts";
import { TestRegion } from "../system/test-region.ts";

interface Example {
  readonly heading: string;
  readonly program: string;
  readonly prints: string;
}

const run = promisify(execFile);
const folder = join(import.meta.dirname, "readme-examples");
const client = join(import.meta.dirname, "../../src/client/client");
const examples = examplesIn(readFileSync(join(packageFolder(), "src/client/README.md"), "utf8"));
const files = examples.map((_, at) => join(folder, `example-${at}.mts`));

describe("the README of the client", function () {
  this.timeout(120_000);

  let region: TestRegion;

  before(async () => {
    mkdirSync(folder, { recursive: true });
    for (const [at, file] of files.entries()) writeFileSync(file, examples[at]?.program ?? "");
    region = await TestRegion.open();
  });

  after(async () => {
    await region[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  it("has an example for everything it tells of", () => {
    assert.deepEqual(
      examples.map(({ heading }) => heading),
      [
        "Connect",
        "Write and read",
        "Many at once",
        "List all pages",
        "Errors",
        "Cache",
        "A password that is not accepted any more",
        "Watch",
      ],
    );
  });

  it("names the package as it is published", () => {
    const { exports } = JSON.parse(readFileSync(join(packageFolder(), "package.json"), "utf8")) as {
      readonly exports: Readonly<Record<string, { readonly default: string }>>;
    };

    assert.equal(exports["./client"]?.default, "./dist/src/client/client.js");
    for (const { program } of examples) assert.match(program, /from "holdfast\/client";/);
  });

  it("has examples whose types are right", () => {
    assert.deepEqual(compile(files), []);
  });

  for (const [at, { heading, prints }] of examples.entries()) {
    it(`shows a program that runs: ${heading}`, async () => {
      const file = join(folder, `example-${at}.mjs`);
      const built = readFileSync(file, "utf8");
      writeFileSync(file, built.replace('"holdfast/client"', JSON.stringify(`${client}.js`)));

      const { stdout, stderr } = await run(process.execPath, [file], {
        env: { PATH: process.env["PATH"], ...region.environment },
        timeout: 60_000,
      });

      assert.equal(stdout, prints);
      assert.equal(stderr, "");
    });
  }
});

/** Every block of TypeScript, the heading above it, and the block of text below it. */
function examplesIn(page: string): readonly Example[] {
  return page.split(/^## /m).flatMap((section) => {
    const [, program] = /^```ts\n(.*?)^```$/ms.exec(section) ?? [];
    const [, prints = ""] = /^```text\n(.*?)^```$/ms.exec(section) ?? [];
    const [heading = ""] = section.split("\n");
    return program === undefined ? [] : [{ heading, program, prints }];
  });
}

/** Makes a program that Node runs beside each file, and says what is wrong with any. */
function compile(programs: readonly string[]): readonly string[] {
  const compiler = ts.createProgram(programs, {
    target: ts.ScriptTarget.ES2022,
    lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts"],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    paths: { "holdfast/client": [`${client}.d.ts`] },
    typeRoots: [join(packageFolder(), "node_modules/@types")],
    types: ["node"],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
  });
  const { diagnostics } = compiler.emit();
  return [...ts.getPreEmitDiagnostics(compiler), ...diagnostics].map(({ file, messageText }) => {
    return `${file?.fileName ?? ""}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
  });
}
