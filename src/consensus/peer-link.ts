// The way to one peer: a connection of its own, one stream for Raft messages, made again whenever
// it breaks. Messages are dropped rather than kept when it is down or full: Raft sends anew, and
// what it would send by then is better.
import {
  connectivityState,
  Metadata,
  makeGenericClientConstructor,
  type CallOptions,
  type ChannelCredentials,
  type ChannelOptions,
  type ClientDuplexStream,
  type requestCallback,
  type ServiceError,
} from "@grpc/grpc-js";
import type { NodeId, Term } from "../base/ids.ts";
import type { MemberAddresses } from "../machine/member-record.ts";
import type { Fields } from "../storage/internal-codec.ts";
import { addressesTo } from "../storage/member-fields.ts";
import type { NodeIdentity } from "../storage/recovery.ts";
import type { SnapshotMeta } from "../storage/snapshot-meta.ts";
import {
  peerMessageBytesMax,
  peerProtocol,
  peerService,
  type HandOverReply,
  type HandOverRequest,
  type JoinReply,
  type JoinRequest,
  type PeerClient,
  type PeerFrame,
  type PeerReply,
  type SnapshotFrame,
  type SnapshotReply,
} from "./peer-service.ts";
import { encodeOffer } from "./snapshot-codec.ts";

const queueBytesMax = 16 * 1024 * 1024;
/** A peer that takes the connection and does not greet is as good as none. */
const greetingMs = 2_000;
/** As long as this for a connection that hangs again and again: each leaves a socket behind. */
const connectingMsMax = 16_000;
const reconnectMs = 100;

const channelOptions: ChannelOptions = {
  // Far shorter than an election: grpc-js waits up to two minutes by itself.
  "grpc.initial_reconnect_backoff_ms": 50,
  "grpc.max_reconnect_backoff_ms": 250,
  "grpc.keepalive_time_ms": 1_000,
  "grpc.keepalive_timeout_ms": 1_000,
  "grpc.keepalive_permit_without_calls": 1,
  "grpc.use_local_subchannel_pool": 1,
  "grpc.enable_retries": 0,
  "grpc.enable_http_proxy": 0,
  // TLS allows no address as a server's name, and no name means anything here.
  "grpc.ssl_target_name_override": "holdfast-peer",
  "grpc.service_config_disable_resolution": 1,
  "grpc.max_receive_message_length": peerMessageBytesMax,
  "grpc.max_send_message_length": peerMessageBytesMax,
};

export interface PeerLinkParts {
  readonly identity: NodeIdentity;
  readonly peer: NodeId;
  /** `host:port`. */
  readonly address: string;
  readonly credentials: ChannelCredentials;
  /** Fresh for every start of this process. */
  readonly incarnation: string;
  /** Where this node is reached, for the peer to know. */
  readonly ownAddresses?: MemberAddresses | undefined;
  /** What this node's release knows; absent where nobody asks. */
  readonly featureLevel?: number;
  /** What was on the way may be lost. */
  readonly onBroken: (peer: NodeId) => void;
  /** Nobody listens there: the peer's process has ended, or is not up yet. */
  readonly onRefused?: (peer: NodeId) => void;
  /** The peer says that this node was removed from the region. */
  readonly onRemoved?: () => void;
}

const PeerClientConstructor = makeGenericClientConstructor(peerService, "Peer");

/** A connection to the Peer service of one node. */
export function peerClient(address: string, credentials: ChannelCredentials): PeerClient {
  const client = new PeerClientConstructor(address, credentials, channelOptions);
  return client as unknown as PeerClient;
}

/** The answer of one call. Rejects with its `ServiceError`. */
export function answerOf<Reply>(
  deadlineMs: number,
  call: (options: CallOptions, answer: requestCallback<Reply>) => void,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const answer = (error: ServiceError | null, reply?: Reply): void => {
      if (error === null && reply !== undefined) resolve(reply);
      else reject(error ?? new Error("Cannot read the leader's answer: it is empty"));
    };
    call({ deadline: Date.now() + deadlineMs }, answer);
  });
}

export class PeerLink {
  readonly #parts: PeerLinkParts;
  #client: PeerClient;
  readonly #hello: Fields<"Hello">;
  #stream: ClientDuplexStream<PeerFrame, PeerReply> | undefined;
  #isGreeted = false;
  #isClosed = false;
  #queuedBytes = 0;
  #retry: NodeJS.Timeout | undefined;
  #tooLate: NodeJS.Timeout | undefined;
  #patienceMs = greetingMs;

