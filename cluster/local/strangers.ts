// Nodes that stay down: one of them may have been removed from its region while it was away, and
// then it must not be started again. Its region knows.
import { setTimeout as pause } from "node:timers/promises";
import { HoldfastError } from "../../src/client/client.ts";
import type { ClusterRegion } from "./cluster-file.ts";
import { memberIds } from "./region-calls.ts";

export interface StrangerParts {
  readonly home: string;
  /** The region as it is now; nothing while nobody leads it. */
  readonly ledRegion: (name: string) => ClusterRegion | undefined;
  readonly isDown: (nodeId: string) => boolean;
  /** The node is no member any more. */
  readonly onStranger: (nodeId: string) => Promise<void>;
}

const untilLedMs = 150;
const askAgainMs = 2_000;

export class Strangers {
  readonly #parts: StrangerParts;
  readonly #asked = new Set<string>();

  constructor(parts: StrangerParts) {
    this.#parts = parts;
  }

  /** Asks for as long as the node is down. */
  async ask(region: string, nodeId: string): Promise<void> {
    if (this.#asked.has(nodeId)) return;
    this.#asked.add(nodeId);
    while (this.#parts.isDown(nodeId)) {
      const led = this.#parts.ledRegion(region);
      if (led !== undefined) await this.#judge(led, nodeId);
      await pause(led === undefined ? untilLedMs : askAgainMs, undefined, { ref: false });
    }
    this.#asked.delete(nodeId);
  }

  async #judge(region: ClusterRegion, nodeId: string): Promise<void> {
    const { home, onStranger } = this.#parts;
    try {
      const members = await memberIds(home, region);
      if (!members.has(nodeId)) await onStranger(nodeId);
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      console.error(`Whether ${nodeId} is a member cannot be told: ${error.message}`);
    }
  }
}
