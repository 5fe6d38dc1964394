import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "mocha";
import { InvariantViolation } from "../../src/base/assert.ts";
import {
  administratorCredentials,
  type AdministratorCredentials,
} from "../../src/server/credential-store.ts";

const settings: AdministratorCredentials = {
  principalArn: "arn:aws:iam::000000000000:user/administrator",
  account: "000000000000",
  tokenSha256: createHash("sha256").update("token").digest("hex"),
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "key",
};
const administrator = {
  arn: settings.principalArn,
  account: settings.account,
  kind: "administrator",
};

describe("administratorCredentials", () => {
  const store = administratorCredentials(settings);

  it("knows the administrator by the access key id", () => {
    assert.deepEqual(store.accessKey("AKIDEXAMPLE"), {
      principal: administrator,
      secretAccessKey: "key",
    });
  });

  it("knows the administrator by the token", () => {
    assert.deepEqual(store.bearerToken("token"), administrator);
  });

  it("knows nobody else", () => {
    for (const text of ["", "Token", "token ", "key", settings.tokenSha256, "akidexample"]) {
      assert.equal(store.accessKey(text), undefined, text);
      assert.equal(store.bearerToken(text), undefined, text);
    }
  });

  it("is not made with a digest that no token could have", () => {
    for (const tokenSha256 of ["", "00", settings.tokenSha256.toUpperCase()]) {
      assert.throws(
        () => administratorCredentials({ ...settings, tokenSha256 }),
        InvariantViolation,
      );
    }
  });
});