  constructor(parts: PeerLinkParts) {
    this.#parts = parts;
    this.#hello = {
      clusterId: parts.identity.clusterId,
      from: parts.identity.nodeId,
      to: parts.peer,
      protocol: peerProtocol,
      incarnation: parts.incarnation,
      addresses: parts.ownAddresses && addressesTo(parts.ownAddresses),
      featureLevel: parts.featureLevel,
    };
    this.#client = this.#connection();
    this.#connect();
  }

  get isUp(): boolean {
    return this.#isGreeted;
  }

  /** Sends if the way is open and not full. `sizeBytes` is what the frame about weighs. */
  send(frame: PeerFrame, sizeBytes: number): void {
    const stream = this.#stream;
    if (stream === undefined || !this.#isGreeted) return;
    if (this.#queuedBytes + sizeBytes > queueBytesMax) {
      this.#break(stream);
      return;
    }
    this.#queuedBytes += sizeBytes;
    stream.write(frame, () => {
      if (this.#stream === stream) this.#queuedBytes -= sizeBytes;
    });
  }

  /** One request for the leader. Rejects with the `ServiceError` of the call. */
  handOver(request: HandOverRequest, deadlineMs: number): Promise<HandOverReply> {
    return answerOf(deadlineMs, (options, answer) => {
      this.#client.HandOver(request, new Metadata(), options, answer);
    });
  }

  /** A newcomer's request, handed on. Rejects with the `ServiceError` of the call. */
  join(request: JoinRequest, deadlineMs: number): Promise<JoinReply> {
    return answerOf(deadlineMs, (options, answer) => {
      this.#client.Join(request, new Metadata(), options, answer);
    });
  }

  /** A stream for one snapshot, on a connection of its own that ends with it. */
  openSnapshot(term: Term, meta: SnapshotMeta): ClientDuplexStream<SnapshotFrame, SnapshotReply> {
    const client = this.#connection();
    const stream = client.SendSnapshot(new Metadata());
    stream.on("close", () => {
      client.close();
    });
    stream.write({ offer: encodeOffer(this.#hello, term, meta) });
    return stream;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    if (this.#stream !== undefined) this.#break(this.#stream);
    this.#client.close();
  }

  #connection(): PeerClient {
    const { address, credentials } = this.#parts;
    return peerClient(address, credentials);
  }

  #connect(): void {
    const stream = this.#client.Exchange(new Metadata());
    this.#stream = stream;
    this.#queuedBytes = 0;
    this.#tooLate = setTimeout(() => {
      this.#replaceHangingConnection();
      this.#break(stream);
    }, this.#patienceMs);
    stream.on("data", ({ hello: greeting, removed }: PeerReply) => {
      if (this.#stream !== stream) return;
      if (removed) {
        this.#parts.onRemoved?.();
        this.#break(stream);
        return;
      }
      if (greeting?.protocol !== peerProtocol) {
        this.#break(stream);
        return;
      }
      clearTimeout(this.#tooLate);
      this.#patienceMs = greetingMs;
      this.#isGreeted = true;
    });
    // A cancelled or broken stream reports itself as an error: the link only has to make a new one.
    stream.on("error", (error) => {
      if (this.#stream === stream && isRefusal(error)) this.#parts.onRefused?.(this.#parts.peer);
      this.#break(stream);
    });
    stream.on("end", () => {
      this.#break(stream);
    });
    stream.write({ hello: this.#hello });
  }

  /**
   * grpc-js gives a connection no deadline to come about: one that is taken and never answered, or
   * whose packets were lost with the peer's machine, would be waited for until TCP gives up.
   */
  #replaceHangingConnection(): void {
    const state = this.#client.getChannel().getConnectivityState(false);
    if (state !== connectivityState.CONNECTING) return;
    this.#client.close();
    this.#client = this.#connection();
    this.#patienceMs = Math.min(2 * this.#patienceMs, connectingMsMax);
  }

  #break(stream: ClientDuplexStream<PeerFrame, PeerReply>): void {
    if (this.#stream !== stream) return;
    this.#stream = undefined;
    this.#isGreeted = false;
    clearTimeout(this.#tooLate);
    stream.cancel();
    if (this.#isClosed) return;
    this.#parts.onBroken(this.#parts.peer);
    this.#retry = setTimeout(() => {
      this.#connect();
    }, reconnectMs);
  }
}

/** grpc-js tells the reason for a connection that did not come about in its sentence alone. */
function isRefusal(error: Error): boolean {
  return error.message.includes("ECONNREFUSED");
}
