// What the state machine may read, and what it may ask to be written. Rows are typed here; storage
// turns them into bytes. What apply reads is synchronous: it never waits.
import type { EpochMs, LogIndex, NodeId } from "../base/ids.ts";
import type { KeyringRecord } from "../keys/keyring-record.ts";
import type { Configuration } from "../raft/configuration.ts";
import type { IndexEntry, IndexName } from "../secrets/queries/index-entries.ts";
import type { SecretEvent } from "../secrets/secret-event.ts";
import type { SealedValue, SecretRecord, VersionId } from "../secrets/secret.ts";
import type { JoinTokenRecord, MemberRecord, RemovedNode } from "./member-record.ts";

export interface StateView {
  secret(name: string): SecretRecord | undefined;
  sealedValue(name: string, versionId: VersionId): SealedValue | undefined;
  /** The resource policy of a secret, as it was given; its record says whether there is one. */
  resourcePolicy(name: string): string | undefined;
  keyring(): KeyringRecord | undefined;
  counters(): Counters;

  /** Who counts, as of the last applied entry that changed it. */
  configuration(): Configuration;
  member(node: NodeId): MemberRecord | undefined;
  removedNode(node: NodeId): RemovedNode | undefined;
  /** In the order they were made. */
  joinTokens(): readonly JoinTokenRecord[];
}

/**
 * What a query may ask besides: pages that cost the page and not the store. Apply never waits, so
 * it never asks.
 *
 * Besides the order of creation, what they are read from is derived: each node makes it of the
 * state for itself. It is no part of the digest, of snapshots, or of backups, and is made anew
 * where it is missing or of an earlier make.
 */
export interface QueryView extends StateView {
  /** Names in the order of creation. */
  namesByOrder(range: OrderRange): Promise<readonly OrderedName[]>;

  /** False while this node makes its index anew: `indexed` does not find every secret then. */
  isIndexComplete(): boolean;

  /** The entries of one index whose terms begin with a prefix, by term, then by order. */
  indexed(range: IndexRange): Promise<readonly IndexedName[]>;

  /**
   * What became of secrets after a log index, oldest first. `too_old` when this node does not keep
   * events from so far back: after a snapshot, and beyond the last `eventsKept` entries.
   */
  eventsAfter(after: LogIndex, limit: number): Promise<EventPage | "too_old">;
}

/** For how many entries of the log a node keeps what became of secrets. */
export const eventsKept = 100_000;

export interface IndexRange {
  readonly index: IndexName;
  readonly prefix: string;
  readonly direction: "ascending" | "descending";
  /** The entry where the page before ended, excluded; absent for the first page. */
  readonly after: IndexPlace | undefined;
  readonly limit: number;
}

/** A place in an index; `term` may be one that has no entry. */
export interface IndexPlace {
  readonly term: string;
  readonly order: number;
}

export interface IndexedName extends IndexPlace {
  readonly name: string;
}

export interface EventPage {
  readonly events: readonly IndexedEvent[];
  /** Up to here nothing is missing from `events`: where the next page goes on. */
  readonly through: LogIndex;
}

export interface IndexedEvent {
  /** The log entry that brought the change about; it may have changed several secrets. */
  readonly index: LogIndex;
  readonly event: SecretEvent;
}

export interface OrderRange {
  readonly direction: "ascending" | "descending";
  /** The `order` where the page before ended, excluded; absent for the first page. */
  readonly after: number | undefined;
  readonly limit: number;
}

export interface OrderedName {
  readonly order: number;
  readonly name: string;
}

/** What the region counts. One row, written with every command. */
export interface Counters {
  /** The latest time any command was applied at: time in the state never goes back. */
  readonly lastAt: EpochMs;
  /** The `order` the next secret gets; starts at 1. */
  readonly nextOrder: number;
  readonly secretCount: number;
}

export type RowChange =
  | { readonly row: "secret"; readonly name: string; readonly record: SecretRecord | undefined }
  | {
      readonly row: "value";
      readonly name: string;
      readonly versionId: VersionId;
      readonly value: SealedValue | undefined;
    }
  | { readonly row: "policy"; readonly name: string; readonly policy: string | undefined }
  /** Derived, see `QueryView`: entries of the search index that are there from now on, or not. */
  | {
      readonly row: "index";
      readonly name: string;
      readonly order: number;
      readonly added: readonly IndexEntry[];
      readonly dropped: readonly IndexEntry[];
    }
  /** Derived, see `QueryView`. */
  | { readonly row: "event"; readonly event: SecretEvent }
  /** The index behind `namesByOrder`. */
  | { readonly row: "order"; readonly order: number; readonly name: string | undefined }
  | { readonly row: "keyring"; readonly record: KeyringRecord }
  | { readonly row: "counters"; readonly counters: Counters }
  | { readonly row: "member"; readonly nodeId: NodeId; readonly record: MemberRecord | undefined }
  | { readonly row: "removed_node"; readonly record: RemovedNode }
  | { readonly row: "join_tokens"; readonly tokens: readonly JoinTokenRecord[] }
  /** No row of its own: it stands beside the applied index, in the same batch. */
  | { readonly row: "configuration"; readonly configuration: Configuration };
