// A leader whose process has ended. Its machine says so at once by refusing connections, and nobody
// need wait for a whole election timeout to believe it.
import type { NodeId } from "../base/ids.ts";
import type { StepResult } from "./effect.ts";
import { draw } from "./prng.ts";
import type { RaftState } from "./state.ts";

/**
 * Gives a leader up that is silent and whose address refuses connections: each of the two alone may
 * be a mistake. Whether there is an election is still for a quorum to say, by PreVote: those who
 * hear the leader refuse. Followers learn of it together, so they draw how long they wait, from a
 * range that is short beside an election timeout and long beside an election.
 */
export function onPeerGone(state: RaftState, peer: NodeId): StepResult {
  const { role, settings } = state;
  if (role.kind !== "follower" || role.leader !== peer) return { state, effects: [] };
  if (role.quietTicks <= 2 * settings.heartbeatTicks) return { state, effects: [] };

  const { value, prng } = draw(state.prng, Math.ceil(settings.electionTicks / 2));
  const patienceTicks = role.quietTicks + 1 + value;
  return {
    state: { ...state, prng, role: { ...role, leader: undefined, patienceTicks } },
    effects: [],
  };
}
