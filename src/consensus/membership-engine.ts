// Everything of a running node that follows from who is in its region: the ways to the others, who
// may speak to it, what its leader sees to, and that it stops when it was removed.
import { Buffer } from "node:buffer";
import type { Clock } from "../base/clock.ts";
import type { Entropy } from "../base/entropy.ts";
import type { NodeId } from "../base/ids.ts";
import type { Command, CommandOutcome, ReplyTo } from "../machine/command.ts";
import type { MemberAddresses } from "../machine/member-record.ts";
import type { ChangeMembership } from "../machine/membership.ts";
import { isVoter, members } from "../raft/configuration.ts";
import { hearsLeader } from "../raft/election.ts";
import type { Input } from "../raft/input.ts";
import { knownLeader, type RaftState } from "../raft/state.ts";
import type { NodeStore } from "../storage/node-store.ts";
import type { NodeIdentity } from "../storage/recovery.ts";
import { admit, type AdmissionParts, type JoinAttempt } from "./join-admission.ts";
import { MembershipChanges } from "./membership-changes.ts";
import { MembershipUpkeep } from "./membership-upkeep.ts";
import { NodeRemovedError } from "./node-removed.ts";
import { PeerActivity } from "./peer-activity.ts";
import type { CallerStanding, PeerGreeting } from "./peer-greeting.ts";
import type { PeerCertificates } from "./peer-identity.ts";
import { PeerLinks } from "./peer-links.ts";
import type { JoinReply } from "./peer-service.ts";
import type { PromotionSettings } from "./promotion.ts";
import type { WaitOptions } from "./raft-group.ts";

export interface EngineParts {
  readonly identity: NodeIdentity;
  readonly certificates: PeerCertificates;
  readonly incarnation: string;
  /** Where this node is reached; absent where nobody needs to be told. */
  readonly ownAddresses: MemberAddresses | undefined;
  /** What this node's release knows. */
  readonly featureLevel: number;
  /** Where others are, as far as nothing better is known. */
  readonly given: ReadonlyMap<NodeId, string>;
  readonly store: NodeStore;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly pause: (ms: number) => Promise<void>;
  readonly electionTimeoutMs: number;
  readonly promotion: PromotionSettings;
  readonly state: () => RaftState;
  readonly isLeading: () => boolean;
  readonly give: (input: Input) => void;
  readonly readBarrier: (options: WaitOptions) => Promise<unknown>;
  readonly propose: <C extends Command>(
    command: C,
    options: WaitOptions,
  ) => Promise<CommandOutcome<ReplyTo<C>>>;
  readonly proposeChange: (
    command: ChangeMembership,
    options: WaitOptions,
  ) => Promise<CommandOutcome>;
  readonly onInternalError: (error: unknown) => void;
  readonly onFatal: (error: unknown) => void;
}

/**
 * A node that finds itself removed stays for so many election timeouts: the others may need its
 * word once more to learn that the removal is committed. Whoever knows tells it to stop earlier.
 */
const lingerTimeouts = 5;
const tokenBytes = 32;

