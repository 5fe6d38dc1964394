// Bugs of one or two lines, each of a kind that somebody has shipped: with any of them in place the
// simulator must fail within a number of seeds, or it does not test what it claims to.

export interface PlantedBug {
  readonly name: string;
  /** From the project's root. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

const driver = "src/consensus/driver.ts";
const readIndex = "src/raft/read-index.ts";
const follow = "src/raft/follow.ts";
const nodeStore = "src/storage/node-store.ts";
const recovery = "src/storage/recovery.ts";

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: "reply before persist",
    file: driver,
    find: "this.#sendAfter(this.#issued, effect.to, effect.message);",
    replace: "this.#sendAfter(this.#lastVote, effect.to, effect.message);",
  },
  {
    name: "vote sent before it is saved",
    file: driver,
    find: "if (hardState !== undefined) this.#lastVote = sequence;",
    replace: "if (hardState === null) this.#lastVote = sequence;",
  },
  {
    name: "vote not persisted",
    file: "src/storage/head-row.ts",
    find: "votedFor: hardState.votedFor,",
    replace: "votedFor: undefined,",
  },
  {
    name: "later batch counted for an earlier one",
    file: driver,
    find: "this.#onLanded(sequence, applied);",
    replace: "this.#onLanded(this.#issued, applied);",
  },
  {
    name: "write not waited for",
    file: nodeStore,
    find: "    await this.#write(pending);\n    landed();",
    replace: "    void this.#write(pending);\n    landed();",
  },
  {
    name: "write error ignored",
    file: nodeStore,
    find: 'throw new StorageWriteError("Cannot write to the data directory", { cause });',
    replace: "if (cause === undefined) throw cause;",
  },
  {
    name: "entry of an old term committed by counting",
    file: "src/raft/commit.ts",
    find: "if (reached <= state.commitIndex || termAt(state.log, reached) !== state.term) {",
    replace: "if (reached <= state.commitIndex) {",
  },
  {
    name: "leader counts its own copy too early",
    file: "src/raft/commit.ts",
    find: "node === state.self ? state.durability.index :",
    replace: "node === state.self ? state.log.lastIndex :",
  },
  {
    name: "one copy less is enough to commit",
    file: "src/raft/quorum.ts",
    find: "return descending[quorumSize(voters) - 1] ?? 0;",
    replace: "return descending[Math.max(0, quorumSize(voters) - 2)] ?? 0;",
  },
  {
    name: "read without a round",
    file: readIndex,
    find: "const released = role.reads.proving.filter((read) => read.round <= proven);",
    replace: "const released = role.reads.proving.filter((read) => read.round <= proven + 1e9);",
  },
  {
    name: "read before an entry of the own term is committed",
    file: readIndex,
    find: "if (state.commitIndex < role.firstOwnIndex) {",
    replace: "if (state.commitIndex < 0) {",
  },
  {
    name: "read proven by answers to an earlier round",
    file: readIndex,
    find: "const round = role.reads.round + 1;",
    replace: "const round = Math.max(1, role.reads.round);",
  },
  {
    name: "read by lease",
    file: readIndex,
    find: "node === state.self ? role.reads.round : (role.progress.get(node)?.ackedRound ?? 0),",
    replace:
      "node === state.self || role.progress.get(node)?.isActive ? role.reads.round : " +
      "(role.progress.get(node)?.ackedRound ?? 0),",
  },
  {
    name: "read does not wait until it is applied",
    file: "src/consensus/read-rounds.ts",
    find: "this.#applying.push({ index, readers: round.readers });",
    replace: "this.#applying.push({ index: 0 as LogIndex, readers: round.readers });",
  },
  {
    name: "read rounds counted from one in each life",
    file: "test/simulation/node-machine.ts",
    find: "firstReadId: this.#random.below(readLives) * readsOfALife,",
    replace: "firstReadId: 1 + 0 * readLives * readsOfALife,",
  },
  {
    name: "two votes in a term",
    file: "src/raft/election.ts",
    find: "const isFree = state.votedFor === undefined || state.votedFor === from;",
    replace: "const isFree = state.self !== from;",
  },
  {
    name: "longer log wins, whatever its term",
    file: "src/raft/log-terms.ts",
    find: "if (ours.term !== theirs.term) return ours.term > theirs.term;",
    replace: "if (ours.index !== theirs.index) return ours.index > theirs.index;",
  },
  {
    name: "vote never forgotten",
    file: "src/raft/election.ts",
    find: "const votedFor = inTerm === state.term ? state.votedFor : undefined;",
    replace:
      "const votedFor = inTerm === state.term ? state.votedFor : (state.votedFor ?? undefined);",
  },
  {
    name: "matching prefix truncated",
    file: follow,
    find: "appendToLog(state, entries.slice(countKnown(state.log, entries)));",
    replace: "appendToLog(state, entries.slice(0 * countKnown(state.log, entries)));",
  },
  {
    name: "commit past what is known to match",
    file: follow,
    find: "Math.min(request.commitIndex, lastNew)",
    replace: "Math.min(request.commitIndex, Math.max(lastNew, write.state.log.lastIndex))",
  },
  {
    name: "term before the entries not compared",
    file: follow,
    find: "if (!holds(state.log, prev.index) || termAt(state.log, prev.index) !== prev.term) {",
    replace: "if (!holds(state.log, prev.index)) {",
  },
  {
    name: "heartbeat tells more than is known to match",
    file: "src/raft/heartbeat.ts",
    find: "commitIndex: logIndex(Math.min(progress.matchIndex, state.commitIndex)),",
    replace: "commitIndex: logIndex(state.commitIndex + 0 * progress.matchIndex),",
  },
  {
    name: "old write vouches for what replaced it",
    file: "src/raft/durability.ts",
    find: "...durability.pending.map(({ sequence, last: end }) => ({ sequence, last: clip(end) })),",
    replace: "...durability.pending,",
  },
  {
    name: "matched from what was sent",
    file: "src/raft/progress.ts",
    find: "matchIndex: logIndex(Math.max(progress.matchIndex, index)),",
    replace: "matchIndex: logIndex(Math.max(progress.matchIndex, index, progress.nextIndex - 1)),",
  },
  {
    name: "lost probe never sent again",
    file: "src/raft/answers.ts",
    find: "    isProbeOut: false,\n    ackedRound",
    replace: "    ackedRound",
  },
  {
    name: "what is in flight is never freed",
    file: "src/raft/progress.ts",
    find: "inFlight: progress.inFlight.filter((message) => message.last > index),",
    replace: "inFlight: progress.inFlight.filter((message) => message.last > index - 1),",
  },
  {
    name: "truncated entries stay on the disk",
    file: "src/storage/log-store.ts",
    find: "      this.#unwritten.set(dropped, undefined);\n      this.#sizeBytes -= this.#sizes.pop() ?? 0;",
    replace:
      "      this.#unwritten.delete(dropped);\n      this.#sizeBytes -= this.#sizes.pop() ?? 0;",
  },
  {
    name: "applied index not in the batch of its rows",
    file: "src/storage/state-store.ts",
    find: "batch.put(applied, frame(applied, encodeApplied(this.#applied)));",
    replace:
      "if (this.#overlay.size === 0) batch.put(applied, frame(applied, encodeApplied(this.#applied)));",
  },
  {
    name: "applied twice after a restart",
    file: "src/storage/applied-row.ts",
    find: "    index: position.index,\n    term: position.term,\n    digest",
    replace: "    index: Math.max(0, position.index - 1),\n    term: position.term,\n    digest",
  },
  {
    name: "row forgotten before its newer version has landed",
    file: "src/storage/overlaid-rows.ts",
    find: "if (this.#overlay.get(text) === row) this.#overlay.delete(text);",
    replace: "if (row !== undefined) this.#overlay.delete(text);",
  },
  {
    name: "list forgets rows on their way to the disk",
    file: "src/storage/overlaid-rows.ts",
    find: "const unlanded = this.#overlayIn(range);",
    replace: "const unlanded = this.#overlayIn({ gte: range.lt, lt: range.lt });",
  },
  {
    name: "compaction past what is durable",
    file: driver,
    find: "appliedDurably: this.#flushedApplied,",
    replace: "appliedDurably: this.#state.commitIndex,",
  },
  {
    name: "log kept beside a new snapshot",
    file: nodeStore,
    find: "      pending.del(entryKey(logIndex(index)));",
    replace: "      pending.del(entryKey(logIndex(index + 1_000_000)));",
  },
  {
    name: "snapshot acknowledged before it is installed",
    file: "src/consensus/snapshot-receiver.ts",
    find: "await this.#parts.install(stage);",
    replace: "void this.#parts.install(stage).catch(() => undefined);",
  },
  {
    name: "snapshot goes back",
    file: driver,
    find: "if (holdsUpTo(this.#state, position)) {",
    replace: "if (holdsUpTo(this.#state, position) && position.index < 0) {",
  },
  {
    name: "incomplete snapshot installed",
    file: "src/consensus/snapshot-receiver.ts",
    find: 'if ((number ?? 0) !== stage.nextChunk) throw outOfPlace("a chunk is missing");\n      await stage.add(rows ?? new Uint8Array());',
    replace: "if ((number ?? 0) % 7 !== 3) await stage.add(rows ?? new Uint8Array());",
  },
  {
    name: "token executed twice",
    file: "src/secrets/write-value.ts",
    find: 'if (existing === undefined) return "unseen";',
    replace: 'if (existing === undefined || content !== undefined) return "unseen";',
  },
  {
    name: "previous version does not follow",
    file: "src/secrets/labels.ts",
    find: "if (former !== undefined && former !== versionId) labels.set(previousLabel, former);",
    replace: "if (former === undefined) labels.delete(previousLabel);",
  },
  {
    name: "waiter answered with another's outcome",
    file: "src/consensus/proposals.ts",
    find: "if (waiter.term === term && outcome !== undefined)",
    replace: "if (outcome !== undefined)",
  },
  {
    name: "unknown outcome called definite",
    file: "src/consensus/proposals.ts",
    find: 'reject(refuseCall("outcome_unknown", { reason: "timed_out" }));',
    replace: 'reject(refuseCall("no_leader", {}));',
  },
  {
    name: "time of the state goes back",
    file: "src/machine/apply.ts",
    find: "lastAt: at > before.lastAt ? at : before.lastAt",
    replace: "lastAt: at",
  },
  {
    name: "clock read while applying",
    file: "src/machine/apply.ts",
    find: "lastAt: at > before.lastAt ? at : before.lastAt",
    replace: "lastAt: (before.lastAt + (performance.now() % 2 > 1 ? 1 : 2)) as EpochMs",
  },
  {
    name: "checksum of a row not checked",
    file: "src/storage/frame.ts",
    find: "if (stored !== checksum(key, payload)) throw",
    replace: "if (stored !== checksum(key, payload) && payload.length === 0) throw",
  },
  {
    name: "digest not checked at the start",
    file: "src/storage/checked-rows.ts",
    find: "if (rowCount === applied.rowCount && digest === applied.digest) return;",
    replace: "if (rowCount >= 0 || digest === applied.digest) return;",
  },
  {
    name: "lost tail not noticed",
    file: recovery,
    find: "if (head.batch < floorBatch) {",
    replace: "if (head.batch < 0 * floorBatch) {",
  },
  {
    name: "two changes of the membership in flight",
    file: "src/raft/membership.ts",
    find: "return commitIndex >= role.firstOwnIndex && unappliedMemberships.length === 0;",
    replace: "return commitIndex >= role.firstOwnIndex && unappliedMemberships.length < 3;",
  },
  {
    name: "change of the membership before an own entry is committed",
    file: "src/raft/membership.ts",
    find: "return commitIndex >= role.firstOwnIndex && unappliedMemberships.length === 0;",
    replace: "return commitIndex >= 0 && unappliedMemberships.length === 0;",
  },
  {
    name: "voters changed without a joint configuration",
    file: "src/raft/membership-change.ts",
    find: "return { voters, outgoingVoters: isSameVoters ? new Set() : configuration.voters, learners };",
    replace: "return { voters, outgoingVoters: isSameVoters ? new Set() : new Set(), learners };",
  },
  {
    name: "joint decisions by the new voters alone",
    file: "src/raft/quorum.ts",
    find: "return outgoingVoters.size === 0 ? [voters] : [voters, outgoingVoters];",
    replace: "return outgoingVoters.size === 0 ? [voters] : [voters, voters];",
  },
  {
    name: "joint configuration never left",
    file: "src/raft/membership.ts",
    find: "if (!isJoint(state.configuration) || !mayAppendChange(state)) return { state, effects: [] };",
    replace: "if (state.term > 0 || !mayAppendChange(state)) return { state, effects: [] };",
  },
  {
    name: "stands with a committed change unapplied",
    file: "src/raft/membership.ts",
    find: "return isVoter(state.configuration, state.self) && !hasCommittedChange(state);",
    replace: "return isVoter(state.configuration, state.self) || hasCommittedChange(state);",
  },
  {
    name: "snapshot without its configuration",
    file: nodeStore,
    find: "const applied = { position, digest, rowCount, configuration };",
    replace:
      "const applied = { position, digest, rowCount, configuration: this.#state.applied.configuration };",
  },
  {
    name: "removed leader leads on",
    file: "src/raft/membership.ts",
    find: "  if (!isVoter(configuration, state.self)) {",
    replace: "  if (!isVoter(configuration, state.self) && state.term === 0) {",
  },
];
