// A place in what has become of a region's secrets, as watchers are told it: which log, how far.
//
//   <region>:<cluster id>:<log index>             up to and with this entry
//   <region>:<cluster id>:<log index>.<count>     up to the first `count` events of this entry
//
// A restored region has another cluster id: its log is another, though its numbers look the same.
import { refuseCall } from "../base/errors.ts";
import { logIndex, type ClusterId, type LogIndex } from "../base/ids.ts";

export interface WatchHome {
  readonly region: string;
  readonly clusterId: ClusterId;
}

export interface WatchPosition {
  readonly index: LogIndex;
  /** How many events of that entry are behind it. */
  readonly seen: number | "all";
}

const pattern =
  /^(?<region>[a-z0-9-]{1,64}):(?<cluster>[A-Za-z0-9-]{1,64}):(?<index>\d{1,15})(?:\.(?<seen>\d{1,6}))?$/;

export function positionText({ region, clusterId }: WatchHome, at: WatchPosition): string {
  const within = at.seen === "all" ? "" : `.${at.seen}`;
  return `${region}:${clusterId}:${at.index}${within}`;
}

/** Refuses `validation_failed`, and `position_elsewhere` what was given by another cluster. */
export function parsePosition(home: WatchHome, text: string): WatchPosition {
  const { region, cluster, index, seen } = pattern.exec(text)?.groups ?? {};
  if (region === undefined || cluster === undefined) {
    const violation =
      "Value at 'position' failed to satisfy constraint: Member must be a position that a watch gave";
    throw refuseCall("validation_failed", { violations: [violation] });
  }
  if (region !== home.region || cluster !== home.clusterId) {
    throw refuseCall("position_elsewhere", { region });
  }
  return { index: logIndex(Number(index)), seen: seen === undefined ? "all" : Number(seen) };
}
