// The cases of AWS's published suite for Signature Version 4 (aws-sig-v4-test-suite, Apache-2.0)
// that our endpoint can meet, and requests without number from AWS's own signer.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "mocha";
import { hex } from "../../../src/base/bytes.ts";
import { RefusedError } from "../../../src/base/errors.ts";
import { administratorCredentials } from "../../../src/server/credential-store.ts";
import {
  canonicalRequest,
  sha256Hex,
  sign,
  stringToSign,
} from "../../../src/server/http/signature.ts";
import { readSignatureClaim, verifySignature } from "../../../src/server/http/sigv4.ts";
import { readHeaders } from "../../../src/server/http/wire-headers.ts";
import { Chance } from "../../fuzz/chance.ts";
import {
  accessKeyId,
  administrator,
  now,
  rawHeaders,
  region,
  secretAccessKey,
  signedRequest,
  type RawRequest,
} from "./signed-request.ts";

/** Of the suite: region us-east-1, service `service`, one key, one moment. */
const suite = {
  key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  scope: { time: "20150830T123600Z", region: "us-east-1", service: "service" },
};
const host = ["Host", "example.amazonaws.com"] as const;
const date = ["X-Amz-Date", "20150830T123600Z"] as const;
const form = "application/x-www-form-urlencoded";
const sessionToken =
  "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPf" +
  "IeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7W" +
  "Z0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8F" +
  "DrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";

type Header = readonly [name: string, value: string];

interface Vector {
  readonly name: string;
  /** Ours is POST alone: of the others, what their headers come to is ours too. */
  readonly method: "GET" | "POST";
  readonly headers: readonly Header[];
  readonly body?: string;
  readonly signature: string;
}

const vectors: readonly Vector[] = [
  {
    name: "post-vanilla",
    method: "POST",
    headers: [host, date],
    signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
  },
  {
    name: "post-header-key-sort",
    method: "POST",
    headers: [host, ["My-Header1", "value1"], date],
    signature: "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
  },
  {
    name: "post-header-value-case",
    method: "POST",
    headers: [host, ["My-Header1", "VALUE1"], date],
    signature: "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
  },
  {
    name: "post-x-www-form-urlencoded",
    method: "POST",
    headers: [["Content-Type", form], host, date],
    body: "Param1=value1",
    signature: "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
  },
  {
    name: "post-x-www-form-urlencoded-parameters",
    method: "POST",
    headers: [["Content-Type", `${form}; charset=utf8`], host, date],
    body: "Param1=value1",
    signature: "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe",
  },
  {
    name: "post-sts-header-before",
    method: "POST",
    headers: [host, date, ["X-Amz-Security-Token", sessionToken]],
    signature: "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
  },
  {
    name: "get-vanilla",
    method: "GET",
    headers: [host, date],
    signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
  },
  {
    name: "get-vanilla-with-session-token",
    method: "GET",
    headers: [
      host,
      date,
      ["X-Amz-Security-Token", "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"],
    ],
    signature: "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8",
  },
  {
    name: "get-header-value-trim",
    method: "GET",
    headers: [host, ["My-Header1", " value1"], ["My-Header2", ' "a   b   c"'], date],
    signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
  },
];

describe("AWS's published vectors", () => {
  for (const { name, method, headers, body = "", signature } of vectors) {
    it(`${name} comes to the signature of AWS`, () => {
      const { values } = readHeaders(headers.flat());
      const ours = canonicalRequest({
        headers: values,
        signedHeaders: [...values.keys()].sort(),
        bodySha256: sha256Hex(body),
      });
      const theirs = ours.replace(/^POST/, method);

      const signed = sign(suite.key, suite.scope, stringToSign(suite.scope, theirs));

      assert.equal(hex(signed), signature);
    });
  }

  // There are two ways to read such a request, so that nobody may sign one here.
  const doubtful: Record<string, readonly Header[]> = {
    "get-header-key-duplicate": [
      ["My-Header1", "value2"],
      ["My-Header1", "value2"],
      ["My-Header1", "value1"],
    ],
    "get-header-value-order": [
      ["My-Header1", "value4"],
      ["My-Header1", "value1"],
    ],
    "get-header-value-multiline": [["My-Header1", "value1\r\n  value2\r\n     value3"]],
  };
  for (const [name, headers] of Object.entries(doubtful)) {
    it(`${name} is refused, whatever its signature`, async () => {
      const request = await signedRequest({ headers: { "my-header1": "value1" } });
      const others = request.headers.filter(([header]) => header !== "my-header1");

      assert.ok(!isTaken({ ...request, headers: [...others, ...headers] }));
    });
  }
});

const requests = 300;
const seed = 20_261_122;
const operations = [
  "GetSecretValue",
  "ListSecrets",
  "DeleteSecret",
  "PutSecretValue",
  "TagResource",
];
const names = [
  "x-amz-meta-a",
  "x-amz-meta-ab",
  "x-amz-a-b",
  "amz-sdk-x",
  "accept",
  "x1",
  "x-",
  "zz",
];
const letters = " !\"#$%&'()*+,-./0123456789:;<=>?@AZ[\\]^_`az{|}~";

