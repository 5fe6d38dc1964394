// The Peer service of peer.proto as grpc-js wants it, over the static codecs.
import type {
  Channel,
  ClientDuplexStream,
  ClientUnaryCall,
  handleBidiStreamingCall,
  handleUnaryCall,
  MethodDefinition,
  requestCallback,
  UntypedServiceImplementation,
  CallOptions,
  Metadata,
} from "@grpc/grpc-js";
import { decodeAs, internal, MalformedBytesError, type Fields } from "../storage/internal-codec.ts";

/** Bumped when nodes of two releases could misunderstand each other. */
export const peerProtocol = 1;

/** What a message may weigh on this service: an append is bounded well below. */
export const peerMessageBytesMax = 4 * 1024 * 1024;

export type PeerFrame = Fields<"PeerFrame">;
export type PeerReply = Fields<"PeerReply">;
export type SnapshotFrame = Fields<"SnapshotFrame">;
export type SnapshotReply = Fields<"SnapshotReply">;
export type HandOverRequest = Fields<"HandOverRequest">;
export type HandOverReply = Fields<"HandOverReply">;
export type JoinRequest = Fields<"JoinRequest">;
export type JoinReply = Fields<"JoinReply">;

interface Codec<Message> {
  encode(message: Message): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Message;
}

const path = "/holdfast.internal.v1.Peer";

export const peerService = {
  Exchange: {
    ...method<PeerFrame, PeerReply>(
      "Exchange",
      { request: internal.PeerFrame, reply: internal.PeerReply },
      "stream",
    ),
    requestDeserialize: frameOrNothing,
  },
  SendSnapshot: method<SnapshotFrame, SnapshotReply>(
    "SendSnapshot",
    { request: internal.SnapshotFrame, reply: internal.SnapshotReply },
    "stream",
  ),
  HandOver: method<HandOverRequest, HandOverReply>(
    "HandOver",
    { request: internal.HandOverRequest, reply: internal.HandOverReply },
    "unary",
  ),
  Join: method<JoinRequest, JoinReply>(
    "Join",
    { request: internal.JoinRequest, reply: internal.JoinReply },
    "unary",
  ),
};

export interface PeerHandlers extends UntypedServiceImplementation {
  Exchange: handleBidiStreamingCall<PeerFrame, PeerReply>;
  SendSnapshot: handleBidiStreamingCall<SnapshotFrame, SnapshotReply>;
  HandOver: handleUnaryCall<HandOverRequest, HandOverReply>;
  Join: handleUnaryCall<JoinRequest, JoinReply>;
}

/** The client that `makeGenericClientConstructor` makes of `peerService`. */
export interface PeerClient {
  getChannel(): Pick<Channel, "getConnectivityState">;
  Exchange(metadata: Metadata): ClientDuplexStream<PeerFrame, PeerReply>;
  SendSnapshot(metadata: Metadata): ClientDuplexStream<SnapshotFrame, SnapshotReply>;
  HandOver(
    request: HandOverRequest,
    metadata: Metadata,
    options: CallOptions,
    callback: requestCallback<HandOverReply>,
  ): ClientUnaryCall;
  Join(
    request: JoinRequest,
    metadata: Metadata,
    options: CallOptions,
    callback: requestCallback<JoinReply>,
  ): ClientUnaryCall;
  close(): void;
}

function method<Request, Reply>(
  name: string,
  codecs: { readonly request: Codec<Request>; readonly reply: Codec<Reply> },
  shape: "stream" | "unary",
): MethodDefinition<Request, Reply> {
  return {
    path: `${path}/${name}`,
    requestStream: shape === "stream",
    responseStream: shape === "stream",
    requestSerialize: (request) => toBuffer(codecs.request.encode(request).finish()),
    requestDeserialize: (bytes) => decodeAs(codecs.request, bytes, `a request of ${name}`),
    responseSerialize: (reply) => toBuffer(codecs.reply.encode(reply).finish()),
    responseDeserialize: (bytes) => decodeAs(codecs.reply, bytes, `a reply of ${name}`),
  };
}

/**
 * Bytes that are no frame become one that holds nothing, which the listener turns away with its
 * reason: thrown here, they would end the call and nobody on this side would hear of it.
 */
function frameOrNothing(bytes: Uint8Array): PeerFrame {
  try {
    return decodeAs(internal.PeerFrame, bytes, "a frame");
  } catch (error) {
    if (error instanceof MalformedBytesError) return {};
    throw error;
  }
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
