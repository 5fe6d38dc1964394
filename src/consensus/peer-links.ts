// The ways to all others: they come and go with the members of the region, and lead where a node
// was last heard to be.
import type { NodeId } from "../base/ids.ts";
import type { MemberAddresses } from "../machine/member-record.ts";
import { hasSameAddresses } from "../machine/membership.ts";
import type { StateView } from "../machine/state-view.ts";
import { members } from "../raft/configuration.ts";
import type { AddressBook } from "../storage/member-rows.ts";
import type { NodeIdentity } from "../storage/recovery.ts";
import type { PeerGreeting } from "./peer-greeting.ts";
import { clientCredentials, type PeerCertificates } from "./peer-identity.ts";
import { PeerLink } from "./peer-link.ts";

export interface PeerLinksParts {
  readonly identity: NodeIdentity;
  readonly certificates: PeerCertificates;
  readonly incarnation: string;
  readonly ownAddresses: MemberAddresses | undefined;
  readonly featureLevel: number;
  /** Where others are, as far as nothing better is known. */
  readonly given: ReadonlyMap<NodeId, string>;
  readonly view: Pick<StateView, "configuration" | "member" | "removedNode">;
  /** Where others were when this node last ran. */
  readonly book: AddressBook;
  /** Where others are has changed: to be remembered. */
  readonly onBook: (book: AddressBook) => void;
  readonly onBroken: (peer: NodeId) => void;
  readonly onRefused: (peer: NodeId) => void;
  readonly onRemoved: () => void;
}

/**
 * Nodes that are no members as far as this one knows: it may be behind, and must answer them all
 * the same. There is one for every certificate at most.
 */
const strangersMax = 32;

interface Way {
  readonly address: string;
  readonly link: PeerLink;
}

export class PeerLinks {
  readonly #parts: PeerLinksParts;
  readonly #ways = new Map<NodeId, Way>();
  /** What nodes said of themselves since this process began: the newest there is. */
  readonly #greeted = new Map<NodeId, PeerGreeting>();
  #book: AddressBook;
  #isClosed = false;

  constructor(parts: PeerLinksParts) {
    this.#parts = parts;
    this.#book = parts.book;
  }

  get(peer: NodeId): PeerLink | undefined {
    return this.#ways.get(peer)?.link;
  }

  /** Where a node is reached, as far as known; what it said itself comes first. */
  addressesOf(node: NodeId): MemberAddresses | undefined {
    return (
      this.#greeted.get(node)?.addresses ??
      this.#parts.view.member(node)?.addresses ??
      this.#book.get(node)
    );
  }

  /** What a node said of itself since this process began. */
  greetingOf(node: NodeId): PeerGreeting | undefined {
    return this.#greeted.get(node);
  }

  /** A node has called, and said where it is reached. */
  onGreeting(node: NodeId, greeting: PeerGreeting): void {
    const before = this.#greeted.get(node);
    if (!this.#isMember(node) && before === undefined && this.#countStrangers() >= strangersMax) {
      return;
    }
    this.#greeted.set(node, greeting);
    if (before === undefined || !hasSameAddresses(before.addresses, greeting.addresses)) {
      this.refresh();
    }
  }

  /** Called whenever the members or their addresses may have changed. */
  refresh(): void {
    if (this.#isClosed) return;
    const wanted = this.#wanted();
    for (const [peer, { address, link }] of this.#ways) {
      if (wanted.get(peer) === address) continue;
      link.close();
      this.#ways.delete(peer);
      // What was on the old way is lost, whether there is a new one or not.
      this.#parts.onBroken(peer);
    }
    for (const [peer, address] of wanted) {
      if (!this.#ways.has(peer)) this.#ways.set(peer, { address, link: this.#open(peer, address) });
    }
    this.#remember([...wanted.keys()]);
  }

  close(): void {
    this.#isClosed = true;
    for (const { link } of this.#ways.values()) link.close();
  }

  #wanted(): ReadonlyMap<NodeId, string> {
    const { view, given, identity } = this.#parts;
    const configuration = view.configuration();
    const nodes = new Set([...members(configuration), ...this.#greeted.keys()]);
    // A newcomer knows nobody yet but those it was told of.
    if (configuration.voters.size === 0) {
      for (const node of [...given.keys(), ...this.#book.keys()]) nodes.add(node);
    }
    const wanted = new Map<NodeId, string>();
    for (const node of nodes) {
      if (node === identity.nodeId || view.removedNode(node) !== undefined) continue;
      const address = this.addressesOf(node)?.peer ?? given.get(node);
      if (address !== undefined) wanted.set(node, address);
    }
    return wanted;
  }

  #remember(nodes: readonly NodeId[]): void {
    const book = new Map<NodeId, MemberAddresses>();
    for (const node of nodes) {
      const addresses = this.addressesOf(node);
      if (addresses !== undefined) book.set(node, addresses);
    }
    if (hasSameEntries(book, this.#book)) return;
    this.#book = book;
    this.#parts.onBook(book);
  }

  #open(peer: NodeId, address: string): PeerLink {
    const { identity, certificates } = this.#parts;
    return new PeerLink({
      ...this.#parts,
      peer,
      address,
      credentials: clientCredentials(certificates, identity, peer),
    });
  }

  #isMember(node: NodeId): boolean {
    return members(this.#parts.view.configuration()).has(node);
  }

  #countStrangers(): number {
    return [...this.#greeted.keys()].filter((node) => !this.#isMember(node)).length;
  }
}

function hasSameEntries(one: AddressBook, other: AddressBook): boolean {
  if (one.size !== other.size) return false;
  return [...one].every(([node, addresses]) => {
    const others = other.get(node);
    return others !== undefined && hasSameAddresses(addresses, others);
  });
}
