// The replicated state in memory: what tests and the simulator apply commands to.
import { unreachable } from "../base/assert.ts";
import type { NodeId } from "../base/ids.ts";
import type { KeyringRecord } from "../keys/keyring-record.ts";
import { votersOnly, type Configuration } from "../raft/configuration.ts";
import type { SealedValue, SecretRecord, VersionId } from "../secrets/secret.ts";
import { initialCounters } from "./initial-counters.ts";
import type { JoinTokenRecord, MemberRecord, RemovedNode } from "./member-record.ts";
import type { Counters, OrderedName, OrderRange, RowChange, StateView } from "./state-view.ts";

/** Everything a state holds, as plain maps: to compare two states, or to look inside one. */
export interface StateContents {
  readonly secrets: ReadonlyMap<string, SecretRecord>;
  /** By name, then by version. A name without values has no entry. */
  readonly values: ReadonlyMap<string, ReadonlyMap<VersionId, SealedValue>>;
  readonly names: ReadonlyMap<number, string>;
  readonly keyring: KeyringRecord | undefined;
  readonly counters: Counters;
  readonly configuration: Configuration;
  readonly members: ReadonlyMap<NodeId, MemberRecord>;
  readonly removedNodes: ReadonlyMap<NodeId, RemovedNode>;
  readonly joinTokens: readonly JoinTokenRecord[];
}

export class MemoryState implements StateView {
  readonly #secrets = new Map<string, SecretRecord>();
  readonly #values = new Map<string, Map<VersionId, SealedValue>>();
  readonly #names = new Map<number, string>();
  #keyring: KeyringRecord | undefined;
  #counters: Counters = initialCounters;
  #configuration: Configuration;
  readonly #members = new Map<NodeId, MemberRecord>();
  readonly #removedNodes = new Map<NodeId, RemovedNode>();
  #joinTokens: readonly JoinTokenRecord[] = [];

  /** `founders`: who counts before the first change. */
  constructor(founders: Configuration = votersOnly([])) {
    this.#configuration = founders;
  }

  /** A live look, not a copy. */
  contents(): StateContents {
    return {
      secrets: this.#secrets,
      values: this.#values,
      names: this.#names,
      keyring: this.#keyring,
      counters: this.#counters,
      configuration: this.#configuration,
      members: this.#members,
      removedNodes: this.#removedNodes,
      joinTokens: this.#joinTokens,
    };
  }

  secret(name: string): SecretRecord | undefined {
    return this.#secrets.get(name);
  }

  sealedValue(name: string, versionId: VersionId): SealedValue | undefined {
    return this.#values.get(name)?.get(versionId);
  }

  keyring(): KeyringRecord | undefined {
    return this.#keyring;
  }

  counters(): Counters {
    return this.#counters;
  }

  configuration(): Configuration {
    return this.#configuration;
  }

  member(node: NodeId): MemberRecord | undefined {
    return this.#members.get(node);
  }

  removedNode(node: NodeId): RemovedNode | undefined {
    return this.#removedNodes.get(node);
  }

  joinTokens(): readonly JoinTokenRecord[] {
    return this.#joinTokens;
  }

  namesByOrder({ direction, after, limit }: OrderRange): Promise<readonly OrderedName[]> {
    const sign = direction === "ascending" ? 1 : -1;
    const page = Array.from(this.#names, ([order, name]) => ({ order, name }))
      .filter(({ order }) => after === undefined || sign * (order - after) > 0)
      .sort((one, other) => sign * (one.order - other.order))
      .slice(0, limit);
    return Promise.resolve(page);
  }

  /** Writes the rows that applying a command came to. */
  absorb(changes: readonly RowChange[]): void {
    for (const change of changes) this.#absorbRow(change);
  }

  #absorbRow(change: RowChange): void {
    switch (change.row) {
      case "secret":
        write(this.#secrets, change.name, change.record);
        return;
      case "value":
        this.#absorbValue(change.name, change.versionId, change.value);
        return;
      case "order":
        write(this.#names, change.order, change.name);
        return;
      case "keyring":
        this.#keyring = change.record;
        return;
      case "counters":
        this.#counters = change.counters;
        return;
      case "member":
        write(this.#members, change.nodeId, change.record);
        return;
      case "removed_node":
        this.#removedNodes.set(change.record.nodeId, change.record);
        return;
      case "join_tokens":
        this.#joinTokens = change.tokens;
        return;
      case "configuration":
        this.#configuration = change.configuration;
        return;
      default:
        unreachable(change, "row");
    }
  }

  #absorbValue(name: string, versionId: VersionId, value: SealedValue | undefined): void {
    const values = this.#values.get(name) ?? new Map<VersionId, SealedValue>();
    write(values, versionId, value);
    write(this.#values, name, values.size === 0 ? undefined : values);
  }
}

function write<Key, Row>(rows: Map<Key, Row>, key: Key, row: Row | undefined): void {
  if (row === undefined) rows.delete(key);
  else rows.set(key, row);
}
