// Snapshots on their way between nodes, as the driver carries them: opened from what the leader has
// durably applied, offered, staged for as long as it takes, broken and made again, and installed at
// last, whatever has become of both nodes by then.
import type { Term } from "../../src/base/ids.ts";
import type { LogPosition } from "../../src/raft/log-terms.ts";
import { holdsUpTo } from "../../src/raft/snapshot.ts";
import type { Chance } from "./chance.ts";
import type { ModelState } from "./model-disk.ts";
import type { ModelNode } from "./model-node.ts";
import { must } from "./witness.ts";

interface Transfer {
  readonly from: ModelNode;
  readonly to: ModelNode;
  readonly term: Term;
  /** Of the sender: one that started anew knows nothing of it. */
  readonly life: number;
  offered: Offered | undefined;
}

interface Offered extends ModelState {
  readonly position: LogPosition;
  /** Of the receiver: a broken stream offers anew. */
  readonly life: number;
}

interface Moved {
  readonly node: ModelNode;
  readonly what: string;
}

export class ModelSnapshots {
  /** How many became the state of a node. */
  installed = 0;
  readonly #transfers: Transfer[] = [];
  readonly #chance: Chance;
  readonly #faults: { readonly snapshotFailure: number };
  #isCalm = false;

  constructor(chance: Chance, faults: { readonly snapshotFailure: number }) {
    this.#chance = chance;
    this.#faults = faults;
  }

  ask(from: ModelNode, to: ModelNode, term: Term): void {
    this.#transfers.push({ from, to, term, life: from.life, offered: undefined });
  }

  /** No more failures. */
  calm(): void {
    this.#isCalm = true;
  }

  /** One of them goes one step further. Says who was concerned. */
  move(): Moved | undefined {
    if (this.#transfers.length === 0) return undefined;
    const transfer = this.#chance.pick(this.#transfers);
    if (this.#isOver(transfer)) {
      this.#drop(transfer);
      return undefined;
    }
    if (!this.#isCalm && this.#chance.happens(this.#faults.snapshotFailure)) {
      return this.#end(transfer, undefined, "gives a snapshot up");
    }
    return transfer.offered === undefined
      ? this.#offer(transfer)
      : this.#finish(transfer, transfer.offered);
  }

  /** Nobody sends it, and nobody has it. What was staged may still come to be installed. */
  #isOver({ from, life, offered }: Transfer): boolean {
    return offered === undefined && (from.state === undefined || from.life !== life);
  }

  #offer(transfer: Transfer): Moved | undefined {
    const { from, to, term } = transfer;
    if (from.isPaused || to.state === undefined || to.isPaused) return undefined;
    const index = from.disk.applied;
    const last = from.disk.log[index - 1];
    must(last !== undefined, "a snapshot is asked for by who has applied something");
    const position = { index: last.index, term: last.term };
    if (to.state.term !== term) return this.#end(transfer, undefined, "refuses an offer");
    if (holdsUpTo(to.state, position)) return this.#end(transfer, position, "has it already");
    const { configuration } = from.disk;
    const entries = from.disk.log.slice(0, index);
    transfer.offered = { position, entries, configuration, life: to.life };
    return { node: to, what: `is offered a snapshot up to ${String(index)}` };
  }

  #finish(transfer: Transfer, offered: Offered): Moved | undefined {
    const { to } = transfer;
    const { position, life } = offered;
    if (to.state === undefined || to.life !== life) {
      transfer.offered = undefined;
      return undefined;
    }
    if (!to.canInstall) return undefined;
    if (to.state.role.kind === "leader") return this.#end(transfer, undefined, "leads by now");
    if (holdsUpTo(to.state, position)) return this.#end(transfer, position, "has come as far");
    to.install(position, offered);
    this.installed += 1;
    if (to.life !== life || !to.isUp) return { node: to, what: "crashes installing" };
    // The last answer may be lost: then it is offered once more.
    if (!this.#isCalm && this.#chance.happens(this.#faults.snapshotFailure)) {
      transfer.offered = undefined;
      return { node: to, what: "installs, and nobody hears of it" };
    }
    return this.#end(transfer, position, `installs up to ${String(position.index)}`);
  }

  #end(transfer: Transfer, position: LogPosition | undefined, what: string): Moved {
    this.#drop(transfer);
    const { from, to, term, life } = transfer;
    if (from.state !== undefined && from.life === life) {
      const outcome =
        position === undefined
          ? ({ kind: "failed" } as const)
          : ({ kind: "installed", index: position.index } as const);
      from.inbox.push({ kind: "snapshot_ended", to: to.id, term, outcome });
    }
    return { node: to, what };
  }

  #drop(transfer: Transfer): void {
    this.#transfers.splice(this.#transfers.indexOf(transfer), 1);
  }
}
