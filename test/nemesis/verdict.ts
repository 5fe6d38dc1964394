// What a history proves: the index check first, the search by orders as a second opinion, for the
// index itself could lie.
import { isWrite, type Call, type History } from "./history.ts";
import { bySecret, checkIndexes, describeCall } from "./index-check.ts";
import { checkLinearizable } from "./linearizability.ts";

export interface Verdict {
  readonly calls: number;
  readonly ok: number;
  readonly refused: number;
  readonly unknown: number;
  readonly secrets: number;
  /** Successful calls that told of no index. */
  readonly withoutIndex: number;
  /** A sentence for each; none in a history that is as it should be. */
  readonly contradictions: readonly string[];
  /** Secrets that a check gave up on. */
  readonly undecided: readonly string[];
}

/** Refusals that say something of the secret. */
const telling: ReadonlySet<string> = new Set([
  "secret_not_found",
  "version_not_found",
  "secret_exists",
  "token_in_use",
  "label_not_held",
]);

/** Refusals that say only that nothing was done: the region was not there to do it. */
const silent: ReadonlySet<string> = new Set([
  "no_leader",
  "node_locked",
  "overloaded",
  "rate_exceeded",
  "timed_out",
  "unreachable",
]);

export function judge({ calls }: Pick<History, "calls">): Verdict {
  const telltale = calls.filter((call) => saysSomething(call));
  const index = checkIndexes(telltale);
  const orders = judgeOrders(telltale);
  const count = (kind: string): number =>
    calls.filter(({ outcome }) => outcome.kind === kind).length;
  return {
    calls: calls.length,
    ok: count("ok"),
    refused: count("refused"),
    unknown: count("unknown"),
    secrets: bySecret(calls).size,
    withoutIndex: calls.filter(
      ({ outcome }) => outcome.kind === "ok" && outcome.index === undefined,
    ).length,
    contradictions: [...strangeRefusals(calls), ...index.contradictions, ...orders.contradictions],
    undecided: [...new Set([...index.undecided, ...orders.undecided])],
  };
}

export function describeVerdict(verdict: Verdict): string {
  const { calls, ok, refused, unknown, secrets, undecided, contradictions } = verdict;
  const share = calls === 0 ? 0 : (100 * unknown) / calls;
  const counts =
    `${calls} calls on ${secrets} secrets: ${ok} done, ${refused} refused, ${unknown} unknown ` +
    `(${share.toFixed(2)} %), ${undecided.length} secrets undecided`;
  if (contradictions.length === 0) return `${counts}; linearizable as far as decided`;
  return [`${counts}; NOT linearizable:`, ...contradictions.slice(0, 10)].join("\n  ");
}

function saysSomething({ outcome, operation }: Call): boolean {
  if (outcome.kind === "refused") return telling.has(outcome.code);
  return outcome.kind === "ok" || isWrite(operation);
}

function strangeRefusals(calls: readonly Call[]): readonly string[] {
  return calls.flatMap((call) => {
    const { outcome } = call;
    if (outcome.kind !== "refused") return [];
    if (telling.has(outcome.code) || silent.has(outcome.code)) return [];
    return [`nothing gives a reason for this refusal: ${describeCall(call)}`];
  });
}

function judgeOrders(calls: readonly Call[]): Pick<Verdict, "contradictions" | "undecided"> {
  const contradictions: string[] = [];
  const undecided: string[] = [];
  for (const [secret, own] of bySecret(calls)) {
    const found = checkLinearizable(own);
    if (found.kind === "undecided") undecided.push(secret);
    if (found.kind === "not_linearizable") {
      contradictions.push(
        `no order explains ${secret}; at the latest ${describeCall(found.stuckAt)}`,
      );
    }
  }
  return { contradictions, undecided };
}
