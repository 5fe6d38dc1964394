import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, it } from "mocha";
import { packageFolder } from "../../src/base/package-folder.ts";

const script = join(packageFolder(), "scripts/generate-types.mjs");
// Not holdfast's own package: every static module of a process hangs its messages on one root, and
// this one would take the place of the real codecs for all tests that come after.
const internal = `syntax = "proto3";
package scratch.v1;
message Entry { uint64 index = 1; bytes body = 2; }
`;

interface Codec {
  readonly encode: (message: object) => { readonly finish: () => Uint8Array };
  readonly decode: (bytes: Uint8Array) => { readonly body: Uint8Array };
}

describe("generate-types", function () {
  this.timeout(30_000);

  it("makes types and codecs that load, and makes them anew only when a .proto changed", async () => {
    await using folder = await packageCopy();
    const contract = join(folder.path, "src/generated/public-contract.ts");
    const codecs = join(folder.path, "src/generated/internal.js");

    execFileSync(process.execPath, [script, folder.path]);
    const first = await stat(contract);
    execFileSync(process.execPath, [script, folder.path]);
    const second = await stat(contract);
    await writeFile(join(folder.path, "proto/holdfast/internal/v1/entry.proto"), `${internal}\n`);
    execFileSync(process.execPath, [script, folder.path]);
    const third = await stat(contract);

    assert.equal(second.ino, first.ino);
    assert.notEqual(third.ino, first.ino);
    assert.match(await readFile(contract, "utf8"), /^export interface CreateSecretRequest \{$/m);
    assert.match(await readFile(codecs, "utf8"), /from "protobufjs\/minimal\.js"/);
    assert.match(
      await readFile(join(folder.path, "src/generated/internal.d.ts"), "utf8"),
      /class Entry/,
    );
    const { Entry } = await loadCodecs(codecs);
    const bytes = Entry.encode({ index: 1, body: Uint8Array.of(7) }).finish();
    assert.deepEqual(Uint8Array.from(Entry.decode(bytes).body), Uint8Array.of(7));
  });
});

async function loadCodecs(file: string): Promise<{ readonly Entry: Codec }> {
  const module = (await import(pathToFileURL(file).href)) as {
    readonly scratch: { readonly v1: { readonly Entry: Codec } };
  };
  return module.scratch.v1;
}

/** A package with the real public contract and an internal one of a single message. */
async function packageCopy(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "holdfast-generate-"));
  await mkdir(join(path, "proto/holdfast/internal/v1"), { recursive: true });
  await cp(join(packageFolder(), "proto/holdfast/v1"), join(path, "proto/holdfast/v1"), {
    recursive: true,
  });
  await writeFile(join(path, "proto/holdfast/internal/v1/entry.proto"), internal);
  await writeFile(join(path, "package.json"), '{"type":"module"}');
  await symlink(join(packageFolder(), "node_modules"), join(path, "node_modules"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}
