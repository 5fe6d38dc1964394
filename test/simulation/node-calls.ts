// Requests and answers between a caller and a node: the request may not arrive, the node may die
// over it, the answer may be lost, and each looks to the caller as it does over gRPC.
import { status } from "@grpc/grpc-js";
import type { SimNode } from "./node-machine.ts";
import type { Micros, World } from "./node-world.ts";

/** The status that grpc-js gives a call that broke. */
export class CallError extends Error {
  override readonly name = "CallError";
  readonly code: status;

  constructor(code: status) {
    super(status[code]);
    this.code = code;
  }
}

export interface Legs {
  /** Absent: it is lost on the way. */
  readonly there: Micros | undefined;
  readonly back: () => Micros | undefined;
  readonly timeout: Micros;
}

interface Pending {
  readonly life: number;
  readonly cutOff: () => void;
}

export class Calls {
  readonly #world: World;
  readonly #pending = new Map<SimNode, Set<Pending>>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Rejects with a `CallError`, or with what `run` rejects with. */
  call<Answer>(to: SimNode, legs: Legs, run: () => Promise<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      let isOver = false;
      const { life } = to.process;
      const pending: Pending = {
        life,
        cutOff: () => {
          end(1_000, () => {
            reject(new CallError(status.UNAVAILABLE));
          });
        },
      };
      const end = (delay: Micros, settle: () => void): void => {
        this.#of(to).delete(pending);
        this.#soon(delay, to, () => {
          if (isOver) return;
          isOver = true;
          settle();
        });
      };
      const answer = (settle: () => void): void => {
        const delay = legs.back();
        if (delay === undefined) this.#of(to).delete(pending);
        else if (this.#of(to).has(pending)) end(delay, settle);
      };
      this.#soon(legs.timeout, to, () => {
        this.#of(to).delete(pending);
        if (isOver) return;
        isOver = true;
        reject(new CallError(status.DEADLINE_EXCEEDED));
      });
      if (legs.there === undefined) return;
      this.#of(to).add(pending);
      this.#soon(legs.there, to, () => {
        if (!to.process.isUp || to.process.life !== life || to.running === undefined) {
          pending.cutOff();
          return;
        }
        to.process.take(() => {
          run().then(
            (result) => {
              answer(() => {
                resolve(result);
              });
            },
            (error: unknown) => {
              answer(() => {
                reject(error instanceof Error ? error : new Error("no error"));
              });
            },
          );
        });
      });
    });
  }

  /** The process is gone: whoever waits for it sees the connection break. */
  ended(node: SimNode): void {
    for (const pending of [...this.#of(node)]) pending.cutOff();
  }

  #of(node: SimNode): Set<Pending> {
    let pending = this.#pending.get(node);
    if (pending === undefined) {
      pending = new Set();
      this.#pending.set(node, pending);
    }
    return pending;
  }

  #soon(delay: Micros, to: SimNode, happen: () => void): void {
    this.#world.after(delay, { label: "a call goes on", who: to.id, detail: undefined, happen });
  }
}
