// A region of one without a log: what is proposed is applied at once. It follows when it is told
// to, and then hands over to whomever the test names.
import type { Clock } from "../../src/base/clock.ts";
import { refuseCall } from "../../src/base/errors.ts";
import { AppliedListeners } from "../../src/consensus/applied-listeners.ts";
import { logIndex, nodeId, term, type LogIndex } from "../../src/base/ids.ts";
import type {
  AppliedOutcome,
  HandedAnswer,
  HandedRequest,
  Leadership,
  RaftGroup,
} from "../../src/consensus/raft-group.ts";
import { applyCommand } from "../../src/machine/apply.ts";
import type { Command, ReplyTo } from "../../src/machine/command.ts";
import { MemoryState } from "../../src/machine/memory-state.ts";

export type Leader = (request: HandedRequest) => Promise<HandedAnswer>;

export class SoloRaftGroup implements RaftGroup {
  readonly view: MemoryState;
  /** Everything that was ever proposed here, in order. */
  readonly proposed: Command[] = [];
  /** Everything that was ever handed over, as it left. */
  readonly handed: HandedRequest[] = [];
  barriers = 0;

  readonly #clock: Clock;
  #leads = true;
  #leader: Leader | undefined;
  #beforeApply: (() => void) | undefined;
  readonly #onApplied = new AppliedListeners();

  /** Two groups with one state are a leader and a follower that never lags. */
  constructor(clock: Clock, view = new MemoryState()) {
    this.#clock = clock;
    this.view = view;
  }

  lead(): void {
    this.#leads = true;
  }

  /** Without a leader nothing can be handed over, and nothing read. */
  follow(leader?: Leader): void {
    this.#leads = false;
    this.#leader = leader;
  }

  /** Runs once, after the next proposal was planned and before it is applied. */
  beforeNextApply(happening: () => void): void {
    this.#beforeApply = happening;
  }

  leadership(): Leadership {
    if (this.#leads) return { kind: "leader", term: term(1) };
    return { kind: "follower", leader: this.#leader && nodeId("leader") };
  }

  async propose<C extends Command>(command: C): Promise<AppliedOutcome<ReplyTo<C>>> {
    if (!this.#leads) throw refuseCall("no_leader", {});
    this.proposed.push(command);
    const happening = this.#beforeApply;
    this.#beforeApply = undefined;
    happening?.();
    const applied = applyCommand(this.view, { at: this.#clock.now(), command });
    this.view.absorb(applied.changes);
    this.#onApplied.tell();
    return { ...applied.outcome, index: logIndex(this.proposed.length) };
  }

  async readBarrier(): Promise<LogIndex> {
    this.barriers += 1;
    if (!this.#leads && this.#leader === undefined) throw refuseCall("no_leader", {});
    return logIndex(this.proposed.length);
  }

  onApplied(listener: () => void): () => void {
    return this.#onApplied.add(listener);
  }

  async handOver(request: HandedRequest): Promise<HandedAnswer> {
    if (this.#leader === undefined) throw refuseCall("no_leader", {});
    const { body, principal } = request;
    const copy = () => ({
      ...request,
      body: Uint8Array.from(body),
      principal: Uint8Array.from(principal),
    });
    this.handed.push(copy());
    return this.#leader(copy());
  }
}
