// Messages of gRPC, from their bytes to the bytes of the answer: what the listener does once it
// knows who asks.
import type { MethodDefinition } from "@grpc/grpc-js";
import { fromWire, toWire } from "../../src/base/message-shape.ts";
import { publicService } from "../../src/base/public-services.ts";
import { messageShapes } from "../../src/generated/public-contract.ts";
import { RefusedMessage, strict } from "../../src/server/grpc/strict-decoding.ts";
import { decodeRequest } from "../../src/services/operations/codec.ts";
import type { DraftOf, SecretOperationName } from "../../src/services/operations/operations.ts";
import { join, mutateBytes, type Bytes } from "./byte-mutator.ts";
import type { Chance } from "./chance.ts";
import { corpus } from "./corpus.ts";
import { Finding, isCanaryElsewhere, verdictOfError, type Verdict } from "./finding.ts";
import { fuzzNode, type FuzzNode } from "./fuzz-node.ts";
import type { FuzzInput, Target } from "./target.ts";

type Method = MethodDefinition<object, object>;

const methods = strict(publicService("SecretsManager")) as unknown as Readonly<
  Record<SecretOperationName, Method>
>;

const seeds: readonly FuzzInput[] = corpus.map(({ operation, request }) => {
  const json = new TextEncoder().encode(JSON.stringify(request));
  const message = toWire(messageShapes, `${operation}Request`, decodeRequest(operation, json));
  const bytes = Uint8Array.from(methods[operation].requestSerialize(message));
  return { label: operation, bytes };
});

/** Numbers as protobuf writes them, tags, lengths and fields that lie. */
const words: readonly Bytes[] = [
  [0x0a],
  [0x0a, 0x00],
  [0x0a, 0x7f],
  [0x0b],
  [0x0c],
  [0x12, 0x80, 0x80, 0x80, 0x80, 0x08],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
  [0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f],
  [0x0d, 1, 2, 3, 4],
  [0x09, 1, 2, 3, 4, 5, 6, 7, 8],
  [0xf8, 0x03, 0x00],
  [0xc0, 0xaf],
  [0xed, 0xa0, 0x80],
  Array<number>(40).fill(0x0a),
].map((word) => Uint8Array.from(word));

export const protobufTarget: Target = {
  name: "protobuf",
  make: (chance) => {
    const seed = chance.pick(seeds);
    const donor = chance.pick(seeds).bytes;
    const fields = chance.once(2) ? withChangedFields(seed.bytes, chance, donor) : seed.bytes;
    const bytes = chance.once(3) ? fields : mutateBytes(fields, chance, { donor, words });
    return { label: seed.label, bytes };
  },
  open: async () => {
    const node = await fuzzNode();
    return { run: (input) => run(node, input) };
  },
};

/** What strict-decoding.ts says, and nothing that a broken program would. */
const notAMessage =
  /^(?:the message (?:is cut off|has a (?:field (?:of a kind that is not known|of another kind than its own|with a number that none may have)|number that does not end))|a text is not UTF-8)$/;

async function run(node: FuzzNode, { label, bytes }: FuzzInput): Promise<Verdict> {
  const operation = label as SecretOperationName;
  const method = methods[operation];
  // The listener takes no longer message.
  if (bytes.length > 2 ** 20) return "request_too_large";
  let message: unknown;
  try {
    message = method.requestDeserialize(Buffer.from(bytes));
  } catch (error) {
    // gRPC itself answers what is no message at all, and repeats this sentence.
    const sentence = error instanceof Error ? error.message : String(error);
    if (!notAMessage.test(sentence)) throw new Finding(`decoding throws ${sentence}`);
    return "undecodable";
  }
  if (message instanceof RefusedMessage) {
    return verdictOfError(message.refused, { mayEcho: false });
  }
  // The shape of the message makes it a draft of its operation.
  const draft = fromWire(
    messageShapes,
    `${operation}Request`,
    message as object,
  ) as DraftOf<SecretOperationName>;
  const mayEcho = isCanaryElsewhere(draft);
  try {
    const answer = await node.call(operation, draft);
    method.responseSerialize(toWire(messageShapes, `${operation}Response`, answer));
    return "answered";
  } catch (error) {
    return verdictOfError(error, { mayEcho });
  }
}

/** Fields of the message left out, repeated, moved, or taken from another; the whole stays one. */
function withChangedFields(bytes: Bytes, chance: Chance, donor: Bytes): Bytes {
  const fields = [...fieldsOf(bytes)];
  const others = fieldsOf(donor);
  const at = chance.below(fields.length + 1);
  const field = fields[at] ?? Uint8Array.of();
  switch (chance.below(4)) {
    case 0:
      fields.splice(at, 1);
      break;
    case 1:
      fields.splice(at, 0, ...Array<Bytes>(chance.once(50) ? 12_000 : 3).fill(field));
      break;
    case 2:
      fields.splice(at, 0, ...(others.length === 0 ? [] : [chance.pick(others)]));
      break;
    default:
      fields.reverse();
  }
  return join(...fields);
}

/** The fields at the top, each with its tag; for messages whose every field is short and whole. */
function fieldsOf(bytes: Bytes): readonly Bytes[] {
  const fields: Bytes[] = [];
  for (let at = 0; at < bytes.length;) {
    const start = at;
    const tag = bytes[at] ?? 0;
    at = endOfVarint(bytes, at);
    if (tag % 8 === 2) {
      const length = bytes[at] ?? 0;
      const isLong = length >= 0x80;
      at = isLong
        ? endOfVarint(bytes, at) + (length % 0x80) + (bytes[at + 1] ?? 0) * 0x80
        : at + 1 + length;
    } else at = endOfVarint(bytes, at);
    fields.push(bytes.subarray(start, at));
  }
  return fields;
}

function endOfVarint(bytes: Bytes, start: number): number {
  let at = start;
  while ((bytes[at] ?? 0) >= 0x80) at += 1;
  return at + 1;
}
