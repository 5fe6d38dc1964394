// People who change who is in the group, at any moment and not always wisely: they add nodes that
// nobody knows yet, promote learners that have nothing, remove nodes that are dead, and the leader.
import type { NodeId } from "../../src/base/ids.ts";
import { isVoter, members, type Configuration } from "../../src/raft/configuration.ts";
import type { MembershipChange } from "../../src/raft/membership-change.ts";
import type { RaftState } from "../../src/raft/state.ts";
import type { Chance } from "./chance.ts";
import type { ModelNode } from "./model-node.ts";

export interface OperatorsWorld {
  readonly nodes: () => readonly ModelNode[];
  /** Whether the id was ever a member's: it is burned once it is none any more. */
  readonly wasMember: (node: NodeId) => boolean;
  /** A node with an empty disk and an id that nobody has had. */
  readonly create: () => ModelNode;
}

const mostVoters = 5;
const mostLearners = 3;
const mostNodes = 9;
const nothing: MembershipChange = { addLearners: [], promote: [], remove: [] };

export class Operators {
  readonly #chance: Chance;
  readonly #world: OperatorsWorld;

  constructor(chance: Chance, world: OperatorsWorld) {
    this.#chance = chance;
    this.#world = world;
  }

  /** What they ask of this leader, if they can think of anything. */
  nextChange({ configuration, self }: RaftState): MembershipChange | undefined {
    const wishes = [
      () => this.#add(configuration),
      () => this.#promote(configuration),
      () => this.#replace(configuration),
      () => this.#remove(configuration),
      () => this.#replaceMany(configuration),
      () => this.#removeLeader(configuration, self),
      () => this.#nonsense(configuration),
    ];
    for (let left = wishes.length; left > 0; left -= 1) {
      const change = this.#chance.pick(wishes)();
      if (change !== undefined) return change;
    }
    return undefined;
  }

  #add({ voters, learners }: Configuration): MembershipChange | undefined {
    if (learners.size >= mostLearners) return undefined;
    const { nodes, wasMember, create } = this.#world;
    const waiting = nodes().find(
      ({ id }) => !wasMember(id) && !voters.has(id) && !learners.has(id),
    );
    if (waiting === undefined && nodes().length >= mostNodes) return undefined;
    return { ...nothing, addLearners: [(waiting ?? create()).id] };
  }

  #promote({ voters, learners }: Configuration): MembershipChange | undefined {
    if (learners.size === 0 || voters.size >= mostVoters) return undefined;
    return { ...nothing, promote: [this.#chance.pick([...learners])] };
  }

  /** One for one, and rather one that is dead. */
  #replace({ voters, learners }: Configuration): MembershipChange | undefined {
    if (learners.size === 0) return undefined;
    const dead = this.#world.nodes().filter(({ id, isUp }) => voters.has(id) && !isUp);
    const candidates = dead.length > 0 ? dead.map(({ id }) => id) : [...voters];
    const remove = [this.#chance.pick(candidates)];
    return { ...nothing, promote: [this.#chance.pick([...learners])], remove };
  }

  #replaceMany({ voters, learners }: Configuration): MembershipChange | undefined {
    if (learners.size === 0) return undefined;
    const remove = [...voters].filter(() => this.#chance.happens(0.5));
    return { ...nothing, promote: [...learners], remove };
  }

  #remove(configuration: Configuration): MembershipChange | undefined {
    const present = [...members(configuration)];
    const picked = this.#chance.pick(present);
    const isLast = configuration.voters.size === 1 && isVoter(configuration, picked);
    return isLast ? undefined : { ...nothing, remove: [picked] };
  }

  #removeLeader({ voters }: Configuration, leader: NodeId): MembershipChange | undefined {
    return voters.size > 1 ? { ...nothing, remove: [leader] } : undefined;
  }

  /** The state machine is there to refuse it. */
  #nonsense({ voters }: Configuration): MembershipChange {
    return { ...nothing, promote: [this.#chance.pick([...voters])] };
  }
}
