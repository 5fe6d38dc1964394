// The last line of "every wait has an end": the services keep the deadline themselves, and a caller
// of one that does not still gets an answer.
import { refuseCall } from "../../base/errors.ts";
import { operationKind, type OperationName } from "../../services/operations/operations.ts";

export interface Wait {
  readonly operation: OperationName;
  readonly leftMs: number;
  /** Told what the work came to when nobody waits for it any more, if it failed. */
  readonly onLateError: (error: unknown) => void;
}

/** The services answer at the deadline; this is for when they did not. */
const graceMs = 500;

/**
 * Waits for `work` until shortly after its deadline.
 *
 * Refuses with timed_out, or with outcome_unknown where the work may still change something.
 */
export async function withinDeadline<Result>(
  work: Promise<Result>,
  { operation, leftMs, onLateError }: Wait,
): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      // A broken invariant must stop the process, also when it comes late.
      work.catch(onLateError);
      reject(
        operationKind(operation) === "write"
          ? refuseCall("outcome_unknown", { reason: "timed_out" })
          : refuseCall("timed_out", {}),
      );
    }, leftMs + graceMs);
  });
  try {
    return await Promise.race([work, end]);
  } finally {
    clearTimeout(timer);
  }
}
