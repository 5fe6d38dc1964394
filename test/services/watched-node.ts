// A node that is watched: real changes by a real dispatcher, a clock and timers that a test moves.
import assert from "node:assert/strict";
import type { Principal } from "../../src/access/principal.ts";
import type { RefusedError } from "../../src/base/errors.ts";
import type {
  WatchEvent,
  WatchHeartbeat,
  WatchRequest,
  WatchResponse,
} from "../../src/generated/public-contract.ts";
import { refuse } from "../../src/base/outcome.ts";
import type { Authorize } from "../../src/services/authorization.ts";
import {
  usualWatchLimits,
  WatchService,
  type WatchLimits,
  type WatchParts,
} from "../../src/services/watch-secrets.ts";
import { administrator, callerOf, home, serviceNode, type ServiceNode } from "./service-node.ts";

export const heartbeatMs = 5_000;

export interface WatchChoices {
  readonly limits?: Partial<WatchLimits>;
  readonly group?: (group: WatchParts["group"]) => WatchParts["group"];
  readonly authorize?: Authorize;
}

export class WatchedNode {
  readonly node: ServiceNode;
  readonly service: WatchService;
  readonly broken: unknown[] = [];
  #timers: (() => void)[] = [];

  private constructor(node: ServiceNode, choices: WatchChoices) {
    this.node = node;
    this.service = new WatchService({
      group: choices.group?.(node.group) ?? node.group,
      home,
      authorize: choices.authorize ?? node.parts.authorize,
      clock: node.clock,
      limits: { ...usualWatchLimits, heartbeatMs, ...choices.limits },
      later: (_ms, callback) => {
        this.#timers.push(callback);
        return () => {
          this.#timers = this.#timers.filter((other) => other !== callback);
        };
      },
      onBroken: (error) => this.broken.push(error),
    });
  }

  static async start(choices: WatchChoices = {}): Promise<WatchedNode> {
    return new WatchedNode(await serviceNode(), choices);
  }

  get timers(): number {
    return this.#timers.length;
  }

  /** Time passes: what waits for it is called back. */
  pass(ms = heartbeatMs): void {
    this.node.clock.advance(ms);
    for (const callback of this.#timers.splice(0)) callback();
  }

  watch(
    request: WatchRequest = {},
    { principal = administrator, signal }: { principal?: Principal; signal?: AbortSignal } = {},
  ): Watching {
    const caller = { ...callerOf(this.node.clock, principal), ...(signal && { signal }) };
    return new Watching(this, this.service.watch(caller, request));
  }

  /** A secret with one version, made with token `number`. */
  async create(
    name: string,
    number: number,
    tags?: readonly { readonly key: string; readonly value: string }[],
  ) {
    const clientRequestToken = `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
    await this.node.call("CreateSecret", { name, clientRequestToken, secretString: "v", tags });
  }
}

/** One stream, as its caller reads it. */
export class Watching {
  readonly stream: AsyncGenerator<WatchResponse>;
  readonly #node: WatchedNode;

  constructor(node: WatchedNode, stream: AsyncGenerator<WatchResponse>) {
    this.#node = node;
    this.stream = stream;
  }

  async next(): Promise<WatchResponse> {
    const { done, value } = (await this.stream.next()) as IteratorResult<WatchResponse, undefined>;
    assert.ok(done !== true, "the stream goes on");
    return value;
  }

  async beat(): Promise<WatchHeartbeat> {
    const { heartbeat } = await this.next();
    assert.ok(heartbeat !== undefined, "a heartbeat came");
    return heartbeat;
  }

  async events(count: number): Promise<readonly WatchEvent[]> {
    const found: WatchEvent[] = [];
    while (found.length < count) {
      const { event } = await this.next();
      if (event !== undefined) found.push(event);
    }
    return found;
  }

  /** Everything up to the heartbeat that comes when time passes: all that has happened so far. */
  async untilBeat(): Promise<{
    readonly events: readonly WatchEvent[];
    readonly heartbeat: WatchHeartbeat;
  }> {
    const events: WatchEvent[] = [];
    let hasPassed = false;
    for (;;) {
      const next = this.next();
      const isIdle = (await Promise.race([next, turns()])) === undefined;
      if (isIdle && !hasPassed) {
        this.#node.pass();
        hasPassed = true;
      }
      const { event, heartbeat } = await next;
      if (event !== undefined) events.push(event);
      if (heartbeat !== undefined && hasPassed) return { events, heartbeat };
    }
  }

  async end(): Promise<void> {
    await this.stream.return(undefined);
  }
}

/** Lets what is under way in this process come to rest. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
}

export function deny(
  principal: Principal,
  action: string,
  named?: string,
): RefusedError["refusal"] {
  return refuse("access_denied", { principal: principal.arn, action, resource: named }).refusal;
}
