// What may happen next in a simulation, how likely, and what the record of events calls it.
import type { NodeId } from "../../src/base/ids.ts";
import type { Input } from "../../src/raft/input.ts";
import type { MembershipChange } from "../../src/raft/membership-change.ts";
import type { Chance } from "./chance.ts";

export interface Happening {
  readonly weight: number;
  readonly happen: () => void;
}

export function pickHappening(happenings: readonly Happening[], chance: Chance): Happening {
  const total = happenings.reduce((sum, { weight }) => sum + weight, 0);
  let left = (chance.below(1_000_000) / 1_000_000) * total;
  for (const happening of happenings) {
    left -= happening.weight;
    if (left < 0) return happening;
  }
  throw new Error("the weights add up to their total");
}

export function nameOf({ from, message }: Extract<Input, { kind: "message" }>): string {
  return `${message.kind} t${String(message.term)} from ${from}`;
}

export function describeChange({ addLearners, promote, remove }: MembershipChange): string {
  return `adds ${listed(addLearners)} promotes ${listed(promote)} removes ${listed(remove)}`;
}

function listed(ids: readonly NodeId[]): string {
  return ids.length === 0 ? "nobody" : ids.join(" ");
}
