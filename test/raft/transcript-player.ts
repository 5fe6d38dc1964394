// Plays a transcript: a small cluster, told what to do one command at a time, which writes down
// what each node becomes and says. Writes land at once unless a disk is held.
import { assert } from "../../src/base/assert.ts";
import { logIndex, nodeId, term, type NodeId } from "../../src/base/ids.ts";
import { votersOnly, type Configuration } from "../../src/raft/configuration.ts";
import type { Effect, SendEntries } from "../../src/raft/effect.ts";
import type { Entry, Input, Message } from "../../src/raft/input.ts";
import type { MembershipChange } from "../../src/raft/membership-change.ts";
import { mayChangeMembership } from "../../src/raft/membership.ts";
import { positionAt } from "../../src/raft/log-terms.ts";
import { startAsFollower, type RaftState } from "../../src/raft/state.ts";
import { step } from "../../src/raft/step.ts";
import { isMembershipEntry } from "../../src/raft/unapplied.ts";
import {
  configurationAfter,
  describeConfiguration,
  nobody,
  payloadOf,
} from "../simulation/model-membership.ts";
import { at, logOf, settings, voteRequest } from "./one-node.ts";
import { describeEffect, describeMessage, summaryOf, withoutRepeats } from "./transcript-words.ts";

interface Actor {
  state: RaftState;
  log: readonly Entry[];
  applied: number;
  isDiskHeld: boolean;
  isApplyHeld: boolean;
  waiting: { readonly to: NodeId; readonly message: Message; readonly needs: number }[];
  landed: number;
  /** What of it the core has been told. */
  reported: number;
}

interface Letter {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly message: Message;
}

/**
 * Replays a whole transcript and returns it with the answers that the core gives now. A block is
 * comments, a command, `----`, and the answer; blank lines part blocks.
 */
export function playTranscript(text: string): string {
  const player = new TranscriptPlayer();
  const blocks = text.trimEnd().split(/\n\n+/);
  return `${blocks.map((block) => playBlock(player, block)).join("\n\n")}\n`;
}

function playBlock(player: TranscriptPlayer, block: string): string {
  const lines = block.split("\n");
  const end = lines.indexOf("----");
  const asked = end === -1 ? lines : lines.slice(0, end);
  const commands = asked.filter((line) => !line.startsWith("#"));
  if (commands.length === 0) return asked.join("\n");
  const answer = commands.flatMap((command) => player.play(command));
  return [...asked, "----", ...(answer.length === 0 ? ["nothing"] : answer)].join("\n");
}

class TranscriptPlayer {
  readonly #actors = new Map<NodeId, Actor>();
  readonly #cut = new Set<string>();
  #letters: Letter[] = [];
  #said: string[] = [];
  #nextRead = 1;
  #entriesAMessage = Infinity;

