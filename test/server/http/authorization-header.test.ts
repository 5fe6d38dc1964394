import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { parseAuthorization } from "../../../src/server/http/authorization-header.ts";

const credential = "Credential=AKIDEXAMPLE/20261122/us-east-1/secretsmanager/aws4_request";
const signedHeaders = "SignedHeaders=content-type;host;x-amz-date";
const signature = `Signature=${"0123456789abcdef".repeat(4)}`;
const whole = `AWS4-HMAC-SHA256 ${credential}, ${signedHeaders}, ${signature}`;

describe("parseAuthorization", () => {
  it("reads the header that SDKs send", () => {
    assert.deepEqual(parseAuthorization(whole), {
      accessKeyId: "AKIDEXAMPLE",
      date: "20261122",
      region: "us-east-1",
      service: "secretsmanager",
      signedHeaders: ["content-type", "host", "x-amz-date"],
      signature: "0123456789abcdef".repeat(4),
    });
  });

  it("takes commas without a space, as some SDKs write them", () => {
    assert.deepEqual(parseAuthorization(whole.replaceAll(", ", ",")), parseAuthorization(whole));
  });

  it("names every parameter that is missing, in the words of AWS", () => {
    assert.throws(() => parseAuthorization(`AWS4-HMAC-SHA256 ${credential}`), {
      name: "RefusedError",
      message:
        "Authorization header requires 'Signature' parameter. " +
        "Authorization header requires 'SignedHeaders' parameter.",
    });
  });

  const refused: readonly (readonly [string, string])[] = [
    ["nothing", ""],
    ["a bearer token", "Bearer hft_token"],
    ["another algorithm", whole.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")],
    ["an algorithm in lower case", whole.replace("AWS4-HMAC-SHA256", "aws4-hmac-sha256")],
    ["two spaces", whole.replace("SHA256 ", "SHA256  ")],
    ["two spaces after a comma", whole.replace(", ", ",  ")],
    ["a space before a comma", whole.replace(", ", " , ")],
    ["something before", ` ${whole}`],
    ["something after", `${whole},`],
    ["a line after", `${whole}\n`],
    ["another order", `AWS4-HMAC-SHA256 ${signedHeaders}, ${credential}, ${signature}`],
    ["a parameter twice", `${whole}, ${signature}`],
    ["a parameter more", whole.replace(", Sig", ", X=1, Sig")],
    ["a scope of four parts", whole.replace("/us-east-1", "")],
    ["a scope of six parts", whole.replace("/us-east-1", "/us-east-1/x")],
    ["a scope with a short date", whole.replace("20261122", "2026112")],
    ["a scope with another end", whole.replace("aws4_request", "aws4_reques")],
    ["an empty access key id", whole.replace("AKIDEXAMPLE", "")],
    ["an access key id with a dot", whole.replace("AKID", "AKI.")],
    ["a region in upper case", whole.replace("us-east-1", "US-EAST-1")],
    ["a percent sign", whole.replace("us-east-1", "us%2Deast-1")],
    ["signed headers out of order", whole.replace("content-type;host", "host;content-type")],
    ["a signed header twice", whole.replace("host", "host;host")],
    ["a signed header in upper case", whole.replace(";host", ";Host")],
    ["an empty signed header", whole.replace(";host", ";;host")],
    ["no signed headers", whole.replace("content-type;host;x-amz-date", "")],
    ["a signed header with a colon", whole.replace("host", "ho:st")],
    ["a short signature", whole.slice(0, -1)],
    ["a long signature", `${whole}0`],
    ["a signature in upper case", whole.replace(/[a-f](?=[^a-f]*$)/, "F")],
    ["more than 2 KiB", whole.replace("AKIDEXAMPLE", "A".repeat(2048))],
    [
      "33 signed headers",
      whole.replace(
        "content-type;host;x-amz-date",
        Array.from({ length: 33 }, (_, at) => `h${String(at).padStart(2, "0")}`).join(";"),
      ),
    ],
  ];
  for (const [what, text] of refused) {
    it(`refuses ${what}`, () => {
      assert.notEqual(text, whole);
      assert.throws(
        () => parseAuthorization(text),
        (error: { refusal?: { code: string } }) => error.refusal?.code === "incomplete_signature",
      );
    });
  }
});
