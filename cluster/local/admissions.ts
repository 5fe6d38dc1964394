// New nodes on their way into their regions: each waits until somebody leads, gets a ticket and is
// started with it.
import { setTimeout as pause } from "node:timers/promises";
import { HoldfastError } from "../../src/client/client.ts";
import type { ClusterRegion } from "./cluster-file.ts";
import { writeStart } from "./node-config.ts";
import { nodePlaces } from "./places.ts";
import { inviteNode, type Becoming } from "./region-calls.ts";

export interface AdmissionParts {
  readonly home: string;
  /** The region as it is now; nothing while nobody leads it. */
  readonly ledRegion: (name: string) => ClusterRegion | undefined;
  /** The node can be started: its configuration has its ticket. */
  readonly onTicket: (nodeId: string) => void;
}

export interface Newcomer {
  readonly region: string;
  readonly nodeId: string;
  readonly becomes: Becoming;
}

const askAgainMs = 50;

export class Admissions {
  readonly #parts: AdmissionParts;
  readonly #waiting = new Map<string, AbortController>();

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  /** Goes on until there is a ticket, or until it is given up. */
  begin(newcomer: Newcomer): void {
    if (this.#waiting.has(newcomer.nodeId)) return;
    const waiting = new AbortController();
    this.#waiting.set(newcomer.nodeId, waiting);
    this.#admit(newcomer, waiting.signal).catch((error: unknown) => {
      // The node stays new, and the next start of it tries again.
      this.#waiting.delete(newcomer.nodeId);
      console.error(`No ticket for ${newcomer.nodeId}: ${String(error)}`);
    });
  }

  giveUp(nodeId: string): void {
    this.#waiting.get(nodeId)?.abort();
    this.#waiting.delete(nodeId);
  }

  async #admit({ region, nodeId, becomes }: Newcomer, signal: AbortSignal): Promise<void> {
    const { home, ledRegion, onTicket } = this.#parts;
    let complaint = "";
    const isGivenUp = (): boolean => signal.aborted;
    while (!isGivenUp()) {
      const led = ledRegion(region);
      if (led === undefined) {
        await pause(askAgainMs);
        continue;
      }
      try {
        const start = await inviteNode(home, led, { nodeId, becomes });
        if (isGivenUp()) return;
        writeStart(nodePlaces(home, region, nodeId).config, start);
        this.#waiting.delete(nodeId);
        onTicket(nodeId);
        return;
      } catch (error) {
        if (!(error instanceof HoldfastError)) throw error;
        if (error.message !== complaint) console.error(`${nodeId} waits: ${error.message}`);
        complaint = error.message;
        await pause(askAgainMs);
      }
    }
  }
}
