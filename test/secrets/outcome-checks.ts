// What tests ask of the outcome of a command.
import assert from "node:assert/strict";
import type { RefusalCode } from "../../src/base/errors.ts";
import type { Outcome } from "../../src/base/outcome.ts";
import type { SecretChange, SecretRecord } from "../../src/secrets/secret.ts";

type Accepted<State, Reply> = Extract<Outcome<State, Reply>, { ok: true }>;

export function accepted<State, Reply>(outcome: Outcome<State, Reply>): Accepted<State, Reply> {
  assert.ok(outcome.ok, "the command is accepted");
  return outcome;
}

/** The successor of the secret, after a command that does not remove it. */
export function successor<Reply>(outcome: Outcome<SecretChange, Reply>): SecretRecord {
  const { secret } = accepted(outcome).state;
  assert.ok(secret !== undefined, "the secret is still there");
  return secret;
}

/** The code of a refusal, or `accepted`: what a ladder of checks climbs. */
export function step(outcome: Outcome<unknown, unknown>): RefusalCode | "accepted" {
  return outcome.ok ? "accepted" : outcome.refusal.code;
}

/** The command was accepted and left nothing to write. */
export function assertWritesNothing<Reply>(
  outcome: Outcome<SecretChange, Reply>,
  before: SecretRecord,
): void {
  const { state } = accepted(outcome);
  assert.equal(state.secret, before, "the very record that was found");
  assert.deepEqual([state.putValues, state.dropValues], [[], []]);
}
