// The region's keyring on this node: made by the first leader that holds an unseal key, opened by
// every node that holds it. A node without stays locked: it votes and replicates, and sees only
// ciphertext.
import { RefusedError } from "../base/errors.ts";
import type { Clock } from "../base/clock.ts";
import type { Entropy } from "../base/entropy.ts";
import type { RaftGroup } from "../consensus/raft-group.ts";
import { KeyringError, type KeyringFailure, type KeyringHome } from "../crypto/keyring-fields.ts";
import type { Keyring } from "../crypto/keyring.ts";
import { createKeyring, openKeyring } from "../crypto/open-keyring.ts";
import type { SecretKey } from "../crypto/secret-key.ts";
import type { KeyringRecord } from "../keys/keyring-record.ts";
import type { KeySource, KeyStatus } from "./parts.ts";

export interface KeyServiceParts {
  readonly group: RaftGroup;
  readonly home: KeyringHome;
  /** Stays the caller's. Absent: this node never opens the keyring. */
  readonly unsealKey: SecretKey | undefined;
  readonly clock: Clock;
  readonly entropy: Entropy;
}

/** How long a leader waits for the keys it proposed. A later `poll` tries again. */
const proposalMs = 10_000;

const lockedBecause: Readonly<Record<KeyringFailure, string>> = {
  wrong_unseal_key: "its unseal key is not the one that the region's keys were sealed with",
  damaged_record: "its unseal key fits, but the region's sealed keys do not open: they are damaged",
};

export class KeyService implements KeySource, Disposable {
  readonly #parts: KeyServiceParts;
  #keyring: Keyring | undefined;
  #status: KeyStatus;
  /** The sealing that was tried last: one that did not open will not open when asked again. */
  #examined: string | undefined;
  #initializing: Promise<void> | undefined;
  #isClosed = false;

  constructor(parts: KeyServiceParts) {
    this.#parts = parts;
    this.#status = locked(
      parts.unsealKey === undefined ? "it was given no unseal key" : "the region has no keys yet",
    );
  }

  keyring(): Keyring | undefined {
    return this.#keyring;
  }

  status(): KeyStatus {
    return this.#status;
  }

  /**
   * Looks whether something is to be done: called when leadership changed and when entries were
   * applied. Cheap when there is nothing. Resolves when it was done, or when it cannot be now; a
   * later call tries again.
   *
   * The view is read without a barrier: a keyring is written once, so that an old view can only
   * make a leader propose one in vain.
   */
  async poll(): Promise<void> {
    if (this.#isClosed || this.#keyring !== undefined) return;
    if (this.#parts.unsealKey === undefined) return;
    const record = this.#parts.group.view.keyring();
    if (record !== undefined) {
      this.#open(record, this.#parts.unsealKey);
      return;
    }
    if (this.#parts.group.leadership().kind !== "leader") return;
    this.#initializing ??= this.#initialize(this.#parts.unsealKey).finally(() => {
      this.#initializing = undefined;
    });
    await this.#initializing;
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#keyring?.[Symbol.dispose]();
    this.#keyring = undefined;
    this.#status = locked("it is shutting down");
  }

  async #initialize(unsealKey: SecretKey): Promise<void> {
    const { group, home, clock, entropy } = this.#parts;
    const keyring = createKeyring({ ...home, unsealKey, now: clock.now(), entropy });
    try {
      const outcome = await group.propose(
        { kind: "initialize_keys", keyring },
        { deadlineMs: clock.monotonicMs() + proposalMs },
      );
      // The first keyring wins, and is not always the one that was proposed.
      if (outcome.ok) this.#open(outcome.reply.keyring, unsealKey);
    } catch (error) {
      // Leadership was lost or unsettled: whoever leads next does it, and `poll` sees it then.
      if (!(error instanceof RefusedError)) throw error;
    }
  }

  #open(record: KeyringRecord, unsealKey: SecretKey): void {
    const isDone = this.#isClosed || this.#keyring !== undefined;
    if (isDone || this.#examined === record.sealId) return;
    this.#examined = record.sealId;
    const { home, entropy } = this.#parts;
    try {
      // What was sealed before a disaster is bound to the cluster of that time, and stays so.
      const sealedHome = { ...home, clusterId: record.sealedIn ?? home.clusterId };
      this.#keyring = openKeyring({ ...sealedHome, unsealKey, record, entropy });
      this.#status = { kind: "open" };
    } catch (error) {
      if (!(error instanceof KeyringError)) throw error;
      this.#status = locked(lockedBecause[error.failure]);
    }
  }
}

function locked(reason: string): KeyStatus {
  return { kind: "locked", reason };
}
