// Three real nodes in this process, with disks, TLS and real time, whose leader is killed when the
// sequence says so: in the middle of the call that comes next. Every call goes to the next node.
import { systemClock } from "../../src/base/clock.ts";
import { systemEntropy } from "../../src/base/entropy.ts";
import { nodeId, type NodeId } from "../../src/base/ids.ts";
import type { RaftNode } from "../../src/consensus/raft-node.ts";
import { SecretKey } from "../../src/crypto/secret-key.ts";
import { AccessNotes } from "../../src/services/access-notes.ts";
import { authorize } from "../../src/services/authorization.ts";
import type { Caller } from "../../src/services/caller.ts";
import { Dispatcher } from "../../src/services/dispatcher.ts";
import { KeyService } from "../../src/services/key-service.ts";
import { secretHandlers } from "../../src/services/secret-service.ts";
import type { AwsAnswer } from "../conformance/aws-answer.ts";
import { cluster, region as regionName, RunningRegion, soon } from "../consensus/running-region.ts";
import { administrator } from "../services/service-node.ts";
import { smallLimits } from "./node-in-process.ts";
import { callDispatcher, type ServiceUnderTest, type Unknown } from "./service-under-test.ts";

const names = ["n1", "n2", "n3"].map(nodeId);

export async function threeNodes(): Promise<ServiceUnderTest> {
  const nodes = new ThreeNodes(await RunningRegion.start(names));
  await nodes.open();
  return nodes;
}

interface Served {
  readonly keys: KeyService;
  readonly dispatcher: Dispatcher;
}

class ThreeNodes implements ServiceUnderTest {
  readonly limits = smallLimits;
  readonly time = "real";

  readonly #region: RunningRegion;
  readonly #served = new Map<NodeId, Served>();
  #calls = 0;
  #killsNext = false;
  /** Settled when nobody is being killed. */
  #killing: Promise<void> = Promise.resolve();

  constructor(region: RunningRegion) {
    this.#region = region;
    region.onHandedOver = (at, request) => this.#at(at).dispatcher.serveHandedOver(request);
  }

  now(): number {
    return systemClock.now();
  }

  async open(): Promise<void> {
    for (const [id, node] of this.#region.running) this.#serve(id, node);
    await this.#untilOpen();
  }

  happen(): Promise<void> {
    this.#killsNext = true;
    return Promise.resolve();
  }

  async call(operation: string, request: object): Promise<AwsAnswer | Unknown> {
    this.#calls += 1;
    const at = names[this.#calls % names.length] ?? nodeId("n1");
    if (!this.#killsNext) return this.#ask(at, [operation, request]);

    this.#killsNext = false;
    const { id: leader } = await this.#region.leader();
    const asked = this.#ask(at, [operation, request]);
    this.#killing = this.#kill(leader);
    await this.#killing;
    return asked;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { keys } of this.#served.values()) keys[Symbol.dispose]();
    await this.#region[Symbol.asyncDispose]();
  }

  /** Asks again for as long as nothing was done. */
  async #ask(at: NodeId, call: readonly [string, object]): Promise<AwsAnswer | Unknown> {
    for (;;) {
      const served = this.#served.get(at);
      if (served === undefined) {
        await this.#killing;
        continue;
      }
      const caller: Caller = { principal: administrator, requestId: "request", ...soon(20_000) };
      let answer: AwsAnswer;
      try {
        answer = await callDispatcher(served.dispatcher, caller, call);
      } catch (error) {
        // Of a node that was closed in the middle of a call, nothing is known; of others, all is.
        if (this.#served.get(at) === served) throw error;
        return { kind: "unknown" };
      }
      if (answer.kind === "reply") return answer;
      if (answer.message.startsWith("The outcome is not known")) return { kind: "unknown" };
      if (answer.exception !== "ServiceUnavailableException") return answer;
      await this.#killing;
      await this.#untilOpen();
      // What others do in this process has its turn.
      await new Promise(setImmediate);
    }
  }

  /** Its process ends, as far as the others can tell; and begins anew when they have a leader. */
  async #kill(leader: NodeId): Promise<void> {
    const served = this.#at(leader);
    this.#served.delete(leader);
    await this.#region.stopNode(leader);
    served.keys[Symbol.dispose]();
    await this.#region.leader();
    this.#serve(leader, await this.#region.startNode(leader));
    await this.#untilOpen();
  }

  #serve(id: NodeId, node: RaftNode): void {
    const keys = new KeyService({
      group: node,
      home: { clusterId: cluster, region: regionName },
      unsealKey: SecretKey.take(new Uint8Array(32).fill(9)),
      clock: systemClock,
      entropy: systemEntropy,
    });
    const parts = {
      group: node,
      membership: node.membership,
      keys,
      accessNotes: new AccessNotes(systemClock),
      clock: systemClock,
      entropy: systemEntropy,
      identity: { region: regionName, account: "000000000000" },
      authorize,
      limits: { secret: smallLimits, secretsPerRegion: 1_000 },
    };
    this.#served.set(id, { keys, dispatcher: new Dispatcher(parts, secretHandlers) });
  }

  /** Every node that runs has the region's keys, and all follow one leader. */
  async #untilOpen(): Promise<void> {
    const { id: leader } = await this.#region.leader();
    await this.#served.get(leader)?.keys.poll();
    for (const [id, node] of this.#region.running) {
      await this.#region.until(() => node.view.keyring());
      await this.#served.get(id)?.keys.poll();
    }
  }

  #at(id: NodeId): Served {
    const served = this.#served.get(id);
    if (served === undefined) throw new Error(`${id} does not run`);
    return served;
  }
}
