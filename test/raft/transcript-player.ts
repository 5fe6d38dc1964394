// Plays a transcript: a small cluster, told what to do one command at a time, which writes down
// what each node becomes and says. Writes land at once unless a disk is held.
import { assert } from "../../src/base/assert.ts";
import { logIndex, nodeId, term, type NodeId } from "../../src/base/ids.ts";
import { votersOnly } from "../../src/raft/configuration.ts";
import type { Effect, Persist, SendEntries } from "../../src/raft/effect.ts";
import type { Entry, Input, Message } from "../../src/raft/input.ts";
import type { LogPosition } from "../../src/raft/log-terms.ts";
import { startAsFollower, type RaftState } from "../../src/raft/state.ts";
import { step } from "../../src/raft/step.ts";
import { at, logOf, settings } from "./one-node.ts";

interface Actor {
  state: RaftState;
  log: readonly Entry[];
  isDiskHeld: boolean;
  waiting: { readonly to: NodeId; readonly message: Message; readonly needs: number }[];
  landed: number;
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
      for (const name of names) this.#add(name, names);
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

  #add(name: string, names: readonly string[]): void {
    const state = startAsFollower({
      self: nodeId(name),
      configuration: votersOnly(names.map(nodeId)),
      settings,
      hardState: { term: term(0), votedFor: undefined },
      log: logOf(),
      commitIndex: logIndex(0),
      seed: Number(name.slice(1)),
    });
    this.#actors.set(nodeId(name), {
      state,
      log: [],
      isDiskHeld: false,
      waiting: [],
      landed: 0,
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
    if (sequence === actor.landed) return;
    actor.landed = sequence;
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

/** Many ticks say the same many times. */
function withoutRepeats(lines: readonly string[]): string[] {
  const times = new Map<string, number>();
  for (const line of lines) times.set(line, (times.get(line) ?? 0) + 1);
  return [...times].map(([line, count]) => (count === 1 ? line : `${line} x${String(count)}`));
}

function summaryOf({ self, role, term: inTerm, log, commitIndex }: RaftState): string {
  const kind = role.kind === "pre_candidate" ? "pre-candidate" : role.kind;
  const leader = role.kind === "follower" && role.leader !== undefined ? ` of ${role.leader}` : "";
  const terms = log.runs.map((run, which) => {
    const end = log.runs[which + 1]?.firstIndex ?? log.lastIndex + 1;
    return `${String(run.term)}x${String(end - run.firstIndex)}`;
  });
  const held = terms.length === 0 ? "empty" : terms.join(" ");
  return `${self} ${kind}${leader} t${String(inTerm)} log ${held} commit ${String(commitIndex)}`;
}

function describeEffect(effect: Effect): string | undefined {
  switch (effect.kind) {
    case "persist":
      return describeWrite(effect);
    case "commit":
      return `commit ${String(effect.index)}`;
    case "read_ready":
      return `read ${String(effect.readId)} at ${String(effect.index)}`;
    case "read_failed":
      return `read ${String(effect.readId)} fails`;
    case "send_snapshot":
      return `send a snapshot to ${effect.to}`;
    case "halt":
      return `halt: has ${String(effect.lastIndex)}, expected ${String(effect.expectedIndex)}`;
    case "send":
    case "acknowledge":
    case "send_entries":
      // Said when it leaves.
      return undefined;
  }
}

function describeWrite({ hardState, entries }: Persist): string {
  const vote = hardState?.votedFor === undefined ? "" : ` vote=${hardState.votedFor}`;
  const promise = hardState === undefined ? "" : ` t${String(hardState.term)}${vote}`;
  const first = entries[0]?.index;
  const written = first === undefined ? "" : ` entries ${spanOf(first, entries.length)}`;
  return `persist${promise}${written}`;
}

type Description = {
  readonly [Kind in Message["kind"]]: (message: Extract<Message, { kind: Kind }>) => string;
};

const describe: Description = {
  pre_vote_request: ({ lastLog }) => `last ${placeOf(lastLog)}`,
  vote_request: ({ lastLog, reason }) =>
    `last ${placeOf(lastLog)}${reason === "transfer" ? " by transfer" : ""}`,
  timeout_now: () => "stand",
  pre_vote_response: ({ vote }) => vote,
  vote_response: ({ vote }) => vote,
  append_request: ({ prev, entries, commitIndex }) => {
    const carried = entries.length === 0 ? "none" : spanOf(prev.index + 1, entries.length);
    return `${carried} after ${placeOf(prev)} commit ${String(commitIndex)}`;
  },
  append_response: ({ answer }) =>
    answer.kind === "matched"
      ? `matched ${String(answer.index)}`
      : `mismatched ${String(answer.prevIndex)} hint ${placeOf(answer.hint)}`,
  heartbeat: ({ commitIndex, readRound }) =>
    `commit ${String(commitIndex)} round ${String(readRound)}`,
  heartbeat_response: ({ readRound }) => `round ${String(readRound)}`,
  read_index_request: ({ readId }) => `read ${String(readId)}`,
  read_index_response: ({ readId, answer }) =>
    `read ${String(readId)} ${answer.kind === "at" ? `at ${String(answer.index)}` : "refused"}`,
};

function describeMessage(message: Message): string {
  const describeKind = describe[message.kind] as (message: Message) => string;
  const name = message.kind === "append_request" ? "append" : message.kind;
  return `${name} t${String(message.term)} ${describeKind(message)}`;
}

function placeOf(position: LogPosition): string {
  return `${String(position.index)}/t${String(position.term)}`;
}

function spanOf(first: number, count: number): string {
  return count === 1 ? String(first) : `${String(first)}-${String(first + count - 1)}`;
}
