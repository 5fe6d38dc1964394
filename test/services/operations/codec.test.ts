import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "mocha";
import { textOf, utf8 } from "../../../src/base/bytes.ts";
import { epochMs } from "../../../src/base/ids.ts";
import { RefusedError } from "../../../src/base/errors.ts";
import {
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
} from "../../../src/services/operations/codec.ts";
import { secretOperationNames, operations } from "../../../src/services/operations/operations.ts";
import { valuesOfMembers } from "./shape-values.ts";

describe("codec", () => {
  for (const name of secretOperationNames) {
    it(`gives every ${name} request and answer back as it was`, () => {
      fc.assert(
        fc.property(valuesOfMembers(operations[name].input), (request) => {
          assert.deepEqual(decodeRequest(name, encodeRequest(name, request)), request);
        }),
        { numRuns: 50, seed: 1 },
      );
      fc.assert(
        fc.property(valuesOfMembers(operations[name].output), (response) => {
          assert.deepEqual(decodeResponse(name, encodeResponse(name, response)), response);
        }),
        { numRuns: 50, seed: 2 },
      );
    });
  }

  it("writes the names and forms of AWS", () => {
    const bytes = encodeResponse("DescribeSecret", {
      arn: "arn:aws:secretsmanager:us-east-1:000000000000:secret:db-AbCdEf",
      rotationLambdaArn: "arn:aws:lambda:x",
      rotationEnabled: false,
      createdDate: epochMs(1_523_477_145_700),
      lastChangedDate: epochMs(1_523_477_145_007),
      deletedDate: epochMs(0),
      description: undefined,
      tags: [],
      versionIdsToStages: new Map([["v".repeat(32), ["AWSCURRENT"]]]),
    });

    assert.equal(
      textOf(bytes),
      '{"ARN":"arn:aws:secretsmanager:us-east-1:000000000000:secret:db-AbCdEf",' +
        '"RotationEnabled":false,"RotationLambdaARN":"arn:aws:lambda:x",' +
        '"LastChangedDate":1523477145.007,"DeletedDate":0.000,"Tags":[],' +
        `"VersionIdsToStages":{"${"v".repeat(32)}":["AWSCURRENT"]},"CreatedDate":1523477145.700}`,
    );
  });

  it("writes bytes in base64 once", () => {
    const bytes = encodeResponse("GetSecretValue", { secretBinary: Uint8Array.of(0, 255, 16) });

    assert.equal(textOf(bytes), '{"SecretBinary":"AP8Q"}');
  });

  it("reads the times of other writers", () => {
    const read = (json: string) => decodeResponse("DeleteSecret", utf8(json)).deletionDate;

    assert.equal(read('{"DeletionDate":1.523477145713E9}'), 1_523_477_145_713);
    assert.equal(read('{"DeletionDate":1523477145}'), 1_523_477_145_000);
  });

  it("ignores members it does not know, and takes null for absence", () => {
    const draft = decodeRequest(
      "GetSecretValue",
      utf8('{"SecretId":"db","VersionId":null,"Extra":{"SecretId":[1]},"secretId":7,"toString":1}'),
    );

    assert.deepEqual(draft, { secretId: "db" });
  });

  it("gives bytes that are the caller's own, so that they can be wiped", () => {
    const { secretBinary } = decodeRequest("PutSecretValue", utf8('{"SecretBinary":"AAEC"}'));

    assert.deepEqual(secretBinary, Uint8Array.of(0, 1, 2));
    assert.equal(secretBinary.buffer.byteLength, 3);
  });

  const wrongTypes: readonly [string, string][] = [
    ["a number for a string", '{"SecretId":7}'],
    ["a list for a string", '{"SecretId":["db"]}'],
    ["half a surrogate pair", '{"SecretId":"\\ud800"}'],
    ["text for a boolean", '{"ForceOverwriteReplicaSecret":"true"}'],
    ["an object for a list", '{"Tags":{"Key":"a"}}'],
    ["null in a list", '{"Tags":[null]}'],
    ["text for a structure", '{"Tags":["a"]}'],
    ["a number for bytes", '{"SecretBinary":1}'],
    ["base64 without its padding", '{"SecretBinary":"AA"}'],
    ["base64 of the URL kind", '{"SecretBinary":"_-8="}'],
    ["base64 with a space", '{"SecretBinary":"AAEC "}'],
    ["base64 with bits left over", '{"SecretBinary":"AB=="}'],
    ["a list", "[]"],
    ["text", '"SecretId"'],
    ["null", "null"],
    ["nothing", ""],
  ];
  for (const [what, json] of wrongTypes) {
    it(`refuses ${what}`, () => {
      assertMalformed(() => decodeRequest("CreateSecret", utf8(json.replace("SecretId", "Name"))));
    });
  }

  for (const [what, json] of [
    ["text for a number", '{"PasswordLength":"7"}'],
    ["half a number", '{"PasswordLength":7.5}'],
    ["a number beyond all", '{"PasswordLength":1e400}'],
    ["a number no double holds", '{"PasswordLength":9007199254740993}'],
  ] as const) {
    it(`refuses ${what}`, () => {
      assertMalformed(() => decodeRequest("GetRandomPassword", utf8(json)));
    });
  }

  it("refuses a time that no clock shows", () => {
    for (const time of ["-1", "1e300", '"now"']) {
      assertMalformed(() => decodeResponse("DeleteSecret", utf8(`{"DeletionDate":${time}}`)));
    }
  });

  it("has one zero", () => {
    const draft = decodeRequest("GetRandomPassword", utf8('{"PasswordLength":-0}'));

    assert.ok(Object.is(draft.passwordLength, 0));
  });

  it("names the place of a wrong type, and never its value", () => {
    assert.throws(
      () => decodeRequest("PutSecretValue", utf8('{"SecretString":{"password":"hunter2"}}')),
      { message: "The value at '/SecretString' is not a string." },
    );
  });
});

function assertMalformed(run: () => unknown): void {
  assert.throws(run, (error) => {
    assert.ok(error instanceof RefusedError);
    assert.equal(error.refusal.code, "malformed_request");
    return true;
  });
}
