// The replicated state as this node has applied it: rows in the database, under the rows that are
// applied and on their way there, and what is derived of them. The state machine reads it and its
// changes are written through it.
import { assert } from "../base/assert.ts";
import { textOf } from "../base/bytes.ts";
import { epochMs, type LogIndex, type NodeId } from "../base/ids.ts";
import type { KeyringRecord } from "../keys/keyring-record.ts";
import type { JoinTokenRecord, MemberRecord, RemovedNode } from "../machine/member-record.ts";
import {
  eventsKept,
  type Counters,
  type EventPage,
  type IndexedName,
  type IndexRange,
  type OrderedName,
  type OrderRange,
  type QueryView,
  type RowChange,
} from "../machine/state-view.ts";
import type { Configuration } from "../raft/configuration.ts";
import type { LogPosition } from "../raft/log-terms.ts";
import type { SealedValue, SecretRecord, VersionId } from "../secrets/secret.ts";
import { encodeApplied, type Applied } from "./applied-row.ts";
import { CorruptionError } from "./corruption.ts";
import type { Database } from "./database.ts";
import { DerivedRows, type DerivedChange } from "./derived-rows.ts";
import { frame } from "./frame.ts";
import {
  appliedKey,
  countersRowKey,
  joinTokensRowKey,
  keyringRowKey,
  memberRowKey,
  orderOfRowKey,
  orderRowKey,
  policyRowKey,
  removedRowKey,
  secretRowKey,
  statePrefix,
  valueRowKey,
} from "./keys.ts";
import { decodeJoinTokens, decodeMember, decodeRemovedNode } from "./member-rows.ts";
import { OverlaidRows, type FoundRow } from "./overlaid-rows.ts";
import type { PendingBatch } from "./pending-batch.ts";
import {
  decodeCounters,
  decodeKeyring,
  decodePolicy,
  decodeSecret,
  decodeValue,
} from "./row-codec.ts";
import { withoutRow, withRow } from "./state-digest.ts";
import { storedRow } from "./stored-row.ts";

const noCounters: Counters = { lastAt: epochMs(0), nextOrder: 1, secretCount: 0 };
const lastOrder = Number.MAX_SAFE_INTEGER;

export interface RecoveredState {
  readonly generation: number;
  readonly applied: Applied;
  /** Told before the error is thrown on: a node that reads a damaged row must stop. */
  readonly onCorruption: (error: unknown) => void;
  /** For how many entries; `eventsKept` unless a test cannot wait for so many. */
  readonly eventsKept?: number;
}

export class StateStore implements QueryView {
  readonly #database: Database;
  readonly #recovered: RecoveredState;
  #generation: number;
  #rows: OverlaidRows;
  #derived: DerivedRows;
  #applied: Applied;
  #membersVersion = 0;

  constructor(database: Database, recovered: RecoveredState) {
    this.#database = database;
    this.#recovered = recovered;
    this.#generation = recovered.generation;
    this.#applied = recovered.applied;
    this.#rows = this.#stateRows();
    this.#derived = this.#derivedRows();
  }

  get applied(): Applied {
    return this.#applied;
  }

  get generation(): number {
    return this.#generation;
  }

  /** What is derived of the state here: the search index is built through it. */
  get derived(): DerivedRows {
    return this.#derived;
  }

  /** How many rows are not durable yet. */
  get unlandedCount(): number {
    return this.#rows.unlandedCount + this.#derived.unlandedCount;
  }

  /** Another number whenever who is in the region, or where they are, may have changed. */
  get membersVersion(): number {
    return this.#membersVersion;
  }

  /** A snapshot has become the state: durably, and with nothing on top of it. */
  replace(installed: { readonly generation: number; readonly applied: Applied }): void {
    this.#generation = installed.generation;
    this.#applied = installed.applied;
    this.#rows = this.#stateRows();
    this.#derived = this.#derivedRows();
    this.#membersVersion += 1;
  }

  secret(name: string): SecretRecord | undefined {
    return this.#read(secretRowKey(name), decodeSecret);
  }

  sealedValue(name: string, versionId: VersionId): SealedValue | undefined {
    return this.#read(valueRowKey(name, versionId), decodeValue);
  }

  resourcePolicy(name: string): string | undefined {
    return this.#read(policyRowKey(name), decodePolicy);
  }

  keyring(): KeyringRecord | undefined {
    return this.#read(keyringRowKey, decodeKeyring);
  }

