// What is compared with the model: somebody who answers calls in AWS JSON.
import { describeRefusal, RefusedError } from "../../src/base/errors.ts";
import { utf8 } from "../../src/base/bytes.ts";
import type { Caller } from "../../src/services/caller.ts";
import type { Dispatcher } from "../../src/services/dispatcher.ts";
import { decodeRequest, encodeResponse } from "../../src/services/operations/codec.ts";
import { operationNamed } from "../../src/services/operations/operations.ts";
import { wireStatus } from "../../src/server/wire-status.ts";
import type { AwsAnswer, AwsReply } from "../conformance/aws-answer.ts";
import type { ModelLimits } from "./model-state.ts";

/** Nobody can say whether the call was carried out. */
export interface Unknown {
  readonly kind: "unknown";
}

export interface ServiceUnderTest extends AsyncDisposable {
  readonly limits: ModelLimits;
  readonly time: "set" | "real";
  now(): number;
  call(operation: string, request: object): Promise<AwsAnswer | Unknown>;
  /** Lets time pass, and what comes due with it; `kill`: the leader ends. */
  happen(operation: string, ms: number): Promise<void>;
}

/** One call as the AWS endpoint makes it: from bytes to bytes. */
export async function callDispatcher(
  dispatcher: Dispatcher,
  caller: Caller,
  [operation, request]: readonly [string, object],
): Promise<AwsAnswer> {
  const name = operationNamed(operation);
  if (name === undefined) throw new TypeError(`there is no ${operation}`);
  try {
    const draft = decodeRequest(name, utf8(JSON.stringify(request)));
    const response = await dispatcher.call(name, caller, draft);
    const bytes = encodeResponse(name, response);
    return { kind: "reply", reply: JSON.parse(Buffer.from(bytes).toString("utf8")) as AwsReply };
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    const { awsType: exception } = wireStatus[error.refusal.code];
    return { kind: "refused", exception, message: describeRefusal(error.refusal) };
  }
}
