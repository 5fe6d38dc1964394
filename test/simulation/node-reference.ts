// What the log comes to when it is applied once, in order, to a state in memory: what every answer
// is measured by. Here are the invariants on secrets (17 to 19), and the history of each.
import { isDeepStrictEqual } from "node:util";
import { hasSameBytes } from "../../src/base/bytes.ts";
import { applyCommand } from "../../src/machine/apply.ts";
import type { Command, CommandOutcome } from "../../src/machine/command.ts";
import { leaveJointChanges } from "../../src/machine/membership.ts";
import { MemoryState } from "../../src/machine/memory-state.ts";
import type { RowChange } from "../../src/machine/state-view.ts";
import type { NodeId } from "../../src/base/ids.ts";
import type { Configuration } from "../../src/raft/configuration.ts";
import type { Entry } from "../../src/raft/input.ts";
import {
  currentLabel,
  previousLabel,
  type SecretRecord,
  type SealedValue,
  type VersionRecord,
} from "../../src/secrets/secret.ts";
import { decodeEnvelope } from "../../src/storage/command-codec.ts";
import { planOf } from "./node-service.ts";
import { must } from "./node-world.ts";

interface Moment<What> {
  readonly index: number;
  readonly what: What;
}

export interface AppliedCommand {
  readonly command: Command;
  readonly outcome: CommandOutcome;
}

export class Reference {
  readonly #state: MemoryState;
  /** Every configuration there was, oldest first. */
  readonly configurations: Configuration[];
  readonly #secrets = new Map<string, Moment<SecretRecord | undefined>[]>();
  readonly #values = new Map<string, Moment<SealedValue | undefined>[]>();
  readonly #names: Moment<string>[] = [];
  readonly #made = new Map<string, Uint8Array>();
  readonly #commands = new Map<number, AppliedCommand>();
  readonly #plans = new Set<number>();
  readonly #refused = new Set<number>();
  applied = 0;

  constructor(founders: Configuration) {
    this.#state = new MemoryState(founders);
    this.configurations = [founders];
  }

  get configuration(): Configuration {
    return this.#state.configuration();
  }

  isRemoved(node: NodeId): boolean {
    return this.#state.removedNode(node) !== undefined;
  }

