// What the state machine may read, and what it may ask to be written. Rows are typed here; storage
// turns them into bytes. What apply reads is synchronous: it never waits.
import type { EpochMs, NodeId } from "../base/ids.ts";
import type { KeyringRecord } from "../keys/keyring-record.ts";
import type { Configuration } from "../raft/configuration.ts";
import type { SealedValue, SecretRecord, VersionId } from "../secrets/secret.ts";
import type { JoinTokenRecord, MemberRecord, RemovedNode } from "./member-record.ts";

export interface StateView {
  secret(name: string): SecretRecord | undefined;
  sealedValue(name: string, versionId: VersionId): SealedValue | undefined;
  keyring(): KeyringRecord | undefined;
  counters(): Counters;

  /** Who counts, as of the last applied entry that changed it. */
  configuration(): Configuration;
  member(node: NodeId): MemberRecord | undefined;
  removedNode(node: NodeId): RemovedNode | undefined;
  /** In the order they were made. */
  joinTokens(): readonly JoinTokenRecord[];

  /**
   * Names in the order of creation: one page, which costs the page and not the store. For queries
   * only: apply never waits, so it never asks.
   */
  namesByOrder(range: OrderRange): Promise<readonly OrderedName[]>;
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
  /** The index behind `namesByOrder`. */
  | { readonly row: "order"; readonly order: number; readonly name: string | undefined }
  | { readonly row: "keyring"; readonly record: KeyringRecord }
  | { readonly row: "counters"; readonly counters: Counters }
  | { readonly row: "member"; readonly nodeId: NodeId; readonly record: MemberRecord | undefined }
  | { readonly row: "removed_node"; readonly record: RemovedNode }
  | { readonly row: "join_tokens"; readonly tokens: readonly JoinTokenRecord[] }
  /** No row of its own: it stands beside the applied index, in the same batch. */
  | { readonly row: "configuration"; readonly configuration: Configuration };
