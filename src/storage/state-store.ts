// The replicated state as this node has applied it: rows in the database, under the rows that are
// applied and on their way there. The state machine reads it and its changes are written through
// it.
import { assert } from "../base/assert.ts";
import { textOf } from "../base/bytes.ts";
import { epochMs, type NodeId } from "../base/ids.ts";
import type { KeyringRecord } from "../keys/keyring-record.ts";
import type { JoinTokenRecord, MemberRecord, RemovedNode } from "../machine/member-record.ts";
import type {
  Counters,
  OrderedName,
  OrderRange,
  RowChange,
  StateView,
} from "../machine/state-view.ts";
import type { Configuration } from "../raft/configuration.ts";
import type { LogPosition } from "../raft/log-terms.ts";
import type { SealedValue, SecretRecord, VersionId } from "../secrets/secret.ts";
import { encodeApplied, type Applied } from "./applied-row.ts";
import { CorruptionError } from "./corruption.ts";
import type { Database } from "./database.ts";
import { frame, unframe } from "./frame.ts";
import {
  appliedKey,
  countersRowKey,
  joinTokensRowKey,
  keyringRowKey,
  memberRowKey,
  orderOfRowKey,
  orderRowKey,
  removedRowKey,
  rowOfStateKey,
  secretRowKey,
  stateKey,
  stateRange,
  valueRowKey,
} from "./keys.ts";
import { decodeJoinTokens, decodeMember, decodeRemovedNode } from "./member-rows.ts";
import { keyText, type PendingBatch } from "./pending-batch.ts";
import { decodeCounters, decodeKeyring, decodeSecret, decodeValue } from "./row-codec.ts";
import { withoutRow, withRow } from "./state-digest.ts";
import { storedRow } from "./stored-row.ts";

/** A row that is applied and not yet durable. `undefined`: it is removed. */
interface OverlayRow {
  readonly key: Uint8Array;
  readonly payload: Uint8Array | undefined;
}

const noCounters: Counters = { lastAt: epochMs(0), nextOrder: 1, secretCount: 0 };
const lastOrder = Number.MAX_SAFE_INTEGER;

export class StateStore implements StateView {
  readonly #database: Database;
  #generation: number;
  readonly #onCorruption: (error: unknown) => void;
  readonly #overlay = new Map<string, OverlayRow>();
  #applied: Applied;
  #membersVersion = 0;

  constructor(
    database: Database,
    recovered: {
      readonly generation: number;
      readonly applied: Applied;
      /** Told before the error is thrown on: a node that reads a damaged row must stop. */
      readonly onCorruption: (error: unknown) => void;
    },
  ) {
    this.#database = database;
    this.#generation = recovered.generation;
    this.#applied = recovered.applied;
    this.#onCorruption = recovered.onCorruption;
  }

  get applied(): Applied {
    return this.#applied;
  }

  get generation(): number {
    return this.#generation;
  }

  /** Another number whenever who is in the region, or where they are, may have changed. */
  get membersVersion(): number {
    return this.#membersVersion;
  }

  /** A snapshot has become the state: durably, and with nothing on top of it. */
  replace(installed: { readonly generation: number; readonly applied: Applied }): void {
    this.#overlay.clear();
    this.#generation = installed.generation;
    this.#applied = installed.applied;
    this.#membersVersion += 1;
  }

  secret(name: string): SecretRecord | undefined {
    return this.#read(secretRowKey(name), decodeSecret);
  }

