// People who change the membership while everything goes wrong: they let nodes in, promote them,
// replace and remove others, dead ones first. They have some sense: nobody leaves a region without
// a majority that has its data.
import type { Configuration } from "../../src/raft/configuration.ts";
import type { NodeId } from "../../src/base/ids.ts";
import type { Command } from "../../src/machine/command.ts";
import {
  enterChange,
  objectionTo,
  type MembershipChange,
} from "../../src/raft/membership-change.ts";
import { mayChangeMembership } from "../../src/raft/membership.ts";
import type { SimNode } from "./node-machine.ts";
import { Random } from "./node-random.ts";
import type { Region } from "./node-region.ts";

const patienceMs = 10_000;
const membersMost = 7;
const nodesMost = 16;

const nothing: MembershipChange = { addLearners: [], promote: [], remove: [] };

export class Operators {
  readonly #region: Region;
  readonly #random: Random;

  constructor(region: Region, seed: number) {
    this.#region = region;
    this.#random = Random.of(seed, "operators");
  }

  /** Asks whoever leads for a change. Says what it was. */
  change(): string | undefined {
    this.#region.dismissRemoved();
    const leader = this.#region.leaders()[0];
    const state = leader?.state;
    if (leader === undefined || state === undefined) return undefined;
    const change = this.#choose(state.configuration);
    if (change === undefined) return undefined;
    const newcomer = change.addLearners.length > 0 ? this.#region.addNode() : undefined;
    const wanted = newcomer === undefined ? change : { ...nothing, addLearners: [newcomer.id] };
    leader.process.take(() => {
      this.#propose(leader, wanted).catch((error: unknown) => {
        this.#region.expectRefusal(error);
      });
    });
    const { addLearners, promote, remove } = wanted;
    return `adds ${addLearners.join()} promotes ${promote.join()} removes ${remove.join()}`;
  }

  #choose(configuration: Configuration): MembershipChange | undefined {
    const changes = this.#possible(configuration);
    const change = changes[this.#random.below(changes.length)];
    if (change === undefined || change.addLearners.length > 0) return change;
    if (objectionTo(configuration, change) !== undefined) return undefined;
    const after = enterChange(configuration, change).voters;
    return this.#region.hasHealthyMajority(after) ? change : undefined;
  }

  #possible(configuration: Configuration): readonly MembershipChange[] {
    const { voters, learners } = configuration;
    const leaving = this.#whoLeaves(configuration);
    const changes: MembershipChange[] = [];
    const isFull = voters.size + learners.size >= membersMost || learners.size >= 2;
    if (!isFull && this.#region.nodes.size < nodesMost) {
      changes.push({ ...nothing, addLearners: ["" as NodeId] });
    }
    if (learners.size > 0) {
      const learner = this.#random.pick([...learners]);
      changes.push({ ...nothing, promote: [learner] }, { ...nothing, remove: [learner] });
      changes.push({ ...nothing, promote: [learner], remove: [leaving] });
    }
    if (voters.size > 1) changes.push({ ...nothing, remove: [leaving] });
    return changes;
  }

  /** Whoever has lost its data before anybody else. */
  #whoLeaves({ voters }: Configuration): NodeId {
    const lost = [...voters].filter((id) => this.#region.nodes.get(id)?.isBeyondRepair ?? true);
    return this.#random.pick(lost.length > 0 ? lost : [...voters]);
  }

  async #propose(leader: SimNode, change: MembershipChange): Promise<void> {
    const deadlineMs = leader.clock.monotonicMs() + patienceMs;
    const [nodeId] = change.addLearners;
    const tokenDigest = this.#random.bytes(32);
    if (nodeId !== undefined) {
      const invitation: Command = {
        kind: "create_join_token",
        digest: tokenDigest,
        nodeId,
        lifetimeMs: 3_600_000,
        intendedRole: "learner",
      };
      await leader.propose(invitation, deadlineMs);
    }
    const { state } = leader;
    if (state === undefined || !mayChangeMembership(state)) return;
    if (objectionTo(state.configuration, change) !== undefined) return;
    const { voters } = enterChange(state.configuration, change);
    const addresses = { peer: "a:1", grpc: "a:2", https: "a:3" };
    const newcomers = nodeId === undefined ? [] : [{ nodeId, addresses, tokenDigest }];
    await leader.proposeChange(
      { kind: "change_membership", change, newcomers },
      deadlineMs,
      (index) => {
        this.#region.mayCount(index, voters);
      },
    );
  }
}
