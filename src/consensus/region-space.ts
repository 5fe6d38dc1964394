// Whether the region has room for anything new: this node's own disk, and what the others say of
// theirs. Pure bookkeeping.
import type { NodeId } from "../base/ids.ts";
import type { CommandKind } from "../machine/command.ts";
import { quorumSize } from "../raft/quorum.ts";
import type { Configuration } from "../raft/configuration.ts";
import type { Space } from "../storage/disk-space.ts";

/** Commands that only make room, move what is there, or keep the region running, go on. */
const growing: ReadonlySet<CommandKind> = new Set([
  "create_secret",
  "put_secret_value",
  "update_secret",
  "tag_resource",
]);

export class RegionSpace {
  readonly #self: NodeId;
  #own: Space = "enough";
  readonly #lowPeers = new Set<NodeId>();

  constructor(self: NodeId) {
    this.#self = self;
  }

  get own(): Space {
    return this.#own;
  }

  note(own: Space): void {
    this.#own = own;
  }

  /** A peer told how its disk is. One that says nothing is dead or new, and does not count. */
  take(peer: NodeId, space: Space): void {
    if (space === "low") this.#lowPeers.add(peer);
    else this.#lowPeers.delete(peer);
  }

  forget(peer: NodeId): void {
    this.#lowPeers.delete(peer);
  }

  isLow(node: NodeId): boolean {
    return node === this.#self ? this.#own === "low" : this.#lowPeers.has(node);
  }

  /**
   * Whether the leader must refuse a command: it has no room itself, or a quorum has none. One
   * follower whose disk is full is one node that fails, and the region outlives that.
   */
  refuses(kind: CommandKind, configuration: Configuration): boolean {
    return growing.has(kind) && (this.#own === "low" || !this.hasQuorumRoom(configuration));
  }

  /** Whether enough voters have room to commit what is new. */
  hasQuorumRoom({ voters: now, outgoingVoters }: Configuration): boolean {
    return [now, outgoingVoters].every((voters) => {
      if (voters.size === 0) return true;
      const roomy = [...voters].filter((voter) => !this.isLow(voter));
      return roomy.length >= quorumSize(voters);
    });
  }
}
