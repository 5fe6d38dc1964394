// The members of a region without a log: a list that a test writes, and what was asked of it. Like
// the real one it changes nothing on a node that does not lead.
import type { Clock } from "../../src/base/clock.ts";
import { refuseCall } from "../../src/base/errors.ts";
import { clusterId, epochMs, logIndex, nodeId, type NodeId } from "../../src/base/ids.ts";
import type { RaftGroup } from "../../src/consensus/raft-group.ts";
import type {
  JoinTicket,
  Member,
  MembersView,
  RegionMembership,
} from "../../src/consensus/region-membership.ts";

export class ListedMembership implements RegionMembership {
  list: readonly Member[] = [];
  isChanging = false;
  /** Every change that was asked for, by its method, with its arguments. */
  readonly asked: (readonly [method: string, node: string, options: object])[] = [];
  readonly #group: Pick<RaftGroup, "leadership">;
  readonly #clock: Clock;

  constructor(group: Pick<RaftGroup, "leadership">, clock: Clock) {
    this.#group = group;
    this.#clock = clock;
  }

  members(): MembersView {
    return {
      clusterId: clusterId("cluster-1"),
      leader: nodeId("n1"),
      lastIndex: logIndex(9),
      isChanging: this.isChanging,
      members: this.list,
    };
  }

  async invite(
    node: NodeId,
    options: Parameters<RegionMembership["invite"]>[1],
  ): Promise<JoinTicket> {
    this.#note("invite", node, options);
    return { token: "ticket", expiresAt: epochMs(this.#clock.now() + options.lifetimeMs) };
  }

  async promote(node: NodeId, options: Parameters<RegionMembership["promote"]>[1]): Promise<void> {
    this.#note("promote", node, options);
  }

  async remove(node: NodeId, options: Parameters<RegionMembership["remove"]>[1]): Promise<void> {
    this.#note("remove", node, options);
  }

  async transfer(
    node: NodeId,
    options: Parameters<RegionMembership["transfer"]>[1],
  ): Promise<void> {
    this.#note("transfer", node, options);
  }

  #note(method: string, node: NodeId, options: object): void {
    if (this.#group.leadership().kind !== "leader") throw refuseCall("no_leader", {});
    if (this.isChanging) throw refuseCall("membership_changing", {});
    this.asked.push([method, node, options]);
  }
}
