// What a leader sees to by itself, tick by tick: learners that have caught up become voters, and
// whoever is reached elsewhere than its row says gets a new row. Whatever does not come about is
// tried again; nobody waits for it.
import { RefusedError } from "../base/errors.ts";
import type { NodeId } from "../base/ids.ts";
import type { CommandOutcome } from "../machine/command.ts";
import { announcingFeatureLevel } from "../machine/feature-level.ts";
import type { MemberRecord } from "../machine/member-record.ts";
import {
  hasSameAddresses,
  type AnnounceMember,
  type ChangeMembership,
} from "../machine/membership.ts";
import type { StateView } from "../machine/state-view.ts";
import { members } from "../raft/configuration.ts";
import { mayChangeMembership } from "../raft/membership.ts";
import type { RaftState } from "../raft/state.ts";
import type { PeerActivity } from "./peer-activity.ts";
import type { PeerGreeting } from "./peer-greeting.ts";
import { Promotion, type PromotionSettings } from "./promotion.ts";
import type { WaitOptions } from "./raft-group.ts";

export interface UpkeepParts {
  readonly view: StateView;
  readonly state: () => RaftState;
  readonly monotonicMs: () => number;
  readonly activity: PeerActivity;
  readonly promotion: PromotionSettings;
  /** What a node said of itself; for this node, what it would say. */
  readonly announcedBy: (node: NodeId) => PeerGreeting | undefined;
  readonly propose: (command: AnnounceMember, options: WaitOptions) => Promise<CommandOutcome>;
  readonly proposeChange: (
    command: ChangeMembership,
    options: WaitOptions,
  ) => Promise<CommandOutcome>;
  readonly onInternalError: (error: unknown) => void;
}

const patienceMs = 5_000;
/** After something was refused or lost. */
const restMs = 500;

export class MembershipUpkeep {
  readonly #parts: UpkeepParts;
  readonly #promotion: Promotion;
  #isBusy = false;
  #restUntilMs = 0;

  constructor(parts: UpkeepParts) {
    this.#parts = parts;
    this.#promotion = new Promotion(parts.promotion, parts.activity);
  }

  onTick(): void {
    const { view, monotonicMs, activity } = this.#parts;
    const state = this.#parts.state();
    const nowMs = monotonicMs();
    activity.look(state, nowMs);
    const promote = this.#promotion.ready(state, view, nowMs);
    if (this.#isBusy || nowMs < this.#restUntilMs || !hasSettled(state)) return;
    const options = { deadlineMs: nowMs + patienceMs };
    const announcement = this.#announcement(state);
    if (announcement !== undefined) {
      this.#carryOut(this.#parts.propose(announcement, options));
    } else if (promote.length > 0 && mayChangeMembership(state)) {
      const change = { addLearners: [], promote, remove: [] };
      const command = { kind: "change_membership", change, newcomers: [] } as const;
      this.#carryOut(this.#parts.proposeChange(command, options));
    }
  }

  #announcement({ configuration }: RaftState): AnnounceMember | undefined {
    const { view, announcedBy } = this.#parts;
    const nodes = [...members(configuration)];
    // Not before: a release that does not know of levels would write another row than the others.
    const areAllTold = nodes.every(
      (nodeId) => (announcedBy(nodeId)?.featureLevel ?? 0) >= announcingFeatureLevel,
    );
    for (const nodeId of nodes) {
      const greeting = announcedBy(nodeId);
      if (greeting === undefined) continue;
      const { addresses } = greeting;
      const level = areAllTold ? { featureLevel: greeting.featureLevel } : {};
      const announcement = { kind: "announce_member", nodeId, addresses, ...level } as const;
      if (!isAnnounced(view.member(nodeId), announcement)) return announcement;
    }
    return undefined;
  }

  #carryOut(proposed: Promise<CommandOutcome>): void {
    this.#isBusy = true;
    const rest = (): void => {
      this.#restUntilMs = this.#parts.monotonicMs() + restMs;
    };
    proposed
      .then(
        ({ ok }) => {
          if (!ok) rest();
        },
        (error: unknown) => {
          rest();
          if (!(error instanceof RefusedError)) this.#parts.onInternalError(error);
        },
      )
      .finally(() => {
        this.#isBusy = false;
      });
  }
}

function isAnnounced(
  known: MemberRecord | undefined,
  { addresses, featureLevel }: AnnounceMember,
): boolean {
  if (known === undefined || !hasSameAddresses(known.addresses, addresses)) return false;
  return featureLevel === undefined || featureLevel === known.featureLevel;
}

/** Leads, hands over to nobody, and has committed an entry of its own: what it sees is current. */
function hasSettled({ role, commitIndex }: RaftState): boolean {
  return role.kind === "leader" && role.transfer === undefined && commitIndex >= role.firstOwnIndex;
}