  /** What can be asked of a cluster. Words after the verb are nodes, terms or a number. */
  readonly #verbs: Readonly<Record<string, (words: readonly string[]) => void>> = {
    /** cluster n1 n2 n3 */
    cluster: (names) => {
      for (const name of names) this.#add(name, votersOnly(names.map(nodeId)));
    },
    /** newcomer n4: a node with an empty disk, which knows nobody who votes */
    newcomer: ([name = ""]) => {
      this.#add(name, nobody);
    },
    /** change n1 add n4 promote n5 remove n2 n3: proposed to n1 */
    change: ([name = "", ...words]) => {
      if (!mayChangeMembership(this.#actor(nodeId(name)).state)) {
        this.#said.push(`  ${name} may not change the membership now`);
        return;
      }
      const payload = payloadOf(changeOf(words));
      this.#give(nodeId(name), { kind: "propose_membership", payload });
    },
    /** lag n1: it applies nothing, until `apply n1` */
    lag: ([name = ""]) => {
      this.#actor(nodeId(name)).isApplyHeld = true;
    },
    apply: ([name = ""]) => {
      this.#actor(nodeId(name)).isApplyHeld = false;
      this.#apply(nodeId(name));
    },
    /** compact n1: it drops what it has applied from its log */
    compact: ([name = ""]) => {
      const { applied } = this.#actor(nodeId(name));
      this.#give(nodeId(name), { kind: "compacted", upTo: logIndex(applied) });
    },
    /** snapshot n1 n4: what n1 has applied becomes the state of n4 */
    snapshot: ([name = "", to = ""]) => {
      this.#snapshot(nodeId(name), nodeId(to));
    },
    /** restart n1: it has forgotten what it knew to be committed, and nothing else */
    restart: ([name = ""]) => {
      this.#restart(nodeId(name));
    },
    /** ask n4 n2 t2 9/t1: n2 asks n4 for its vote in term 2, with a log up to there */
    ask: ([name = "", candidate = "", inTerm = "t0", place = ""]) => {
      const [index = "", ofTerm = "t0"] = place.split("/");
      const lastLog = at(Number(index), Number(ofTerm.slice(1)));
      const message = voteRequest(Number(inTerm.slice(1)), lastLog);
      this.#give(nodeId(name), { kind: "message", from: nodeId(candidate), message });
    },
    transfer: ([name = "", to = ""]) => {
      this.#give(nodeId(name), { kind: "transfer", to: nodeId(to) });
    },
    /** stall n1: a write of it has been under way for too long */
    stall: ([name = ""]) => {
      this.#give(nodeId(name), { kind: "disk_stalled" });
    },
    /** log n1 t3 1 1 2: n1 starts again in term 3, with a log of these terms */
    log: ([name = "", inTerm = "t0", ...terms]) => {
      this.#start(nodeId(name), Number(inTerm.slice(1)), terms.map(Number));
    },
    /** narrow: from now on an append carries one entry */
    narrow: () => {
      this.#entriesAMessage = 1;
    },
    /** timeout n1: ticks until n1 loses patience */
    timeout: ([name = ""]) => {
      this.#timeOut(nodeId(name));
    },
    /** forget n2 n3: for the shortest election timeout they have heard from no leader */
    forget: (names) => {
      for (const name of names) this.#tick(nodeId(name), settings.electionTicks);
      this.#said = withoutRepeats(this.#said);
    },
    /** tick n1 20 */
    tick: ([name = "", count = "1"]) => {
      this.#tick(nodeId(name), Number(count));
      this.#said = withoutRepeats(this.#said);
    },
    /** deliver n1, or deliver n1 n2: all that waits for n1, or all from n2 */
    deliver: ([name = "", sender]) => {
      this.#deliver(nodeId(name), sender);
    },
    /** settle: everything that is under way arrives, until all is quiet */
    settle: () => {
      this.#settle();
    },
    propose: ([name = ""]) => {
      this.#give(nodeId(name), { kind: "propose", payloads: [new Uint8Array()] });
    },
    read: ([name = ""]) => {
      this.#give(nodeId(name), { kind: "read", readId: this.#nextRead++ });
    },
    /** hold n1: its disk takes writes and lands none, until `land n1` */
    hold: ([name = ""]) => {
      this.#actor(nodeId(name)).isDiskHeld = true;
    },
    land: ([name = ""]) => {
      this.#actor(nodeId(name)).isDiskHeld = false;
      this.#land(nodeId(name));
    },
    /** cut n1 n2 n3: nothing passes between n1 and the others, nor what is under way */
    cut: ([name = "", ...others]) => {
      for (const other of others) this.#cutBothWays(name, other);
    },
    heal: () => {
      this.#cut.clear();
    },
  };

  play(command: string): readonly string[] {
    const [verb = "", ...words] = command.split(" ");
    const act = this.#verbs[verb];
    if (act === undefined) throw new Error(`no such command: ${command}`);
    this.#said = [];
    act(words);
    return this.#said;
  }

