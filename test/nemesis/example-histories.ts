// Histories for the tests of the checker: written by hand, or made by a region that is a few lines
// long and never wrong.
import type { Call, Operation, Outcome } from "./history.ts";
import { perform, type SecretState } from "./secret-model.ts";

/** A call as a test writes it: `at` is its beginning and its end. */
export interface Sketch {
  readonly at: readonly [start: number, end: number];
  readonly operation: Operation;
  readonly outcome: Outcome;
  readonly secret?: string;
}

export function callsOf(sketches: readonly Sketch[]): readonly Call[] {
  return sketches.map(({ at: [start, end], operation, outcome, secret = "s" }, position) => ({
    id: position + 1,
    client: `c${position + 1}`,
    node: "n1",
    secret,
    operation,
    start,
    end: outcome.kind === "unknown" ? Infinity : end,
    outcome,
  }));
}

export const create = (token: string): Operation => ({ op: "create", token, value: `v-${token}` });
export const put = (token: string): Operation => ({
  ...{ op: "put", token, value: `v-${token}` },
  stage: "current",
});
export const getCurrent: Operation = { op: "get_current" };
export const describeLabels: Operation = { op: "describe" };

export const doneAt = (index: number): Outcome => ({
  ...{ kind: "ok", answer: { kind: "done" } },
  index,
});
export const valueAt = (index: number, token: string): Outcome => ({
  ...{ kind: "ok", index },
  answer: { kind: "value", token, value: `v-${token}` },
});
export const unknown: Outcome = { kind: "unknown", reason: "timed out" };
export const refused = (code: string): Outcome => ({ kind: "refused", code });

/** What a test draws, by a number below a limit. */
export type Draw = (below: number) => number;

const tokens = ["t1", "t2", "t3", "t4"] as const;

function drawOperation(draw: Draw): Operation {
  const token = tokens[draw(tokens.length)] ?? "t1";
  const other = tokens[draw(tokens.length)] ?? "t1";
  const operations: readonly Operation[] = [
    create(token),
    put(token),
    { ...put(token), stage: "pending" } as Operation,
    { op: "move", from: token, to: other },
    { op: "delete" },
    getCurrent,
    { op: "get_version", token },
    describeLabels,
  ];
  return operations[draw(operations.length)] ?? getCurrent;
}

/**
 * Calls of one secret that a right region answered: each was carried out at a moment of its own,
 * begins before and ends after it. Some lose their answers, some of those were never carried out.
 */
export function rightHistory(draw: Draw, count: number): readonly Call[] {
  let state: SecretState;
  const sketches: Sketch[] = [];
  let index = 0;
  for (let moment = 1; moment <= count; moment += 1) {
    const operation = drawOperation(draw);
    const fate = draw(8);
    const at = [10 * moment - draw(25), 10 * moment + draw(25)] as const;
    const isLost = fate === 0;
    if (isLost && draw(2) === 0) {
      sketches.push({ at, operation, outcome: unknown });
      continue;
    }
    const { next, outcome } = perform(state, operation);
    const isWrite = next !== state || outcome.kind === "ok";
    const isRead = operation.op.startsWith("get") || operation.op === "describe";
    if (!isRead && isWrite) index += 1;
    state = next;
    const told: Outcome = outcome.kind === "ok" ? { ...outcome, index } : outcome;
    sketches.push({ at, operation, outcome: isLost ? unknown : told });
  }
  return callsOf(sketches);
}
