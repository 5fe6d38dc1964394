// What waits for one watcher: no more than so many bytes. Whoever takes it too slowly is cut, and
// goes on at its last position when it can.
import { refuseCall, type RefusedError } from "../base/errors.ts";
import type { WatchResponse } from "../generated/public-contract.ts";
import type { SecretEvent } from "../secrets/secret-event.ts";

export interface WatchItem {
  readonly response: WatchResponse;
  /** What it tells of; absent from a heartbeat. */
  readonly event: SecretEvent | undefined;
  /** About as many as it takes on the wire. */
  readonly sizeBytes: number;
}

export class WatchQueue {
  readonly #limitBytes: number;
  #items: WatchItem[] = [];
  #bytes = 0;
  #end: RefusedError | "closed" | undefined;
  #wake: (() => void) | undefined;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get isOpen(): boolean {
    return this.#end === undefined;
  }

  push(item: WatchItem): void {
    if (this.#end !== undefined) return;
    // A heartbeat says all that one before it said.
    const last = this.#items.at(-1);
    if (item.event === undefined && last !== undefined && last.event === undefined) {
      this.#items.pop();
      this.#bytes -= last.sizeBytes;
    }
    this.#items.push(item);
    this.#bytes += item.sizeBytes;
    if (this.#bytes > this.#limitBytes) {
      this.fail(refuseCall("watcher_too_slow", { limitBytes: this.#limitBytes }));
    }
    this.#wake?.();
  }

  /** Drops what waits: the watcher will ask for it again. */
  fail(error: RefusedError): void {
    this.#finish(error);
  }

  /** Nobody takes anything any more. */
  close(): void {
    this.#finish("closed");
  }

  /** The next, as soon as there is one; nothing once it is closed. Throws what it failed with. */
  async next(): Promise<WatchItem | undefined> {
    for (;;) {
      if (this.#end === "closed") return undefined;
      if (this.#end !== undefined) throw this.#end;
      const item = this.#items.shift();
      if (item !== undefined) {
        this.#bytes -= item.sizeBytes;
        return item;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }

  #finish(end: RefusedError | "closed"): void {
    this.#end ??= end;
    this.#items = [];
    this.#bytes = 0;
    this.#wake?.();
  }
}
