// The check by log index. Every answer says at which index of the log it is true; so writes have an
// order that need not be searched for, and it must fit the clock, the model and every reader:
//
//   1. no two writes are at one index
//   2. a call reflects at least every index that was acknowledged, to anybody, before it began; a
//      write is at a later one
//   3. replayed in that order, each secret is in the state that each answer tells of
//
// Writes of unknown outcome have no index: they may be in any gap that their beginning allows, so
// the replay follows every state that can be. Refusals have none either: the search by orders
// (linearizability.ts) judges them.
import { isSeen, isWrite, type Answer, type Call, type Operation } from "./history.ts";
import { agrees, answerText, keyOf, perform, type SecretState } from "./secret-model.ts";

export interface IndexVerdict {
  /** A sentence for each contradiction. */
  readonly contradictions: readonly string[];
  /** Secrets whose unknown writes allow more states than can be followed. */
  readonly undecided: readonly string[];
}

/** A successful call that told its index. */
interface Indexed extends Call {
  readonly index: number;
  readonly answer: Answer;
}

/** States that one secret can be in at once, before the check gives up. */
const possibilitiesMax = 2_000;

/** All calls of a history: indexes are the region's, not a secret's. */
export function checkIndexes(calls: readonly Call[]): IndexVerdict {
  const indexed = calls.flatMap((call): readonly Indexed[] => {
    const { outcome } = call;
    if (outcome.kind !== "ok" || outcome.index === undefined) return [];
    return [{ ...call, index: outcome.index, answer: outcome.answer }];
  });
  const contradictions = [...sharedIndexes(indexed), ...backInTime(indexed)];
  const undecided: string[] = [];
  const acknowledgedBefore = acknowledgements(indexed);
  for (const [secret, own] of bySecret(calls)) {
    const replay = replaySecret(
      indexed.filter((call) => call.secret === secret),
      own
        .filter(({ outcome, operation }) => outcome.kind === "unknown" && isWrite(operation))
        .map((call) => ({ call, after: acknowledgedBefore(call.start) })),
    );
    if (replay.kind === "undecided") undecided.push(secret);
    if (replay.kind === "contradicted") contradictions.push(replay.why);
  }
  return { contradictions, undecided };
}

export function bySecret(calls: readonly Call[]): ReadonlyMap<string, readonly Call[]> {
  const found = new Map<string, Call[]>();
  for (const call of calls) {
    const own = found.get(call.secret);
    if (own === undefined) found.set(call.secret, [call]);
    else own.push(call);
  }
  return found;
}

export function describeCall({ id, client, node, secret, operation, outcome }: Call): string {
  const { op, ...rest } = operation;
  const asked = Object.values(rest).join(" ");
  const told =
    outcome.kind === "ok"
      ? `${answerText(outcome.answer)} at ${outcome.index ?? "no index"}`
      : outcome.kind === "refused"
        ? outcome.code
        : `unknown: ${outcome.reason}`;
  return `call ${id} (${client} at ${node}) ${op} ${secret} ${asked} → ${told}`;
}

/** To delete what is not there writes nothing, and reflects an index like a read. */
function mayShare({ operation }: Call): boolean {
  return !isWrite(operation) || operation.op === "delete";
}

function sharedIndexes(indexed: readonly Indexed[]): readonly string[] {
  const writers = new Map<number, Indexed>();
  return indexed
    .filter((call) => !mayShare(call))
    .flatMap((call) => {
      const other = writers.get(call.index);
      writers.set(call.index, call);
      if (other === undefined) return [];
      return [`two writes at one index: ${describeCall(other)}; ${describeCall(call)}`];
    });
}

function backInTime(indexed: readonly Indexed[]): readonly string[] {
  const acknowledgedBefore = acknowledgements(indexed);
  return indexed.flatMap((call) => {
    const least = acknowledgedBefore(call.start);
    const isLate = mayShare(call) ? call.index >= least : call.index > least;
    if (isLate) return [];
    return [`index ${least} was acknowledged before it began: ${describeCall(call)}`];
  });
}

/** The greatest index that anybody had been told by a time. */
function acknowledgements(indexed: readonly Indexed[]): (time: number) => number {
  const byEnd = indexed.toSorted((one, other) => one.end - other.end);
  let greatest = 0;
  const greatestUpTo = byEnd.map(({ index }) => (greatest = Math.max(greatest, index)));
  return (time) => {
    let low = 0;
    let high = byEnd.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((byEnd[middle]?.end ?? Infinity) < time) low = middle + 1;
      else high = middle;
    }
    return greatestUpTo[low - 1] ?? 0;
  };
}

