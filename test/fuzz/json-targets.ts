// Bodies of requests, from their bytes to the answer: what the AWS endpoint does once a signature
// is verified. The targets differ in where they begin.
import { isDeepStrictEqual } from "node:util";
import { bodyLimitBytes } from "../../src/server/http/aws-gateway.ts";
import {
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
} from "../../src/services/operations/codec.ts";
import type { DraftOf, SecretOperationName } from "../../src/services/operations/operations.ts";
import { mutateBytes, type Bytes } from "./byte-mutator.ts";
import type { Chance } from "./chance.ts";
import { corpus, policies, seedsOf, words, type Seed } from "./corpus.ts";
import { Finding, isCanaryElsewhere, verdictOfError, type Verdict } from "./finding.ts";
import { fuzzNode, type FuzzNode } from "./fuzz-node.ts";
import { mutateJson, type Json } from "./json-mutator.ts";
import type { FuzzInput, Target } from "./target.ts";

const text = new TextEncoder();

function jsonTarget(name: string, seeds: readonly Seed[], change: typeof changed): Target {
  return {
    name,
    make: (chance) => {
      const { operation, request } = chance.pick(seeds);
      return { label: operation, bytes: change(request, chance, chance.pick(seeds).request) };
    },
    open: async () => {
      const node = await fuzzNode();
      return { run: (input) => runJson(node, input) };
    },
  };
}

/** Its values, or its bytes, or both. */
function changed(request: Json, chance: Chance, donor: Json): Bytes {
  const document = chance.once(4) ? request : mutateJson(request, chance, donor);
  const bytes = text.encode(JSON.stringify(document));
  if (!chance.once(3)) return bytes;
  return mutateBytes(bytes, chance, { donor: text.encode(JSON.stringify(donor)), words });
}

async function runJson(node: FuzzNode, { label, bytes }: FuzzInput): Promise<Verdict> {
  const operation = label as SecretOperationName;
  // The endpoint reads no more of it.
  if (bytes.length > bodyLimitBytes) return "request_too_large";
  let draft: DraftOf<SecretOperationName>;
  try {
    draft = decodeRequest(operation, Uint8Array.from(bytes));
  } catch (error) {
    return verdictOfError(error, { mayEcho: false });
  }
  checkDraft(operation, draft, bytes);
  const mayEcho = isCanaryElsewhere(draft);
  const pageToken = "nextToken" in draft ? draft.nextToken : undefined;
  try {
    const wasIssued = pageToken === undefined || node.pageTokens.has(pageToken);
    const answer = await node.call(operation, draft);
    if (!wasIssued) throw new Finding("a page token is taken that was never given out");
    decodeResponse(operation, encodeResponse(operation, answer));
    return "answered";
  } catch (error) {
    return verdictOfError(error, { mayEcho });
  }
}

/** What was read is what was sent, and the leader would read the same. */
function checkDraft(
  operation: SecretOperationName,
  draft: DraftOf<SecretOperationName>,
  bytes: Bytes,
): void {
  if (!isWellFormedThroughout(draft)) throw new Finding("half a character is taken");
  const again = decodeRequest(operation, encodeRequest(operation, draft));
  if (!isDeepStrictEqual(again, draft)) throw new Finding("a request is another for the leader");
  if (!("secretBinary" in draft) || draft.secretBinary === undefined) return;
  const { SecretBinary } = JSON.parse(Buffer.from(bytes).toString()) as { SecretBinary: unknown };
  if (Buffer.from(draft.secretBinary).toString("base64") !== SecretBinary) {
    throw new Finding("bytes are taken in a spelling that is not theirs");
  }
}

function isWellFormedThroughout(part: unknown): boolean {
  if (typeof part === "string") return !/\p{Surrogate}/u.test(part);
  if (typeof part !== "object" || part === null || part instanceof Uint8Array) return true;
  return Object.values(part).every(isWellFormedThroughout);
}

/** A policy is a document of its own, inside a member. */
function changedPolicy(request: Json, chance: Chance, donor: Json): Bytes {
  if (chance.once(5)) return changed(request, chance, donor);
  const policy = mutateJson(chance.pick(policies), chance, chance.pick(policies));
  const written = text.encode(JSON.stringify(policy));
  const source = text.encode(JSON.stringify(chance.pick(policies)));
  const bytes = chance.once(3)
    ? mutateBytes(written, chance, { donor: source, words: [...words, ...policyWords] })
    : written;
  const ResourcePolicy = Buffer.from(bytes).toString("utf8");
  return text.encode(JSON.stringify({ ...(request as object), ResourcePolicy }));
}

