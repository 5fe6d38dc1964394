// Writers that never stop for a failure: each write is made again, with its token, until it is
// acknowledged, and everything acknowledged is kept to be compared with what the region has later.
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { status, type ServiceError } from "@grpc/grpc-js";
import type { PlainClient } from "./plain-client.ts";
import { until } from "./test-region.ts";

export interface AcknowledgedVersion {
  readonly secretId: string;
  readonly versionId: string;
  readonly value: string;
  /** Of the monotonic clock of this process, in milliseconds. */
  readonly at: number;
}

/** A write that is not acknowledged in this time will not be. */
const giveUpMs = 20_000;
/** Long enough for a healthy node, short enough to try another within the bound. */
const attemptMs = 1_500;
const betweenAttemptsMs = 40;
const betweenWritesMs = 40;

/** What says that the call may be made again with the same token. */
const tryAgain: ReadonlySet<status> = new Set([
  status.UNAVAILABLE,
  status.DEADLINE_EXCEEDED,
  status.UNKNOWN,
  status.CANCELLED,
]);

export class WriteLoad {
  readonly acknowledged: AcknowledgedVersion[] = [];
  /** How often an attempt failed although its write came through in the end. */
  retries = 0;
  readonly #clients: readonly PlainClient[];
  readonly #writers: readonly Promise<void>[];
  readonly #name: string;
  #isStopping = false;

  /** Writers begin at once; the clients are those of the nodes, and every writer uses all. */
  constructor(clients: readonly PlainClient[], writers = 4) {
    this.#clients = clients;
    this.#name = randomUUID().slice(0, 8);
    this.#writers = Array.from({ length: writers }, (_, writer) => this.#write(writer));
    // Told by `stop`, which every test calls.
    for (const writer of this.#writers) writer.catch(() => undefined);
  }

  /** Waits for more acknowledgements than there are now. */
  async untilMore(count: number): Promise<void> {
    const goal = this.acknowledged.length + count;
    await until(`${count} more writes are acknowledged`, () => this.acknowledged.length >= goal);
  }

  /** Resolves when every write that was begun is acknowledged; rejects with what went wrong. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#writers);
  }

  /** For each secret the version that its one writer made last. */
  current(): readonly AcknowledgedVersion[] {
    return [...new Map(this.acknowledged.map((version) => [version.secretId, version])).values()];
  }

  /** The longest time without an acknowledgement after `start`; never shorter than the last one. */
  longestGapSince(start: number): number {
    const times = this.acknowledged.map(({ at }) => at).filter((at) => at >= start);
    const gaps = [...times, performance.now()].map((at, index) => at - (times[index - 1] ?? start));
    return Math.max(...gaps);
  }

  async #write(writer: number): Promise<void> {
    let secrets = 0;
    for (let count = 0; !this.#isStopping; count += 1) {
      const makesSecret = count % 8 === 0;
      const secret = makesSecret ? secrets : (count * 7919) % secrets;
      if (makesSecret) secrets += 1;
      const secretId = `load-${this.#name}/${writer}/${secret}`;
      const value = randomBytes(48).toString("base64url");
      const clientRequestToken = randomUUID();
      const write = { clientRequestToken, secretString: value };
      const reply = makesSecret
        ? await this.#untilAcknowledged("CreateSecret", { name: secretId, ...write })
        : await this.#untilAcknowledged("PutSecretValue", { secretId, ...write });
      assert.equal(reply["versionId"], clientRequestToken);
      const at = performance.now();
      this.acknowledged.push({ secretId, versionId: clientRequestToken, value, at });
      await pause(betweenWritesMs);
    }
  }

  async #untilAcknowledged(
    method: string,
    request: object,
  ): Promise<Readonly<Record<string, unknown>>> {
    const deadline = performance.now() + giveUpMs;
    for (let attempt = this.acknowledged.length; ; attempt += 1) {
      const client = this.#clients[attempt % this.#clients.length];
      assert.ok(client !== undefined);
      try {
        return await client.call(method, request, attemptMs);
      } catch (error) {
        const { code } = error as ServiceError;
        if (!tryAgain.has(code) || performance.now() > deadline) throw error;
        this.retries += 1;
        await pause(betweenAttemptsMs);
      }
    }
  }
}

/** Reads every version on one node. Gives a sentence for each that is not what was acknowledged. */
export async function differences(
  client: PlainClient,
  versions: readonly AcknowledgedVersion[],
  which: "by_id" | "current" = "by_id",
): Promise<readonly string[]> {
  const found: string[] = [];
  const waiting = versions.values();
  const reader = async (): Promise<void> => {
    for (const { secretId, versionId, value } of waiting) {
      const request = which === "by_id" ? { secretId, versionId } : { secretId };
      const what = `${client.endpoint}: ${secretId} ${versionId}`;
      try {
        const reply = await client.call("GetSecretValue", request);
        if (reply["versionId"] !== versionId) {
          found.push(`${what} is not current: ${String(reply["versionId"])} is`);
        } else if (reply["secretString"] !== value) found.push(`${what} has another value`);
      } catch (error) {
        found.push(`${what}: ${(error as Error).message}`);
      }
    }
  };
  await Promise.all(Array.from({ length: 16 }, reader));
  return found;
}