/** Writes of unknown outcome that ask for the same thing: it does not matter which of them was. */
interface UnknownWrites {
  readonly operation: Operation;
  /** Each can only be at a later index than one of these; ascending. */
  readonly after: readonly number[];
}

interface Possibility {
  readonly state: SecretState;
  /** How many of each kind of unknown write have happened in this one. */
  readonly used: readonly number[];
}

type Replayed =
  | { readonly kind: "explained" }
  | { readonly kind: "undecided" }
  | { readonly kind: "contradicted"; readonly why: string };

/** First with those unknown writes alone that somebody saw: mostly that explains everything. */
function replaySecret(indexed: readonly Indexed[], unknown: readonly UnknownWrite[]): Replayed {
  const seen = unknown.filter(({ call }) => isSeen(call, indexed));
  const quick = replayWith(indexed, groupsOf(seen));
  return quick.kind === "explained" ? quick : replayWith(indexed, groupsOf(unknown));
}

function groupsOf(unknown: readonly UnknownWrite[]): readonly UnknownWrites[] {
  const groups = new Map<string, { operation: Operation; after: number[] }>();
  for (const { call, after } of unknown) {
    const { operation } = call;
    const key = JSON.stringify(operation);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { operation, after: [after] });
    else group.after.push(after);
  }
  for (const { after } of groups.values()) after.sort((one, other) => one - other);
  return [...groups.values()];
}

function replayWith(indexed: readonly Indexed[], unknown: readonly UnknownWrites[]): Replayed {
  const inOrder = indexed.toSorted(
    (one, other) =>
      one.index - other.index || Number(isWrite(other.operation)) - Number(isWrite(one.operation)),
  );
  let possible: readonly Possibility[] = [{ state: undefined, used: unknown.map(() => 0) }];
  for (const call of inOrder) {
    // What is read at an index includes the entry that is there.
    const limit = call.index + (isWrite(call.operation) ? 0 : 1);
    const before = withUnknowns(possible, unknown, limit);
    if (before === undefined) return { kind: "undecided" };
    possible = before.flatMap(({ state, used }) => {
      const { next, outcome } = perform(state, call.operation);
      return agrees(outcome, { kind: "ok", answer: call.answer }) ? [{ state: next, used }] : [];
    });
    if (possible.length === 0) {
      const states = before.slice(0, 3).map(({ state }) => stateText(state));
      const why = `the log says otherwise: ${describeCall(call)}; it can be: ${states.join("; or ")}`;
      return { kind: "contradicted", why };
    }
  }
  return { kind: "explained" };
}

/** Every state that unknown writes below `limit` can make of the ones that are possible. */
function withUnknowns(
  possible: readonly Possibility[],
  unknown: readonly UnknownWrites[],
  limit: number,
): readonly Possibility[] | undefined {
  const found = new Map<string, Possibility[]>();
  const waiting = [...possible];
  let count = 0;
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (!addUnlessCovered(found, at)) continue;
    count += 1;
    if (count > possibilitiesMax) return undefined;
    for (const [group, { operation, after }] of unknown.entries()) {
      const used = at.used[group] ?? 0;
      if ((after[used] ?? Infinity) + 1 >= limit) continue;
      const { next } = perform(at.state, operation);
      // One that changes nothing might as well not have happened yet.
      if (keyOf(next) === keyOf(at.state)) continue;
      waiting.push({ state: next, used: at.used.with(group, used + 1) });
    }
  }
  return [...found.values()].flat();
}

/** The same state with more that can still happen can do all that one with less can. */
function addUnlessCovered(found: Map<string, Possibility[]>, possibility: Possibility): boolean {
  const key = keyOf(possibility.state);
  const same = found.get(key) ?? [];
  if (same.some((other) => usesNoMore(other, possibility))) return false;
  found.set(key, [...same.filter((other) => !usesNoMore(possibility, other)), possibility]);
  return true;
}

function usesNoMore(one: Possibility, than: Possibility): boolean {
  return one.used.every((count, group) => count <= (than.used[group] ?? 0));
}

interface UnknownWrite {
  readonly call: Call;
  /** It can only be at a later index. */
  readonly after: number;
}

function stateText(state: SecretState): string {
  if (state === undefined) return "absent";
  return `${answerText({ kind: "labels", labels: state.labels })}, ${state.versions.size} versions`;
}
