// Calls to one node, each made once and on no other: what it comes to is what that node said.
import { Metadata, status, type ServiceError } from "@grpc/grpc-js";
import { systemClock } from "../../src/base/clock.ts";
import { fromWire, toWire, type Message } from "../../src/base/message-shape.ts";
import { publicService } from "../../src/base/public-services.ts";
import { NodeConnection } from "../../src/client/node-connection.ts";
import { messageShapes, type StatusResponse } from "../../src/generated/public-contract.ts";
import type { NemesisNode } from "./nemesis-node.ts";

export interface Access {
  readonly token: string;
  /** PEM. */
  readonly ca: string;
}

export interface NodeStatus {
  readonly nodeId: string;
  readonly role: string;
  readonly term: number;
  readonly leader: string | undefined;
  readonly locked: boolean;
  readonly applied: number;
  readonly digest: string;
  /** Ids of the members that count, as far as this node has applied. */
  readonly voters: readonly string[];
}

export type Reached =
  | { readonly kind: "reply"; readonly reply: Message; readonly index: number | undefined }
  | { readonly kind: "refused"; readonly code: string }
  | { readonly kind: "unknown"; readonly reason: string };

/** A node on this machine that takes no connection in this time is not there. */
const connectMs = 400;

export class NodeCaller implements Disposable {
  readonly #node: NemesisNode;
  readonly #access: Access;
  readonly #metadata = new Metadata();
  #connection: { readonly life: number; readonly made: NodeConnection } | undefined;

  constructor(node: NemesisNode, access: Access) {
    this.#node = node;
    this.#access = access;
    this.#metadata.set("authorization", `Bearer ${access.token}`);
  }

  get nodeId(): string {
    return this.#node.id;
  }

  /** An operation of the Secrets Manager. */
  async call(method: string, request: object, timeoutMs: number): Promise<Reached> {
    return this.#call("SecretsManager", { method, request, timeoutMs });
  }

  async status(timeoutMs = 700): Promise<NodeStatus | undefined> {
    const reached = await this.#call("Cluster", { method: "Status", request: {}, timeoutMs });
    if (reached.kind !== "reply") return undefined;
    const said = reached.reply as unknown as StatusResponse;
    return {
      nodeId: said.nodeId ?? "",
      role: said.role ?? "",
      term: said.term ?? 0,
      leader: said.leader,
      locked: said.locked ?? true,
      applied: said.appliedIndex ?? 0,
      digest: said.stateDigest ?? "",
      voters: said.members.flatMap(({ nodeId, standing }) =>
        standing === "voter" && nodeId !== undefined ? [nodeId] : [],
      ),
    };
  }

  [Symbol.dispose](): void {
    this.#forget();
  }

  #forget(): void {
    this.#connection?.made.close();
    this.#connection = undefined;
  }

  async #call(
    service: "Cluster" | "SecretsManager",
    { method, request, timeoutMs }: { method: string; request: object; timeoutMs: number },
  ): Promise<Reached> {
    const end = performance.now() + timeoutMs;
    const connection = this.#currentConnection();
    if (!(await connection.isReady(Math.min(timeoutMs, connectMs)))) {
      // grpc-js would wait longer and longer before it tries again; a new connection does not.
      if (this.#connection?.made === connection) this.#forget();
      return { kind: "refused", code: "unreachable" };
    }
    const result = await connection.call({
      service: publicService(service),
      method,
      request: toWire(messageShapes, `${method}Request`, request),
      metadata: this.#metadata,
      timeoutMs: Math.max(end - performance.now(), 1),
    });
    if (!result.ok) return failureOf(result.error);
    const reply = fromWire(messageShapes, `${method}Response`, result.reply);
    return { kind: "reply", reply, index: result.index };
  }

  /** A process that was started anew is not made to wait until grpc-js tries it again. */
  #currentConnection(): NodeConnection {
    const { life, parts } = this.#node;
    const known = this.#connection;
    if (known?.life === life) return known.made;
    this.#forget();
    const made = new NodeConnection(parts.grpc, this.#access, systemClock);
    this.#connection = { life, made };
    return made;
  }
}

function failureOf(error: ServiceError): Reached {
  // An error that grpc-js makes up itself may come without metadata, whatever its type says.
  const metadata = error.metadata as ServiceError["metadata"] | undefined;
  const code = metadata?.get("holdfast-refusal")[0];
  if (code === "outcome_unknown" || code === undefined) {
    return { kind: "unknown", reason: `${status[error.code]} ${error.details}` };
  }
  return { kind: "refused", code: String(code) };
}