  #add(name: string, configuration: Configuration): void {
    const state = startAsFollower({
      self: nodeId(name),
      configuration,
      settings,
      hardState: { term: term(0), votedFor: undefined },
      log: logOf(),
      commitIndex: logIndex(0),
      unappliedMemberships: [],
      seed: Number(name.slice(1)),
    });
    this.#actors.set(nodeId(name), {
      state,
      log: [],
      applied: 0,
      isDiskHeld: false,
      isApplyHeld: false,
      waiting: [],
      landed: 0,
      reported: 0,
    });
    this.#said.push(summaryOf(state));
  }

  /** Starts a node again with a log of these terms. */
  #start(name: NodeId, inTerm: number, terms: readonly number[]): void {
    const actor = this.#actor(name);
    actor.log = terms.map((each, before) => ({
      ...at(before + 1, each),
      kind: "command",
      payload: new Uint8Array(),
    }));
    actor.state = startAsFollower({
      ...actor.state,
      hardState: { term: term(inTerm), votedFor: undefined },
      log: logOf(...terms),
      seed: Number(name.slice(1)),
    });
    this.#said.push(summaryOf(actor.state));
  }

  /** Its disk has everything; which of it is committed it learns anew. */
  #restart(name: NodeId): void {
    const actor = this.#actor(name);
    const { state, applied, log } = actor;
    assert(!actor.isDiskHeld, "what has not landed would be lost");
    const changes = log.slice(applied).filter(isMembershipEntry);
    actor.landed = 0;
    actor.reported = 0;
    actor.waiting = [];
    actor.state = startAsFollower({
      ...state,
      hardState: { term: state.term, votedFor: state.votedFor },
      commitIndex: logIndex(applied),
      unappliedMemberships: changes.map(({ index }) => index),
      seed: Number(name.slice(1)),
    });
    this.#said.push(summaryOf(actor.state));
    this.#apply(name);
  }

  #snapshot(name: NodeId, to: NodeId): void {
    const from = this.#actor(name);
    const { applied, state } = from;
    const position = positionAt(state.log, logIndex(applied));
    const receiver = this.#actor(to);
    receiver.log = from.log.slice(0, applied);
    receiver.applied = applied;
    const { configuration } = state;
    this.#give(to, { kind: "snapshot_installed", position, configuration });
    this.#said.push(`  ${to} counts ${describeConfiguration(configuration)}`);
    const outcome = { kind: "installed", index: position.index } as const;
    this.#give(name, { kind: "snapshot_ended", to, term: state.term, outcome });
  }

  /** Ticks a node until it loses patience. */
  #timeOut(name: NodeId): void {
    const { role } = this.#actor(name).state;
    assert(role.kind !== "leader", "only others lose patience");
    this.#tick(name, role.patienceTicks - role.quietTicks);
  }

  #tick(name: NodeId, count: number): void {
    for (let done = 0; done < count; done += 1) {
      this.#give(name, { kind: "tick", elapsedTicks: 1 });
    }
  }

  /** Everything that waits for a node, or only what one sender sent. */
  #deliver(to: NodeId, sender: string | undefined): void {
    const isMeant = (letter: Letter): boolean =>
      letter.to === to && (sender === undefined || letter.from === sender);
    const arriving = this.#letters.filter(isMeant);
    this.#letters = this.#letters.filter((letter) => !isMeant(letter));
    for (const { from, message } of arriving) this.#give(to, { kind: "message", from, message });
  }

  /** Everything that is under way arrives, until all is quiet. */
  #settle(): void {
    let next = this.#letters.shift();
    while (next !== undefined) {
      this.#give(next.to, { kind: "message", from: next.from, message: next.message });
      next = this.#letters.shift();
    }
  }

  #cutBothWays(one: string, other: string): void {
    this.#cut.add(`${one}>${other}`).add(`${other}>${one}`);
    this.#letters = this.#letters.filter(({ from, to }) => !this.#cut.has(`${from}>${to}`));
  }

  #give(name: NodeId, input: Input): void {
    const actor = this.#actor(name);
    const before = summaryOf(actor.state);
    const { state, effects } = step(actor.state, input);
    actor.state = state;
    for (const effect of effects) if (effect.kind === "persist") this.#remember(actor, effect);
    if (summaryOf(state) !== before) this.#said.push(summaryOf(state));
    for (const effect of effects) this.#perform(name, effect);
    if (!actor.isDiskHeld) this.#land(name);
    this.#apply(name);
  }

  /** Applies what is committed and on the disk. Only changes of the membership are told. */
  #apply(name: NodeId): void {
    const actor = this.#actor(name);
    const canApply = (): boolean =>
      actor.applied < Math.min(actor.state.commitIndex, actor.state.durability.index);
    while (!actor.isApplyHeld && canApply()) {
      const entry = actor.log[actor.applied];
      assert(entry !== undefined, "what is committed is in the log");
      actor.applied += 1;
      if (!isMembershipEntry(entry)) continue;
      const { index } = entry;
      const configuration = configurationAfter(actor.state.configuration, entry);
      this.#said.push(
        `  ${name} applies ${String(index)}: counts ${describeConfiguration(configuration)}`,
      );
      this.#give(name, { kind: "membership_applied", index, configuration });
    }
  }

  #remember(actor: Actor, { entries }: Extract<Effect, { kind: "persist" }>): void {
    const [first] = entries;
    if (first !== undefined) actor.log = [...actor.log.slice(0, first.index - 1), ...entries];
  }

  #perform(name: NodeId, effect: Effect): void {
    const line = describeEffect(effect);
    if (line !== undefined) this.#said.push(`  ${line}`);
    if (effect.kind === "send") this.#post({ from: name, to: effect.to, message: effect.message });
    if (effect.kind === "acknowledge") this.#acknowledge(name, effect.to, effect.message);
    if (effect.kind === "send_entries") this.#sendEntries(name, effect);
  }

  #acknowledge(name: NodeId, to: NodeId, message: Message): void {
    const actor = this.#actor(name);
    actor.waiting.push({ to, message, needs: actor.state.durability.nextSequence - 1 });
    if (actor.isDiskHeld) this.#said.push(`  (the answer to ${to} waits for the disk)`);
    this.#release(name);
  }

  #sendEntries(name: NodeId, effect: SendEntries): void {
    const { to, term: inTerm, prev, upTo, commitIndex, readRound } = effect;
    const last = logIndex(Math.min(upTo, prev.index + this.#entriesAMessage));
    const entries = this.#actor(name).log.slice(prev.index, last);
    const kind = "append_request";
    const message = { kind, term: inTerm, prev, entries, commitIndex, readRound } as const;
    this.#post({ from: name, to, message });
    const sizeBytes = entries.length;
    this.#give(name, { kind: "entries_sent", to, term: inTerm, last, sizeBytes });
  }

  #post(letter: Letter): void {
    const { from, to, message } = letter;
    const isCut = this.#cut.has(`${from}>${to}`);
    this.#said.push(`  ${from} -> ${to} ${describeMessage(message)}${isCut ? " (lost)" : ""}`);
    if (!isCut) this.#letters.push(letter);
  }

  #land(name: NodeId): void {
    const actor = this.#actor(name);
    const sequence = actor.state.durability.nextSequence - 1;
    if (sequence === actor.reported) return;
    actor.landed = sequence;
    actor.reported = sequence;
    this.#give(name, { kind: "persisted", sequence });
    this.#release(name);
  }

  #release(name: NodeId): void {
    const actor = this.#actor(name);
    if (!actor.isDiskHeld) actor.landed = actor.state.durability.nextSequence - 1;
    const ready = actor.waiting.filter(({ needs }) => needs <= actor.landed);
    actor.waiting = actor.waiting.filter(({ needs }) => needs > actor.landed);
    for (const { to, message } of ready) this.#post({ from: name, to, message });
  }

  #actor(name: NodeId): Actor {
    const actor = this.#actors.get(name);
    if (actor === undefined) throw new Error(`no such node: ${name}`);
    return actor;
  }
}

function changeOf(words: readonly string[]): MembershipChange {
  const after = (verb: string): readonly NodeId[] => {
    const first = words.indexOf(verb) + 1;
    if (first === 0) return [];
    const rest = words.slice(first);
    const end = rest.findIndex((word) => ["add", "promote", "remove"].includes(word));
    return rest.slice(0, end === -1 ? undefined : end).map(nodeId);
  };
  return { addLearners: after("add"), promote: after("promote"), remove: after("remove") };
}
