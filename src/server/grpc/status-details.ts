// What a failed call is told for programs: a google.rpc.Status in `grpc-status-details-bin`, where
// every gRPC library looks. All of it is small: callers take few headers, and a trailer that is too
// long costs them the status as well.
import type { status } from "@grpc/grpc-js";
import { beginningOf, wellFormed } from "../../base/fitting-text.ts";
import type { Refusal, RefusalCode } from "../../base/errors.ts";
import { google } from "../../generated/rpc-status.js";

export const detailsTrailer = "grpc-status-details-bin";

export interface FailedStatus {
  readonly code: status;
  readonly message: string;
  /** The name of the AWS exception. */
  readonly reason: string;
  readonly requestId: string;
  /** Absent for what is not a refusal. */
  readonly refusal: Refusal | undefined;
}

const domain = "holdfast";
const messageBytes = 1024;
const factBytes = 256;
const fieldBytes = 128;
const violationsMost = 16;

/** When trying again makes sense by itself, and how soon. Where it is missing, it does not. */
const retryAfterMs: Partial<Record<RefusalCode, number>> = {
  overloaded: 500,
  rate_exceeded: 1_000,
  no_leader: 250,
  upgrade_under_way: 2_000,
  watch_ended: 100,
  watcher_too_slow: 1_000,
};

const { Status, ErrorInfo, BadRequest, RetryInfo } = google.rpc;

/** At most some 6 KiB. */
export function statusDetails(failed: FailedStatus): Buffer {
  const { code, message, refusal } = failed;
  const details = [packed("ErrorInfo", ErrorInfo.encode(errorInfo(failed)).finish())];
  if (refusal?.code === "validation_failed") {
    const fieldViolations = refusal.facts.violations.slice(0, violationsMost).map(fieldViolation);
    details.push(packed("BadRequest", BadRequest.encode({ fieldViolations }).finish()));
  }
  const retryMs = refusal === undefined ? undefined : retryAfterMs[refusal.code];
  if (retryMs !== undefined) {
    const retryDelay = { seconds: Math.floor(retryMs / 1000), nanos: (retryMs % 1000) * 1_000_000 };
    details.push(packed("RetryInfo", RetryInfo.encode({ retryDelay }).finish()));
  }
  const bytes = Status.encode({ code, message: fitting(message, messageBytes), details }).finish();
  return Buffer.from(bytes);
}

function errorInfo({ reason, requestId, refusal }: FailedStatus): google.rpc.ErrorInfo.$Properties {
  const facts = Object.entries(refusal?.facts ?? {}).flatMap(([name, fact]) =>
    isPlain(fact) ? [[name, fitting(String(fact), factBytes)] as const] : [],
  );
  const metadata = {
    ...Object.fromEntries(facts),
    ...(refusal === undefined ? {} : { refusal: refusal.code }),
    requestId,
  };
  return { reason, domain, metadata };
}

/** Lists are told elsewhere, and what is not known has no name. */
function isPlain(fact: unknown): fact is string | number {
  return typeof fact === "string" || typeof fact === "number";
}

/** The value comes first in AWS's sentence, and may have any words in it: the last ones count. */
const violationPattern = /^.* at '(?<field>[^']+)' failed to satisfy constraint: (?<what>.*)$/s;

function fieldViolation(sentence: string): google.rpc.BadRequest.FieldViolation.$Properties {
  const { field = "", what = sentence } = violationPattern.exec(sentence)?.groups ?? {};
  return { field: fitting(field, fieldBytes), description: fitting(what, factBytes) };
}

function packed(name: string, value: Uint8Array): google.protobuf.Any.$Properties {
  return { type_url: `type.googleapis.com/google.rpc.${name}`, value };
}

function fitting(text: string, bytes: number): string {
  return beginningOf(wellFormed(text), bytes);
}
