// The replicated state in memory: what tests and the simulator apply commands to.
import { utf8 } from "../base/bytes.ts";
import { logIndex, type LogIndex, type NodeId } from "../base/ids.ts";
import type { KeyringRecord } from "../keys/keyring-record.ts";
import { votersOnly, type Configuration } from "../raft/configuration.ts";
import { termIn, type IndexEntry, type IndexName } from "../secrets/queries/index-entries.ts";
import type { SealedValue, SecretRecord, VersionId } from "../secrets/secret.ts";
import { initialCounters } from "./initial-counters.ts";
import type { JoinTokenRecord, MemberRecord, RemovedNode } from "./member-record.ts";
import type {
  Counters,
  EventPage,
  IndexedEvent,
  IndexedName,
  IndexRange,
  OrderedName,
  OrderRange,
  QueryView,
  RowChange,
} from "./state-view.ts";

/** Everything a state holds, as plain maps: to compare two states, or to look inside one. */
export interface StateContents {
  readonly secrets: ReadonlyMap<string, SecretRecord>;
  /** By name, then by version. A name without values has no entry. */
  readonly values: ReadonlyMap<string, ReadonlyMap<VersionId, SealedValue>>;
  /** By name. */
  readonly policies: ReadonlyMap<string, string>;
  readonly names: ReadonlyMap<number, string>;
  readonly keyring: KeyringRecord | undefined;
  readonly counters: Counters;
  readonly configuration: Configuration;
  readonly members: ReadonlyMap<NodeId, MemberRecord>;
  readonly removedNodes: ReadonlyMap<NodeId, RemovedNode>;
  readonly joinTokens: readonly JoinTokenRecord[];
}

interface HeldEntry extends IndexedName {
  readonly index: IndexName;
}

export class MemoryState implements QueryView {
  readonly #secrets = new Map<string, SecretRecord>();
  readonly #values = new Map<string, Map<VersionId, SealedValue>>();
  readonly #policies = new Map<string, string>();
  readonly #names = new Map<number, string>();
  /** Each under what tells it from all others. */
  readonly #index = new Map<string, HeldEntry>();
  readonly #events: IndexedEvent[] = [];
  #applied = logIndex(0);
  #keyring: KeyringRecord | undefined;
  #counters: Counters = initialCounters;
  #configuration: Configuration;
  readonly #members = new Map<NodeId, MemberRecord>();
  readonly #removedNodes = new Map<NodeId, RemovedNode>();
  #joinTokens: readonly JoinTokenRecord[] = [];

  readonly #writers: {
    readonly [Row in RowChange["row"]]: (change: Extract<RowChange, { row: Row }>) => void;
  } = {
    secret: ({ name, record }) => {
      write(this.#secrets, name, record);
    },
    value: ({ name, versionId, value }) => {
      this.#absorbValue(name, versionId, value);
    },
    policy: ({ name, policy }) => {
      write(this.#policies, name, policy);
    },
    index: (change) => {
      this.#absorbIndex(change);
    },
    event: ({ event }) => {
      this.#events.push({ index: this.#applied, event });
    },
    order: ({ order, name }) => {
      write(this.#names, order, name);
    },
    keyring: ({ record }) => {
      this.#keyring = record;
    },
    counters: ({ counters }) => {
      this.#counters = counters;
    },
    member: ({ nodeId, record }) => {
      write(this.#members, nodeId, record);
    },
    removed_node: ({ record }) => {
      this.#removedNodes.set(record.nodeId, record);
    },
    join_tokens: ({ tokens }) => {
      this.#joinTokens = tokens;
    },
    configuration: ({ configuration }) => {
      this.#configuration = configuration;
    },
  };

  /** `founders`: who counts before the first change. */
  constructor(founders: Configuration = votersOnly([])) {
    this.#configuration = founders;
  }

  /** A live look, not a copy. */
  contents(): StateContents {
    return {
      secrets: this.#secrets,
      values: this.#values,
      policies: this.#policies,
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

  resourcePolicy(name: string): string | undefined {
    return this.#policies.get(name);
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

  isIndexComplete(): boolean {
    return true;
  }

  indexed({ index, prefix, direction, after, limit }: IndexRange): Promise<readonly IndexedName[]> {
    const sign = direction === "ascending" ? 1 : -1;
    const page = [...this.#index.values()]
      .filter((entry) => entry.index === index && entry.term.startsWith(termIn(index, prefix)))
      .filter((entry) => after === undefined || sign * byPlace(entry, after) > 0)
      .sort((one, other) => sign * byPlace(one, other))
      .slice(0, limit)
      .map(({ term, order, name }) => ({ term, order, name }));
    return Promise.resolve(page);
  }

  /** Keeps every event there ever was. */
  eventsAfter(after: LogIndex, limit: number): Promise<EventPage | "too_old"> {
    const later = this.#events.filter(({ index }) => index > after);
    const last = later[limit - 1];
    if (last === undefined) {
      const through = logIndex(Math.max(after, this.#applied));
      return Promise.resolve({ events: later, through });
    }
    // An entry is told as a whole: its events have no place of their own to go on from.
    const events = later.filter(({ index }) => index <= last.index);
    return Promise.resolve({ events, through: last.index });
  }

  /** Every entry of the search index, in no order: to compare it with what it should be. */
  indexEntries(): readonly (IndexEntry & { readonly order: number; readonly name: string })[] {
    return [...this.#index.values()];
  }

  /** Writes the rows that applying the entry after the last one came to. */
  absorb(changes: readonly RowChange[], at: LogIndex = logIndex(this.#applied + 1)): void {
    this.#applied = at;
    for (const change of changes) this.#absorbRow(change);
  }

  #absorbRow(change: RowChange): void {
    const absorb = this.#writers[change.row] as (change: RowChange) => void;
    absorb(change);
  }

  #absorbIndex({ name, order, added, dropped }: Extract<RowChange, { row: "index" }>): void {
    const keyOf = ({ index, term }: IndexEntry): string => `${index}\0${term}\0${order}`;
    for (const entry of dropped) this.#index.delete(keyOf(entry));
    for (const entry of added) this.#index.set(keyOf(entry), { ...entry, order, name });
  }

  #absorbValue(name: string, versionId: VersionId, value: SealedValue | undefined): void {
    const values = this.#values.get(name) ?? new Map<VersionId, SealedValue>();
    write(values, versionId, value);
    write(this.#values, name, values.size === 0 ? undefined : values);
  }
}

function byPlace(one: Pick<HeldEntry, "term" | "order">, other: typeof one): number {
  return Buffer.compare(utf8(one.term), utf8(other.term)) || one.order - other.order;
}

function write<Key, Row>(rows: Map<Key, Row>, key: Key, row: Row | undefined): void {
  if (row === undefined) rows.delete(key);
  else rows.set(key, row);
}