describe("requests of AWS's own signer", () => {
  it(`are all taken, however they are spelled: ${requests} of them`, async () => {
    for (let number = 0; number < requests; number += 1) {
      const chance = new Chance(seed, number);
      const request = await randomRequest(chance);

      assert.ok(isTaken(request), `request ${number}`);
      assert.ok(isTaken(respelled(request, chance)), `request ${number}, spelled otherwise`);
    }
  });

  it("are refused for one altered byte, one header more or less, or one body too long", async () => {
    let altered = 0;
    for (let number = 0; number < requests; number += 1) {
      const chance = new Chance(seed, number);
      const request = await randomRequest(chance);
      for (const [what, mutant] of mutantsOf(request, chance)) {
        altered += 1;
        assert.ok(!isTaken(mutant), `request ${number}: ${what}`);
      }
    }
    assert.ok(altered > 20 * requests, String(altered));
  });
});

async function randomRequest(chance: Chance): Promise<RawRequest> {
  const count = chance.below(names.length);
  const headers = Object.fromEntries(
    names.slice(0, count).map((name) => [name, randomText(chance, 1 + chance.below(30))]),
  );
  return signedRequest({
    operation: chance.pick(operations),
    body: JSON.stringify({ SecretId: randomText(chance, chance.below(40)), Text: "é😀\u0000" }),
    headers,
    unsigned: chance.once(2) ? [] : ["amz-sdk-request", "content-length"],
    at: now + (chance.below(600) - 300) * 1000,
    ...(chance.once(4) ? { bodyHashHeader: "left out" as const } : {}),
  });
}

function randomText(chance: Chance, length: number): string {
  return Array.from({ length }, () => letters.charAt(chance.below(letters.length))).join("");
}

/** The same to whoever reads it as HTTP and as AWS has it: in order, case and spaces. */
function respelled(request: RawRequest, chance: Chance): RawRequest {
  const headers = request.headers
    .map(([name, value]): Header => [
      chance.once(2) ? name.toUpperCase() : name,
      // A parser of HTTP takes off what is around a value.
      /^(?:authorization|x-amz-date|x-amz-target|content-type|x-amz-content-sha256)$/i.test(name)
        ? value
        : value.trim().replace(/ +/g, () => " ".repeat(1 + chance.below(3))),
    ])
    .toSorted(() => chance.below(3) - 1);
  return { ...request, headers: [...headers, ["x-unsigned", "1"]] };
}

function* mutantsOf(
  request: RawRequest,
  chance: Chance,
): Generator<readonly [what: string, mutant: RawRequest]> {
  const signed = signedNames(request);
  for (const [at, [name, value]] of request.headers.entries()) {
    const isSigned = signed.has(name) || name === "authorization";
    if (!isSigned) continue;
    const others = request.headers.filter((_, each) => each !== at);
    yield [`without ${name}`, { ...request, headers: others }];
    yield [`${name} and one letter`, { ...request, headers: [...others, [name, `${value}x`]] }];
    const changed = withOtherByte(value, chance);
    if (changed !== undefined) {
      yield [`${name}: ${changed}`, { ...request, headers: [...others, [name, changed]] }];
    }
  }
  const more: Header = ["x-amz-more", "1"];
  yield ["one more to sign", { ...request, headers: [...request.headers, more] }];
  const at = chance.below(request.body.length);
  const body = Uint8Array.from(request.body);
  body[at] = (body[at] ?? 0) ^ (1 << chance.below(8));
  yield [`body at ${at}`, { ...request, body }];
  yield ["a longer body", { ...request, body: Buffer.concat([request.body, Buffer.from(" ")]) }];
  yield ["a shorter body", { ...request, body: request.body.subarray(1) }];
}

/** Any but a space, of which there may be more or fewer. */
function withOtherByte(value: string, chance: Chance): string | undefined {
  const places = Array.from(value, (letter, at) => (letter === " " ? [] : [at])).flat();
  if (places.length === 0) return undefined;
  const at = chance.pick(places);
  const other = value.charAt(at) === "0" ? "1" : "0";
  return value.slice(0, at) + other + value.slice(at + 1);
}

function signedNames({ headers }: RawRequest): ReadonlySet<string> {
  const authorization = headers.find(([name]) => name === "authorization")?.[1] ?? "";
  return new Set(/SignedHeaders=([^,]+)/.exec(authorization)?.[1]?.split(";"));
}

function isTaken(request: RawRequest): boolean {
  const credentials = administratorCredentials({
    principalArn: administrator.arn,
    account: administrator.account,
    tokenSha256: createHash("sha256").update("hft_token").digest("hex"),
    accessKeyId,
    secretAccessKey,
  });
  try {
    const claim = readSignatureClaim(readHeaders(rawHeaders(request)), region);
    verifySignature(claim, request.body, { credentials, now });
    return true;
  } catch (error) {
    assert.ok(error instanceof RefusedError);
    return false;
  }
}
