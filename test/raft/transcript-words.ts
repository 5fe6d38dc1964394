// What a transcript says of states, effects and messages.
import type { Effect, Persist } from "../../src/raft/effect.ts";
import type { Message } from "../../src/raft/input.ts";
import type { LogPosition } from "../../src/raft/log-terms.ts";
import type { RaftState } from "../../src/raft/state.ts";

/** Many ticks say the same many times. */
export function withoutRepeats(lines: readonly string[]): string[] {
  const times = new Map<string, number>();
  for (const line of lines) times.set(line, (times.get(line) ?? 0) + 1);
  return [...times].map(([line, count]) => (count === 1 ? line : `${line} x${String(count)}`));
}

export function summaryOf({ self, role, term: inTerm, log, commitIndex }: RaftState): string {
  const kind = role.kind === "pre_candidate" ? "pre-candidate" : role.kind;
  const leader = role.kind === "follower" && role.leader !== undefined ? ` of ${role.leader}` : "";
  const terms = log.runs.map((run, which) => {
    const end = log.runs[which + 1]?.firstIndex ?? log.lastIndex + 1;
    return `${String(run.term)}x${String(end - run.firstIndex)}`;
  });
  const held = terms.length === 0 ? "empty" : terms.join(" ");
  return `${self} ${kind}${leader} t${String(inTerm)} log ${held} commit ${String(commitIndex)}`;
}

export function describeEffect(effect: Effect): string | undefined {
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
  pre_vote_response: ({ vote, committed }) =>
    committed.index === 0 ? vote : `${vote} committed ${placeOf(committed)}`,
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

export function describeMessage(message: Message): string {
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