  counters(): Counters {
    return this.#read(countersRowKey, decodeCounters) ?? noCounters;
  }

  configuration(): Configuration {
    return this.#applied.configuration;
  }

  member(node: NodeId): MemberRecord | undefined {
    return this.#read(memberRowKey(node), decodeMember);
  }

  removedNode(node: NodeId): RemovedNode | undefined {
    return this.#read(removedRowKey(node), decodeRemovedNode);
  }

  joinTokens(): readonly JoinTokenRecord[] {
    return this.#read(joinTokensRowKey, decodeJoinTokens) ?? [];
  }

  async namesByOrder(range: OrderRange): Promise<readonly OrderedName[]> {
    const isReverse = range.direction === "descending";
    const gte = orderRowKey(isReverse || range.after === undefined ? 0 : range.after + 1);
    const lt = orderRowKey(isReverse && range.after !== undefined ? range.after : lastOrder);
    const rows = this.#rows;
    const page = await rows.page({ range: { gte, lt }, limit: range.limit, isReverse });
    return page.map((row) => rows.checked(() => orderedName(row)));
  }

  isIndexComplete(): boolean {
    return this.#derived.isComplete;
  }

  indexed(range: IndexRange): Promise<readonly IndexedName[]> {
    return this.#derived.indexed(range);
  }

  eventsAfter(after: LogIndex, limit: number): Promise<EventPage | "too_old"> {
    return this.#derived.eventsAfter(after, limit);
  }

  /** Takes what a command changed into the state, and into the batch that will make it durable. */
  absorb(changes: readonly RowChange[], at: LogPosition): void {
    assert(at.index === this.#applied.position.index + 1, "entries are applied in order, once");
    const derived: DerivedChange[] = [];
    for (const change of changes) {
      if (change.row === "index" || change.row === "event") derived.push(change);
      else this.#absorbRow(change);
    }
    this.#derived.absorb(derived, at.index);
    const { digest, rowCount, configuration } = this.#applied;
    this.#applied = { position: at, digest, rowCount, configuration };
  }

  /** Puts every row that is not durable yet into `batch`. Returns what to call when it is. */
  writeTo(batch: PendingBatch): () => void {
    const applied = appliedKey(this.#generation);
    batch.put(applied, frame(applied, encodeApplied(this.#applied)));
    const landed = [this.#rows.writeTo(batch), this.#derived.writeTo(batch)];
    return () => {
      for (const note of landed) note();
    };
  }

  #absorbRow(change: Exclude<RowChange, DerivedChange>): void {
    if (isOfMembers(change)) this.#membersVersion += 1;
    if (change.row === "configuration") {
      this.#applied = { ...this.#applied, configuration: change.configuration };
      return;
    }
    const { key, payload } = storedRow(change);
    this.#set(key, payload);
  }

  #set(key: Uint8Array, payload: Uint8Array | undefined): void {
    const before = this.#rows.get(key);
    const { position, configuration } = this.#applied;
    let { digest, rowCount } = this.#applied;
    if (before !== undefined) {
      digest = withoutRow(digest, key, before);
      rowCount -= 1;
    }
    if (payload !== undefined) {
      digest = withRow(digest, key, payload);
      rowCount += 1;
    }
    this.#applied = { position, digest, rowCount, configuration };
    this.#rows.set(key, payload);
  }

  #read<Row>(key: Uint8Array, decode: (payload: Uint8Array) => Row): Row | undefined {
    const payload = this.#rows.get(key);
    return payload === undefined ? undefined : this.#rows.checked(() => decode(payload));
  }

  #stateRows(): OverlaidRows {
    return new OverlaidRows({
      database: this.#database,
      prefix: statePrefix(this.#generation),
      what: "a state row",
      onCorruption: this.#recovered.onCorruption,
    });
  }

  #derivedRows(): DerivedRows {
    const { position, rowCount } = this.#applied;
    return new DerivedRows({
      database: this.#database,
      generation: this.#generation,
      applied: { appliedIndex: position.index, rowCount },
      onCorruption: this.#recovered.onCorruption,
      eventsKept: this.#recovered.eventsKept ?? eventsKept,
    });
  }
}

function orderedName({ key, payload }: FoundRow): OrderedName {
  const name = textOf(payload);
  if (name === undefined) throw new CorruptionError("the order of secrets", "a name is no text");
  return { order: orderOfRowKey(key), name };
}

function isOfMembers({ row }: RowChange): boolean {
  return row === "member" || row === "removed_node" || row === "configuration";
}
