// Who of the others has answered lately, as a leader sees it. The core clears its marks at every
// check of the quorum, so that one look may find a node silent that answers well.
import type { NodeId } from "../base/ids.ts";
import type { RaftState } from "../raft/state.ts";

export class PeerActivity {
  readonly #windowMs: number;
  readonly #heardMs = new Map<NodeId, number>();

  /** `windowMs`: who was silent for longer is not active; two election timeouts are fair. */
  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** Called with every tick. */
  look({ role }: RaftState, nowMs: number): void {
    if (role.kind !== "leader") {
      this.#heardMs.clear();
      return;
    }
    for (const [peer, { isActive }] of role.progress) {
      if (isActive) this.#heardMs.set(peer, nowMs);
    }
  }

  isActive(peer: NodeId, nowMs: number): boolean {
    const heardMs = this.#heardMs.get(peer);
    return heardMs !== undefined && nowMs - heardMs <= this.#windowMs;
  }
}
