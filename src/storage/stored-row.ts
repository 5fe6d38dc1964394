// A change of a state row as what is stored: the key within its generation, and the bytes.
import { utf8 } from "../base/bytes.ts";
import type { RowChange } from "../machine/state-view.ts";
import {
  countersRowKey,
  joinTokensRowKey,
  keyringRowKey,
  memberRowKey,
  orderRowKey,
  policyRowKey,
  removedRowKey,
  secretRowKey,
  valueRowKey,
} from "./keys.ts";
import { encodeJoinTokens, encodeMember, encodeRemovedNode } from "./member-rows.ts";
import {
  encodeCounters,
  encodeKeyring,
  encodePolicy,
  encodeSecret,
  encodeValue,
} from "./row-codec.ts";

export interface StoredRow {
  readonly key: Uint8Array;
  /** `undefined`: the row is removed. */
  readonly payload: Uint8Array | undefined;
}

/**
 * The configuration is no row of its own: it stands beside the applied index. What is derived is no
 * row of the state.
 */
export type RowOfState = Exclude<RowChange, { row: "configuration" | "index" | "event" }>;

type RowKind = RowOfState["row"];
type ChangeOf<Kind extends RowKind> = Extract<RowOfState, { row: Kind }>;

const encoders: { readonly [Kind in RowKind]: (change: ChangeOf<Kind>) => StoredRow } = {
  secret: ({ name, record }) => ({
    key: secretRowKey(name),
    payload: record && encodeSecret(record),
  }),
  value: ({ name, versionId, value }) => ({
    key: valueRowKey(name, versionId),
    payload: value && encodeValue(value),
  }),
  policy: ({ name, policy }) => ({
    key: policyRowKey(name),
    payload: policy === undefined ? undefined : encodePolicy(policy),
  }),
  order: ({ order, name }) => ({
    key: orderRowKey(order),
    payload: name === undefined ? undefined : utf8(name),
  }),
  keyring: ({ record }) => ({ key: keyringRowKey, payload: encodeKeyring(record) }),
  counters: ({ counters }) => ({ key: countersRowKey, payload: encodeCounters(counters) }),
  member: ({ nodeId, record }) => ({
    key: memberRowKey(nodeId),
    payload: record && encodeMember(record),
  }),
  removed_node: ({ record }) => ({
    key: removedRowKey(record.nodeId),
    payload: encodeRemovedNode(record),
  }),
  join_tokens: ({ tokens }) => ({ key: joinTokensRowKey, payload: encodeJoinTokens(tokens) }),
};

export function storedRow(change: RowOfState): StoredRow {
  const encode = encoders[change.row] as (change: RowOfState) => StoredRow;
  return encode(change);
}
