// @ts-check
// Makes src/generated/ from proto/. Run before the compiler; does nothing when nothing changed.
//
//   src/generated/public/               types of the raw messages, for grpc-js (proto-loader)
//   src/generated/public-contract.ts    the messages as our code reads them, and their shapes
//   src/generated/internal.{js,d.ts}    codecs of what only nodes read (protobufjs, static)
//   src/generated/rpc-status.{js,d.ts}  codecs of google.rpc.Status and its details, the same way
//
// An argument names another folder with a proto/ to work on: the tests use it.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { contractSource } from "./public-contract-source.mjs";

const code = resolve(import.meta.dirname, "..");
const root = resolve(process.argv[2] ?? code);
const generated = join(root, "src/generated");
const stateFile = join(root, ".setup/generated.sha256");
const { resolve: resolvePackage } = createRequire(import.meta.url);

const publicProtos = protosIn("holdfast/v1");
const internalProtos = protosIn("holdfast/internal/v1");
const statusProtos = protosIn("google/rpc");
const inputs = inputHash();
if (upToDate()) process.exit(0);

mkdirSync(generated, { recursive: true });
generatePublic();
if (internalProtos.length > 0) generateCodecs("internal", internalProtos, []);
// A root of its own: modules that share one take each other's packages away.
if (statusProtos.length > 0) generateCodecs("rpc-status", statusProtos, ["-r", "rpc-status"]);
mkdirSync(dirname(stateFile), { recursive: true });
writeFileSync(stateFile, `${inputs}\n`);

function generatePublic() {
  // Written elsewhere and moved into place: a compiler that runs meanwhile sees whole files only.
  const fresh = freshFolder();
  runTool("@grpc/proto-loader/build/bin/proto-loader-gen-types.js", [
    // The options of loading at run time are those of src/base/public-services.ts.
    ...["--importFileExtension=.js", "--longs=String", "--enums=String", "--bytes=Buffer"],
    ...["--oneofs", "--grpcLib=@grpc/grpc-js", "--includeDirs=proto", `--outDir=${fresh}`],
    // A file without a service would only add an empty package that the compiler complains of.
    ...publicProtos.filter((file) =>
      /^service /m.test(readFileSync(join(root, "proto", file), "utf8")),
    ),
  ]);
  rmSync(join(generated, "public"), { recursive: true, force: true });
  renameSync(fresh, join(generated, "public"));
  replace(join(generated, "public-contract.ts"), contractSource(join(root, "proto"), publicProtos));
}

/** @param {string} name @param {string[]} protos @param {string[]} extra */
function generateCodecs(name, protos, extra) {
  const folder = freshFolder();
  const fresh = join(folder, `${name}.js`);
  const flags = ["-t", "static-module", "-w", "es6", "--es6", "--no-create", "--no-verify"];
  runTool("protobufjs-cli/bin/pbjs", [
    ...flags,
    ...["--no-convert", "--no-delimited", "--no-service", "--no-typeurl", "--force-number"],
    ...["-p", "proto", "-o", fresh, ...extra],
    ...protos.map((file) => join("proto", file)),
  ]);
  const types = join(folder, `${name}.d.ts`);
  runTool("protobufjs-cli/bin/pbts", ["-o", types, fresh]);
  // An absent field may be given as undefined: our records say so of theirs.
  const text = readFileSync(types, "utf8").replaceAll("|null);", "|null|undefined);");
  replace(join(generated, `${name}.d.ts`), text);
  renameSync(fresh, join(generated, `${name}.js`));
  rmSync(folder, { recursive: true });
}

/** @param {string} tool @param {string[]} args */
function runTool(tool, args) {
  const stdio = /** @type {const} */ (["ignore", "ignore", "inherit"]);
  execFileSync(process.execPath, [resolvePackage(tool), ...args], { cwd: root, stdio });
}

function upToDate() {
  const outputs = ["public/secrets_manager.ts", "public-contract.ts"];
  if (internalProtos.length > 0) outputs.push("internal.js", "internal.d.ts");
  if (statusProtos.length > 0) outputs.push("rpc-status.js", "rpc-status.d.ts");
  if (!outputs.every((file) => existsSync(join(generated, file)))) return false;
  return existsSync(stateFile) && readFileSync(stateFile, "utf8").trim() === inputs;
}

/** Everything that decides the outputs: the protos, these scripts and the versions of the tools. */
function inputHash() {
  const hash = createHash("sha256");
  const named = [...publicProtos, ...internalProtos, ...statusProtos];
  const protos = named.map((file) => join(root, "proto", file));
  const scripts = ["scripts/generate-types.mjs", "scripts/public-contract-source.mjs"];
  const tools = ["@grpc/proto-loader/package.json", "protobufjs-cli/package.json"];
  const files = [
    ...protos,
    ...scripts.map((file) => join(code, file)),
    ...tools.map((file) => resolvePackage(file)),
  ];
  for (const file of files) {
    hash
      .update(`${file.slice(root.length)}\0`)
      .update(readFileSync(file))
      .update("\0");
  }
  return hash.digest("hex");
}

/** @param {string} folder */
function protosIn(folder) {
  const path = join(root, "proto", folder);
  if (!existsSync(path)) return [];
  const files = readdirSync(path).filter((file) => file.endsWith(".proto"));
  return files.sort().map((file) => `${folder}/${file}`);
}

/** @param {string} file @param {string} text */
function replace(file, text) {
  const fresh = join(freshFolder(), "file");
  writeFileSync(fresh, text);
  renameSync(fresh, file);
  rmSync(dirname(fresh), { recursive: true });
}

/** Outside src/, where no compiler looks, and on the same disk, so that a rename is enough. */
function freshFolder() {
  mkdirSync(join(root, ".setup"), { recursive: true });
  return mkdtempSync(join(root, ".setup/generating-"));
}
