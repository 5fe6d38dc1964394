// When a learner has caught up for good: close behind the leader, and that for a while.
import type { NodeId } from "../base/ids.ts";
import type { StateView } from "../machine/state-view.ts";
import type { RaftState } from "../raft/state.ts";
import type { PeerActivity } from "./peer-activity.ts";

export interface PromotionSettings {
  /** A learner that lacks this many entries of the leader's log has not caught up. */
  readonly lagEntries: number;
  /** It must have kept up for so long. */
  readonly stableMs: number;
}

export const promotionSettings: PromotionSettings = { lagEntries: 1_000, stableMs: 10_000 };

/** How many entries of the leader's log the node is not known to have; nothing if none is known. */
export function lagOf({ role, log }: RaftState, node: NodeId): number | undefined {
  if (role.kind !== "leader") return undefined;
  const progress = role.progress.get(node);
  return progress === undefined ? undefined : log.lastIndex - progress.matchIndex;
}

/** Whether the node has what a voter needs, at this moment. */
export function hasCaughtUp(
  state: RaftState,
  node: NodeId,
  { lagEntries }: PromotionSettings,
): boolean {
  const lag = lagOf(state, node);
  if (lag === undefined || state.role.kind !== "leader") return false;
  return state.role.progress.get(node)?.mode === "replicate" && lag < lagEntries;
}

export class Promotion {
  readonly #settings: PromotionSettings;
  readonly #activity: PeerActivity;
  readonly #sinceMs = new Map<NodeId, number>();

  constructor(settings: PromotionSettings, activity: PeerActivity) {
    this.#settings = settings;
    this.#activity = activity;
  }

  /** The learners that are to be voters now. Called with every tick, on whoever it is. */
  ready(state: RaftState, view: StateView, nowMs: number): readonly NodeId[] {
    const { learners } = state.configuration;
    const fit = [...learners].filter(
      (node) =>
        view.member(node)?.intendedRole === "voter" &&
        hasCaughtUp(state, node, this.#settings) &&
        this.#activity.isActive(node, nowMs),
    );
    for (const node of this.#sinceMs.keys()) {
      if (!fit.includes(node)) this.#sinceMs.delete(node);
    }
    return fit.filter((node) => {
      const sinceMs = this.#sinceMs.get(node) ?? nowMs;
      this.#sinceMs.set(node, sinceMs);
      return nowMs - sinceMs >= this.#settings.stableMs;
    });
  }
}
