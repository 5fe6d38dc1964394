// What one secret does, as a model: small enough to be seen to be right, written without a look at
// the code it judges. A state is data with a key, so that a search can tell where it has been.
import type { Answer, Labels, Operation } from "./history.ts";

/** Nothing: there is no such secret. */
export type SecretState = PresentSecret | undefined;

interface PresentSecret {
  /** Values by version. */
  readonly versions: ReadonlyMap<string, string>;
  readonly labels: Labels;
}

export type ModelOutcome =
  | { readonly kind: "ok"; readonly answer: Answer }
  | { readonly kind: "refused"; readonly code: string };

export interface ModelStep {
  readonly next: SecretState;
  readonly outcome: ModelOutcome;
}

const done: ModelOutcome = { kind: "ok", answer: { kind: "done" } };

/** What the operation does to the secret, and what its caller is told. */
export function perform(state: SecretState, operation: Operation): ModelStep {
  if (operation.op === "create") return create(state, operation);
  // To delete by force what is not there succeeds.
  if (operation.op === "delete") return { next: undefined, outcome: done };
  if (state === undefined) return refused(state, "secret_not_found");
  switch (operation.op) {
    case "put":
      return put(state, operation);
    case "move":
      return move(state, operation);
    case "get_current":
      return read(state, state.labels.current);
    case "get_version":
      return read(state, operation.token);
    case "describe":
      return {
        next: state,
        outcome: { kind: "ok", answer: { kind: "labels", labels: state.labels } },
      };
  }
}

/** The same text for the same state, and for no other. */
export function keyOf(state: SecretState): string {
  if (state === undefined) return "-";
  const { current, previous, pending } = state.labels;
  const versions = [...state.versions].map(([token, value]) => `${token}=${value}`).sort();
  return `${current ?? ""}/${previous ?? ""}/${pending ?? ""}/${versions.join(",")}`;
}

/** Whether the model's outcome is what the caller was told. */
export function agrees(said: ModelOutcome, told: ModelOutcome): boolean {
  if (said.kind === "refused") return told.kind === "refused" && said.code === told.code;
  return told.kind === "ok" && answerText(said.answer) === answerText(told.answer);
}

export function answerText(answer: Answer): string {
  switch (answer.kind) {
    case "done":
      return "done";
    case "value":
      return `${answer.token} = ${answer.value}`;
    case "labels": {
      const { current, previous, pending } = answer.labels;
      return `current ${current ?? "-"}, previous ${previous ?? "-"}, pending ${pending ?? "-"}`;
    }
  }
}

function refused(next: SecretState, code: string): ModelStep {
  return { next, outcome: { kind: "refused", code } };
}

function create(
  state: SecretState,
  { token, value }: Extract<Operation, { op: "create" }>,
): ModelStep {
  if (state === undefined) {
    const next = { versions: new Map([[token, value]]), labels: { current: token } };
    return { next, outcome: done };
  }
  const existing = state.versions.get(token);
  if (existing === value) return { next: state, outcome: done };
  return refused(state, existing === undefined ? "secret_exists" : "token_in_use");
}

function put(
  state: PresentSecret,
  { token, value, stage }: Extract<Operation, { op: "put" }>,
): ModelStep {
  const existing = state.versions.get(token);
  if (existing === value) return { next: state, outcome: done };
  if (existing !== undefined) return refused(state, "token_in_use");
  const versions = new Map(state.versions).set(token, value);
  const { labels } = state;
  if (stage === "pending") {
    return { next: { versions, labels: { ...labels, pending: token } }, outcome: done };
  }
  const { current, pending, ...others } = labels;
  const moved = {
    ...others,
    // A value that takes over also takes AWSPENDING off the version that was current.
    ...(pending === undefined || pending === current ? {} : { pending }),
    current: token,
    ...(current === undefined ? {} : { previous: current }),
  };
  return { next: { versions, labels: moved }, outcome: done };
}

function move(state: PresentSecret, { from, to }: Extract<Operation, { op: "move" }>): ModelStep {
  const { versions, labels } = state;
  if (!versions.has(from) || !versions.has(to)) return refused(state, "version_not_found");
  if (labels.current !== from) return refused(state, "label_not_held");
  if (from === to) return { next: state, outcome: done };
  return { next: { versions, labels: { ...labels, current: to, previous: from } }, outcome: done };
}

function read(state: PresentSecret, token: string | undefined): ModelStep {
  const value = token === undefined ? undefined : state.versions.get(token);
  if (token === undefined || value === undefined) return refused(state, "version_not_found");
  return { next: state, outcome: { kind: "ok", answer: { kind: "value", token, value } } };
}
