// Names and numbers that must not be mixed up. A brand costs nothing at run time.
import { assert } from "./assert.ts";

declare const brand: unique symbol;
type Branded<Base, Name extends string> = Base & { readonly [brand]: Name };

/** Identifies one node for all time; never given out again after the node is removed. */
export type NodeId = Branded<string, "NodeId">;

/** Identifies one region's Raft group for all time; a restored or forced cluster gets a new one. */
export type ClusterId = Branded<string, "ClusterId">;

/** Position of an entry in the log. The first entry is 1; 0 means "before the log". */
export type LogIndex = Branded<number, "LogIndex">;

/** Election term. Grows with every election; 0 means "before the first". */
export type Term = Branded<number, "Term">;

/** Milliseconds since the Unix epoch, as stamped by the leader that proposed the entry. */
export type EpochMs = Branded<number, "EpochMs">;

export const nodeId = (value: string): NodeId => {
  assert(value.length > 0, "a node id is not empty");
  return value as NodeId;
};

export const clusterId = (value: string): ClusterId => {
  assert(value.length > 0, "a cluster id is not empty");
  return value as ClusterId;
};

export const logIndex = (value: number): LogIndex => counter(value) as LogIndex;
export const term = (value: number): Term => counter(value) as Term;
export const epochMs = (value: number): EpochMs => counter(value) as EpochMs;

function counter(value: number): number {
  assert(Number.isSafeInteger(value), "a counter is a safe integer");
  assert(value >= 0, "a counter is not negative");
  return value;
}