const policyWords = [
  "*".repeat(200),
  "?*".repeat(100),
  "${aws:username}",
  "${",
  "arn:aws:iam::*:root",
  '"NotAction":"*",',
  '"Effect":"Deny",',
  '"Condition":{"Null":{"a":"true"}},',
].map((word) => text.encode(word));

/** What may stand in for a page token, a client request token or the id of a version. */
function changedToken(request: Json, chance: Chance, donor: Json): Bytes {
  const issued = chance.pick(pageTokens);
  const bytes = mutateBytes(text.encode(issued), chance, {
    donor: text.encode(chance.pick(pageTokens)),
    words: tokenWords,
  });
  const token = chance.once(8) ? issued : Buffer.from(bytes).toString("latin1");
  const member = chance.pick(["NextToken", "NextToken", "ClientRequestToken", "VersionId"]);
  const document = { ...(request as object), [member]: token };
  if (chance.once(6)) return changed(document, chance, donor);
  return text.encode(JSON.stringify(document));
}

const tokenWords = ["=", "-", "_", "+", "/", "A".repeat(64), ".", "%3D"].map((word) =>
  text.encode(word),
);

/** Two nodes of the same seed give out the same. */
const pageTokens = [...(await fuzzNode()).pageTokens];

const names: Target = {
  name: "names",
  make: (chance) => {
    const bytes = mutateBytes(text.encode(chance.pick(knownNames)), chance, {
      donor: text.encode(chance.pick(knownNames)),
      words: nameWords,
    });
    return { label: "CreateSecret", bytes: bytes.subarray(0, 3_000) };
  },
  open: async () => {
    const node = await fuzzNode();
    return { run: (input) => runName(node, input) };
  },
};

const knownNames = [
  "db",
  "prod/AppBeta/x",
  "a-b1c2d3",
  "arn:aws:secretsmanager:us-east-1:000000000000:secret:db",
  "arn:aws:secretsmanager:us-east-1:000000000000:secret:db-AbCdEf",
  "Valid/_+=.@-Name",
  "rds!cluster-1",
];
const nameWords = [
  "..",
  "/",
  "//",
  "%2f",
  "\\",
  "-AbCdEf",
  ":",
  "secret:",
  "arn:",
  "\u0000",
  "／",
  "K",
].map((word) => text.encode(word));

interface Named {
  readonly name?: string;
  readonly arn?: string;
}

/** A name is refused, or it is its own: what is made under it is found under it, and no other. */
async function runName(node: FuzzNode, { bytes }: FuzzInput): Promise<Verdict> {
  const name = Buffer.from(bytes).toString("utf8");
  const clientRequestToken = "00000000-0000-4000-8000-000000000099";
  try {
    await node.call("DescribeSecret", { secretId: name });
    return "answered";
  } catch (error) {
    const code = verdictOfError(error, { mayEcho: false });
    if (code !== "secret_not_found") return code;
  }
  let created: Named;
  try {
    created = await node.call("CreateSecret", { name, clientRequestToken });
  } catch (error) {
    return verdictOfError(error, { mayEcho: false });
  }
  const { arn } = created;
  for (const secretId of [name, arn ?? ""]) {
    const found: Named = await node.call("DescribeSecret", { secretId }).catch((error: unknown) => {
      throw new Finding("what was made is not found", { cause: error });
    });
    if (found.name !== name || found.arn !== arn) throw new Finding("a name finds another secret");
  }
  await node.call("DeleteSecret", { secretId: name, forceDeleteWithoutRecovery: true });
  return "created";
}

export const jsonTargets: readonly Target[] = [
  jsonTarget("json", corpus, changed),
  names,
  jsonTarget("filters", seedsOf("ListSecrets", "BatchGetSecretValue"), changed),
  jsonTarget(
    "tokens",
    seedsOf("ListSecrets", "ListSecretVersionIds", "PutSecretValue", "GetSecretValue"),
    changedToken,
  ),
  jsonTarget("policies", seedsOf("PutResourcePolicy", "ValidateResourcePolicy"), changedPolicy),
];