  sealedValue(name: string, versionId: VersionId): SealedValue | undefined {
    return this.#read(valueRowKey(name, versionId), decodeValue);
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
    const from = orderRowKey(isReverse || range.after === undefined ? 0 : range.after + 1);
    const below = orderRowKey(isReverse && range.after !== undefined ? range.after : lastOrder);
    // Both are taken now, in one turn: no batch can land between them.
    const unlanded = this.#overlayBetween(from, below);
    const page = this.#database.page(stateRange(this.#generation, from, below), {
      limit: range.limit + unlanded.size,
      reverse: isReverse,
    });
    const stored = await page.catch((error: unknown) => this.#fail(error));
    const orders = new Map<number, string>();
    for (const [key, framed] of stored) {
      orders.set(orderOfRowKey(rowOfStateKey(key)), this.#nameIn(key, framed));
    }
    for (const [order, name] of unlanded) {
      if (name === undefined) orders.delete(order);
      else orders.set(order, name);
    }
    const sign = isReverse ? -1 : 1;
    return [...orders]
      .map(([order, name]) => ({ order, name }))
      .sort((one, other) => sign * (one.order - other.order))
      .slice(0, range.limit);
  }

  /** Takes what a command changed into the state, and into the batch that will make it durable. */
  absorb(changes: readonly RowChange[], at: LogPosition): void {
    assert(at.index === this.#applied.position.index + 1, "entries are applied in order, once");
    for (const change of changes) this.#absorbRow(change);
    this.#applied = { ...this.#applied, position: at };
  }

  /** Puts every row that is not durable yet into `batch`. Returns what to call when it is. */
  writeTo(batch: PendingBatch): () => void {
    const applied = appliedKey(this.#generation);
    batch.put(applied, frame(applied, encodeApplied(this.#applied)));
    const written = [...this.#overlay];
    for (const [, { key, payload }] of written) {
      const stored = stateKey(this.#generation, key);
      if (payload === undefined) batch.del(stored);
      else batch.put(stored, frame(stored, payload));
    }
    return () => {
      for (const [text, row] of written) {
        if (this.#overlay.get(text) === row) this.#overlay.delete(text);
      }
    };
  }

  #absorbRow(change: RowChange): void {
    if (isOfMembers(change)) this.#membersVersion += 1;
    if (change.row === "configuration") {
      this.#applied = { ...this.#applied, configuration: change.configuration };
      return;
    }
    const { key, payload } = storedRow(change);
    this.#set(key, payload);
  }

  #set(key: Uint8Array, payload: Uint8Array | undefined): void {
    const before = this.#payload(key);
    let { digest, rowCount } = this.#applied;
    if (before !== undefined) {
      digest = withoutRow(digest, key, before);
      rowCount -= 1;
    }
    if (payload !== undefined) {
      digest = withRow(digest, key, payload);
      rowCount += 1;
    }
    this.#applied = { ...this.#applied, digest, rowCount };
    this.#overlay.set(keyText(key), { key, payload });
  }

  #read<Row>(key: Uint8Array, decode: (payload: Uint8Array) => Row): Row | undefined {
    const payload = this.#payload(key);
    return payload === undefined ? undefined : this.#checked(() => decode(payload));
  }

  #payload(key: Uint8Array): Uint8Array | undefined {
    const unlanded = this.#overlay.get(keyText(key));
    if (unlanded !== undefined) return unlanded.payload;
    const stored = stateKey(this.#generation, key);
    return this.#checked(() => {
      const framed = this.#database.get(stored);
      return framed === undefined ? undefined : unframe(stored, framed, "a state row");
    });
  }

  #nameIn(key: Uint8Array, framed: Uint8Array): string {
    return this.#checked(() => {
      const name = textOf(unframe(key, framed, "a row of the order of secrets"));
      if (name === undefined) {
        throw new CorruptionError("the order of secrets", "a name is no text");
      }
      return name;
    });
  }

  #overlayBetween(from: Uint8Array, below: Uint8Array): Map<number, string | undefined> {
    const found = new Map<number, string | undefined>();
    for (const { key, payload } of this.#overlay.values()) {
      if (Buffer.compare(key, from) < 0 || Buffer.compare(key, below) >= 0) continue;
      found.set(orderOfRowKey(key), payload && textOf(payload));
    }
    return found;
  }

  #checked<Result>(read: () => Result): Result {
    try {
      return read();
    } catch (error) {
      return this.#fail(error);
    }
  }

  #fail(error: unknown): never {
    this.#onCorruption(error);
    throw error;
  }
}

function isOfMembers({ row }: RowChange): boolean {
  return row === "member" || row === "removed_node" || row === "configuration";
}