export class MembershipEngine {
  readonly links: PeerLinks;
  readonly changes: MembershipChanges;
  readonly #parts: EngineParts;
  readonly #upkeep: MembershipUpkeep;
  #membersVersion = -1;
  #parkAtMs: number | undefined;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    const { store, clock, entropy } = parts;
    const view = store.state;
    const monotonicMs = (): number => clock.monotonicMs();
    const activity = new PeerActivity(2 * parts.electionTimeoutMs);
    this.links = new PeerLinks({
      ...parts,
      view,
      book: store.addressBook,
      onBook: (book) => {
        store.rememberAddresses(book);
      },
      onBroken: (peer) => {
        parts.give({ kind: "peer_unreachable", peer });
      },
      onRefused: (peer) => {
        parts.give({ kind: "peer_gone", peer });
      },
      onRemoved: () => {
        this.#park();
      },
    });
    this.changes = new MembershipChanges({
      ...parts,
      view,
      monotonicMs,
      activity,
      mintToken: () => Buffer.from(entropy.bytes(tokenBytes)).toString("base64url"),
      addressesOf: (node) => this.#addressesOf(node),
      startTransfer: (to) => {
        parts.give({ kind: "transfer", to });
      },
      successor: () => furthestFollower(parts.state()),
    });
    this.#upkeep = new MembershipUpkeep({
      ...parts,
      view,
      monotonicMs,
      activity,
      announcedBy: (node) =>
        node === parts.identity.nodeId ? ownGreeting(parts) : this.links.greetingOf(node),
    });
  }

  /** Before anything is sent: the ways to the others. Throws `NodeRemovedError`. */
  start(): void {
    const { nodeId } = this.#parts.identity;
    if (this.#view.removedNode(nodeId) !== undefined) throw new NodeRemovedError(nodeId);
    this.onApplied();
  }

  /** Something was applied, or a snapshot has become the state. */
  onApplied(): void {
    const { membersVersion } = this.#parts.store.state;
    if (membersVersion === this.#membersVersion) return;
    this.#membersVersion = membersVersion;
    this.links.refresh();
    const isRemoved = this.#view.removedNode(this.#parts.identity.nodeId) !== undefined;
    if (isRemoved) this.#parkAtMs ??= this.#nowMs + lingerTimeouts * this.#parts.electionTimeoutMs;
  }

  onTick(): void {
    if (this.#parkAtMs !== undefined && this.#nowMs >= this.#parkAtMs) this.#park();
    this.#upkeep.onTick();
  }

  onGreeting(node: NodeId, greeting: PeerGreeting | undefined): void {
    if (greeting !== undefined) this.links.onGreeting(node, greeting);
  }

  standingOf(node: NodeId): CallerStanding {
    if (this.#view.removedNode(node) !== undefined) return "removed";
    if (members(this.#view.configuration()).has(node)) return "member";
    const isLinked = this.links.get(node) !== undefined;
    const state = this.#parts.state();
    // Who follows a leader will hear of every member from it, and need not take anybody's word.
    return isLinked || !hearsLeader(state) || knownLeader(state) === node ? "known" : "stranger";
  }

  admit(attempt: JoinAttempt): Promise<JoinReply> {
    const parts: AdmissionParts = {
      ...this.#parts,
      view: this.#view,
      monotonicMs: () => this.#nowMs,
      linkTo: (node) => this.links.get(node),
      addressesOf: (node) => this.#addressesOf(node),
    };
    return admit(parts, attempt);
  }

  close(): void {
    this.links.close();
    this.changes.close();
  }

  get #view() {
    return this.#parts.store.state;
  }

  get #nowMs(): number {
    return this.#parts.clock.monotonicMs();
  }

  #addressesOf(node: NodeId): MemberAddresses | undefined {
    const { identity, ownAddresses } = this.#parts;
    const own = node === identity.nodeId ? ownAddresses : undefined;
    return own ?? this.links.addressesOf(node);
  }

  #park(): void {
    this.#parts.onFatal(new NodeRemovedError(this.#parts.identity.nodeId));
  }
}

function ownGreeting({ ownAddresses, featureLevel }: EngineParts): PeerGreeting | undefined {
  return ownAddresses && { addresses: ownAddresses, featureLevel };
}

/** The voter that lacks the least; of equals, one that was heard lately. */
export function furthestFollower(
  { role, configuration }: RaftState,
  isFit: (peer: NodeId) => boolean = () => true,
): NodeId | undefined {
  if (role.kind !== "leader") return undefined;
  const fit = [...role.progress].filter(
    ([peer, { mode }]) => mode === "replicate" && isVoter(configuration, peer) && isFit(peer),
  );
  fit.sort(
    ([, one], [, other]) =>
      other.matchIndex - one.matchIndex || Number(other.isActive) - Number(one.isActive),
  );
  return fit[0]?.[0];
}
