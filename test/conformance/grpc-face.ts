// gRPC as anybody speaks it who has proto/: requests and answers are those of the AWS endpoint,
// spelled the other way.
import assert from "node:assert/strict";
import type { MetadataValue, ServiceError } from "@grpc/grpc-js";
import type { RefusalCode } from "../../src/base/errors.ts";
import { google } from "../../src/generated/rpc-status.js";
import { wireStatus } from "../../src/server/wire-status.ts";
import { forGrpc } from "../system/aws-names.ts";
import { PlainClient, type Access } from "../system/plain-client.ts";
import type { AwsAnswer, AwsReply, Face } from "./aws-answer.ts";

export function grpcFace(endpoint: string, access: Access): Face {
  const client = new PlainClient(endpoint, access);
  return {
    call: async (operation, request) => {
      try {
        const reply = await client.call(operation, asGrpc(request));
        return { kind: "reply", reply: asAws(reply) };
      } catch (error) {
        return refusalOf(error as ServiceError);
      }
    },
    [Symbol.asyncDispose]: () => {
      client[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}

/** The status, the refusal and the exception of an answer must go together as the table says. */
function refusalOf({ code, details, metadata }: ServiceError): AwsAnswer {
  const refusal = String(metadata.get("holdfast-refusal")[0] ?? "");
  const exception = String(metadata.get("holdfast-error")[0] ?? "");
  if (refusal === "") {
    return { kind: "refused", exception: `gRPC status ${code}`, message: details };
  }
  const row = wireStatus[refusal as RefusalCode];
  const reason = reasonIn(metadata.get("grpc-status-details-bin")[0]);
  assert.deepEqual(
    { code, exception, reason },
    { code: row.grpc, exception: row.awsType, reason: row.awsType },
  );
  return { kind: "refused", exception, message: details };
}

/** What google.rpc.ErrorInfo says (AIP-193), which is where programs look. */
function reasonIn(trailer: MetadataValue | undefined): string {
  const { details } = google.rpc.Status.decode(Buffer.from(trailer ?? ""));
  const named = details.find((one) => one.type_url?.endsWith("/google.rpc.ErrorInfo"));
  return google.rpc.ErrorInfo.decode(named?.value ?? new Uint8Array()).reason;
}

/** Where the two spellings are more than a capital letter apart. */
const oddNames = { ARN: "arn", RotationLambdaARN: "rotationLambdaArn" } as const;
const oddAwsNames = new Map(Object.entries(oddNames).map(([aws, ours]) => [ours as string, aws]));

function asGrpc(request: object): object {
  const { RotationLambdaARN: rotationLambdaArn, ...rest } = request as AwsReply;
  return { ...forGrpc(rest), ...(rotationLambdaArn === undefined ? {} : { rotationLambdaArn }) };
}

function asAws(message: AwsReply): AwsReply {
  return Object.fromEntries(
    Object.entries(message).map(([name, value]) => [awsNameOf(name), valueOf(name, value)]),
  );
}

function awsNameOf(name: string): string {
  return oddAwsNames.get(name) ?? name.charAt(0).toUpperCase() + name.slice(1);
}

type Convert = (value: unknown) => unknown;

/** A list in a message of its own: an empty one is not none. */
const wrapped: Convert = (value) => (value as AwsReply)["values"] ?? [];

/** Version ids are no names of members. */
const stagesByVersion: Convert = (value) =>
  Object.fromEntries(Object.entries(value as object).map(([id, list]) => [id, wrapped(list)]));

const conversions = new Map<string, Convert>([
  ["tags", (value) => (wrapped(value) as AwsReply[]).map(asAws)],
  ["versionIdsToStages", stagesByVersion],
  ["secretVersionsToStages", stagesByVersion],
  ["automaticallyAfterDays", Number],
  ["secretBinary", (value) => Buffer.from(value as Uint8Array).toString("base64")],
]);

function valueOf(name: string, value: unknown): unknown {
  const convert = conversions.get(name);
  if (convert !== undefined) return convert(value);
  if (Array.isArray(value)) return value.map((item) => valueOf("", item));
  if (typeof value !== "object" || value === null) return value;
  return "seconds" in value ? secondsOf(value) : asAws(value as AwsReply);
}

function secondsOf(value: object): number {
  const { seconds, nanos } = value as { readonly seconds: string; readonly nanos?: number };
  return Math.round(Number(seconds) * 1000 + (nanos ?? 0) / 1_000_000) / 1000;
}