  /** A node has applied an entry; the first to do so moves this on. */
  apply(entry: Entry, outcome: CommandOutcome | undefined): void {
    if (entry.index <= this.applied) {
      const known = this.#commands.get(entry.index);
      must(
        isSameOutcome(known?.outcome, outcome),
        `7: the command at ${String(entry.index)} came to two outcomes`,
      );
      return;
    }
    must(entry.index === this.applied + 1, "somebody skips entries that nobody has applied");
    this.applied = entry.index;
    if (entry.kind === "leave_joint") this.#absorb(entry.index, leaveJointChanges(this.#state));
    if (entry.kind === "leave_joint" || entry.kind === "empty") return;
    const { at, command } = decodeEnvelope(entry.payload);
    const plan = planOf(command);
    if (plan !== undefined) {
      must(!this.#refused.has(plan), "a write that was refused for certain is in the log");
      this.#plans.add(plan);
    }
    const applied = applyCommand(this.#state, { at, command });
    must(
      isSameOutcome(applied.outcome, outcome),
      `the command at ${String(entry.index)} comes to something else on a node`,
    );
    this.#commands.set(entry.index, { command, outcome: applied.outcome });
    this.#checkRepetition(command, applied.changes);
    this.#absorb(entry.index, applied.changes);
  }

  #absorb(index: number, changes: readonly RowChange[]): void {
    for (const change of changes) this.#check(change);
    this.#state.absorb(changes);
    for (const change of changes) this.#remember(index, change);
  }

  /** Whoever planned it was told that it certainly has not happened, and never will. */
  planRefused(plan: number): void {
    must(!this.#plans.has(plan), "a write that was refused for certain is in the log");
    this.#refused.add(plan);
  }

  commandAt(index: number): AppliedCommand | undefined {
    return this.#commands.get(index);
  }

  secretAt(name: string, index: number): SecretRecord | undefined {
    return at(this.#secrets.get(name), index);
  }

  valueAt(name: string, versionId: string, index: number): SealedValue | undefined {
    return at(this.#values.get(`${name}\0${versionId}`), index);
  }

  /** The names there were, in the order of creation, as one text. */
  namesAt(index: number): string {
    return at(this.#names, index) ?? "";
  }

  #check(change: RowChange): void {
    if (change.row === "counters") {
      const { lastAt } = this.#state.counters();
      must(change.counters.lastAt >= lastAt, "the time of the state goes back");
    }
    if (change.row === "secret" && change.record !== undefined) {
      const before = this.#state.secret(change.name);
      checkSecret(change.record, before);
      const known = before?.arn === change.record.arn ? before.versions : undefined;
      for (const [id, version] of change.record.versions) {
        // The very same version as before was looked at when it came.
        if (known?.get(id) === version) continue;
        const { fingerprint } = version;
        this.#checkVersion(change.record, before, { id, fingerprint });
      }
    }
  }

  /** 19: whoever brings a token that was executed changes nothing. */
  #checkRepetition(command: Command, changes: readonly RowChange[]): void {
    if (!("version" in command) || command.version === undefined) return;
    const { versionId } = command.version;
    if (this.#state.secret(command.name)?.versions.has(versionId) !== true) return;
    const isChanged = changes.some(({ row }) => row === "secret" || row === "value");
    must(!isChanged, `19: token ${versionId} was executed twice`);
  }

  /** 18 and 19: a version is made once, and never changes. */
  #checkVersion(
    { arn }: SecretRecord,
    before: SecretRecord | undefined,
    { id, fingerprint }: { readonly id: string; readonly fingerprint: Uint8Array },
  ): void {
    const key = `${arn}/${id}`;
    const known = this.#made.get(key);
    if (known === undefined) {
      this.#made.set(key, fingerprint);
      return;
    }
    must(hasSameBytes(known, fingerprint), `18: version ${id} has changed`);
    must(before?.arn === arn && before.versions.has(id), `19: token ${id} was executed twice`);
  }

  #remember(index: number, change: RowChange): void {
    if (change.row === "configuration") this.configurations.push(change.configuration);
    if (change.row === "secret") note(this.#secrets, change.name, { index, what: change.record });
    if (change.row === "value") {
      note(this.#values, `${change.name}\0${change.versionId}`, { index, what: change.value });
    }
    if (change.row === "order") {
      const { names } = this.#state.contents();
      const what = [...names]
        .sort(([one], [other]) => one - other)
        .map(([, name]) => name)
        .join(" ");
      this.#names.push({ index, what });
    }
  }
}

/** 17: one current version once there is any, and labels only on versions that exist. */
function checkSecret(record: SecretRecord, before: SecretRecord | undefined): void {
  const { versions, labels, name } = record;
  must(versions.size === 0 || labels.has(currentLabel), `17: ${name} has no current version`);
  for (const [label, id] of labels) {
    must(versions.has(id), `17: ${label} of ${name} is on no version`);
  }
  const current = labels.get(currentLabel);
  must(
    current === undefined || labels.get(previousLabel) !== current,
    `17: ${name} has one version that is current and previous`,
  );
  const previous = before?.labels.get(currentLabel);
  if (before?.arn === record.arn && previous !== undefined && previous !== current) {
    must(labels.get(previousLabel) === previous, `17: ${name} does not follow its current version`);
  }
}

function note<What>(all: Map<string, Moment<What>[]>, key: string, moment: Moment<What>): void {
  const moments = all.get(key);
  if (moments === undefined) all.set(key, [moment]);
  else moments.push(moment);
}

function at<What>(moments: readonly Moment<What>[] | undefined, index: number): What | undefined {
  if (moments === undefined) return undefined;
  for (let place = moments.length - 1; place >= 0; place -= 1) {
    const moment = moments[place];
    if (moment !== undefined && moment.index <= index) return moment.what;
  }
  return undefined;
}

function isSameOutcome(
  one: CommandOutcome | undefined,
  other: CommandOutcome | undefined,
): boolean {
  if (one === undefined || other === undefined) return one === other;
  if (one.ok !== other.ok) return false;
  if (!one.ok || !other.ok) return isDeepStrictEqual(one, other);
  return isDeepStrictEqual(one.reply, other.reply);
}

/** Everything that a caller could see of it, and the order of its versions. */
export function isSameSecret(
  one: SecretRecord | undefined,
  other: SecretRecord | undefined,
): boolean {
  if (one === undefined || other === undefined) return one === other;
  return (
    one.arn === other.arn &&
    one.order === other.order &&
    one.changedAt === other.changedAt &&
    one.description === other.description &&
    isSameDeletion(one, other) &&
    isSameText(one.labels, other.labels) &&
    hasSameVersions(one, other)
  );
}

function isSameDeletion(
  { deletion: one }: SecretRecord,
  { deletion: other }: SecretRecord,
): boolean {
  return one?.scheduledFor === other?.scheduledFor;
}

function isSameText(one: SecretRecord["labels"], other: SecretRecord["labels"]): boolean {
  return one.size === other.size && [...one].every(([label, id]) => other.get(label) === id);
}

/** The same ones, in the same order. */
function hasSameVersions(
  { versions: one }: SecretRecord,
  { versions: two }: SecretRecord,
): boolean {
  if (one.size !== two.size) return false;
  const others = two.entries();
  for (const [id, version] of one) {
    const [otherId, other] = others.next().value ?? [];
    if (other === undefined || otherId !== id || !isSameVersion(version, other)) return false;
  }
  return true;
}

function isSameVersion(one: VersionRecord, other: VersionRecord): boolean {
  return (
    one.createdAt === other.createdAt &&
    one.keyRef === other.keyRef &&
    hasSameBytes(one.fingerprint, other.fingerprint)
  );
}
