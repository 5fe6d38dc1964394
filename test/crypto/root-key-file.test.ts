import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { systemEntropy } from "../../src/base/entropy.ts";
import {
  createRootKeyFile,
  loadRootKeyFile,
  RootKeyFileError,
} from "../../src/crypto/root-key-file.ts";

const raw = Uint8Array.from({ length: 32 }, (_, at) => at + 100);
const digits = Buffer.from(raw).toString("hex");

describe("loadRootKeyFile", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "holdfast-root-key-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const contents: Record<string, Uint8Array | string> = {
    "32 raw bytes": raw,
    "64 hexadecimal digits": digits,
    "capital hexadecimal digits": digits.toUpperCase(),
    "hexadecimal digits and a newline": `${digits}\n`,
  };
  for (const [name, content] of Object.entries(contents)) {
    it(`takes ${name}`, () => {
      using key = loadRootKeyFile(keyFile(content));

      assert.deepEqual(key.reveal(), raw);
    });
  }

  const wrong: Record<string, Uint8Array | string> = {
    nothing: "",
    "31 bytes": raw.subarray(1),
    "33 bytes": Uint8Array.from([...raw, 10]),
    "63 digits": digits.slice(1),
    "a digit that is none": `g${digits.slice(1)}`,
    "digits and two newlines": `${digits}\n\n`,
    "digits and a space": `${digits} `,
    "a long file": "a".repeat(10_000),
  };
  for (const [name, content] of Object.entries(wrong)) {
    it(`refuses ${name}`, () => {
      assertRefused(keyFile(content), /neither 32 raw bytes nor 64 hexadecimal digits/);
    });
  }

  for (const mode of [0o640, 0o604, 0o610, 0o601, 0o620, 0o602]) {
    it(`refuses mode ${mode.toString(8)}, which lets others use it`, () => {
      const path = keyFile(raw);
      chmodSync(path, mode);

      assertRefused(path, new RegExp(`its mode is ${mode.toString(8)}`));
    });
  }

  it("refuses a missing file", () => {
    assertRefused(join(folder, "absent"), /there is no such file/);
  });

  it("refuses a symbolic link, though the file behind it is fine", () => {
    const link = join(folder, "link");
    symlinkSync(keyFile(raw), link);

    assertRefused(link, /it is a symbolic link/);
  });

  it("refuses a file with a second name", () => {
    const path = keyFile(raw);
    linkSync(path, join(folder, "second"));

    assertRefused(path, /it has 2 names/);
  });

  it("refuses a folder", () => {
    const path = join(folder, "sub");
    mkdirSync(path, { mode: 0o700 });

    assertRefused(path, /it is not a regular file/);
  });

  it("refuses a pipe without waiting for somebody to write to it", () => {
    const path = join(folder, "pipe");
    execFileSync("mkfifo", ["-m", "600", path]);

    assertRefused(path, /it is not a regular file/);
  });

  it("refuses a file of another user", function () {
    if (process.geteuid?.() !== 0) this.skip();
    const path = keyFile(raw);
    execFileSync("chown", ["65534", path]);

    assertRefused(path, /it belongs to another user/);
  });

  it("says nothing of what is in the file", () => {
    const path = keyFile(`g${digits.slice(1)}`);

    assert.throws(
      () => loadRootKeyFile(path),
      (error) => error instanceof Error && !error.message.includes(digits.slice(8, 16)),
    );
  });

  it("takes what createRootKeyFile made, which only its owner may use", () => {
    const path = join(folder, "made");

    createRootKeyFile(path, systemEntropy);

    using key = loadRootKeyFile(path);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(new Uint8Array(readFileSync(path)), key.reveal());
  });

  it("is never overwritten by createRootKeyFile", () => {
    const path = keyFile(raw);

    assert.throws(() => {
      createRootKeyFile(path, systemEntropy);
    }, /could not be created \(EEXIST\)/);
    assert.deepEqual(new Uint8Array(readFileSync(path)), raw);
  });

  function keyFile(content: Uint8Array | string): string {
    const path = join(folder, "root.key");
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  }
});

function assertRefused(path: string, sentence: RegExp): void {
  assert.throws(
    () => loadRootKeyFile(path),
    (error) =>
      error instanceof RootKeyFileError &&
      error.message.startsWith(`Cannot use the root key file "${path}": `) &&
      sentence.test(error.message),
  );
}
