// Watch on gRPC. One change goes to everybody who watches: it is put in bytes once.
import type { ServiceDefinition, UntypedServiceImplementation } from "@grpc/grpc-js";
import { toWire } from "../../base/message-shape.ts";
import {
  messageShapes,
  type WatchRequest,
  type WatchResponse,
} from "../../generated/public-contract.ts";
import type { Caller } from "../../services/caller.ts";
import { serverStream } from "./server-stream.ts";
import type { UnaryParts } from "./unary.ts";

export type WatchSecrets = (caller: Caller, request: WatchRequest) => AsyncIterable<WatchResponse>;

export function watchHandlers(
  watch: WatchSecrets,
  parts: UnaryParts,
): UntypedServiceImplementation {
  const converted = once((message) => toWire(messageShapes, "WatchResponse", message));
  return {
    Watch: serverStream(
      {
        request: "WatchRequest",
        reply: "WatchResponse",
        // The shape of the message made it a request of this method.
        answer: (caller, request) => watch(caller, request),
        encode: (_reply, message) => converted(message),
      },
      parts,
    ),
  };
}

/** The same service, whose answers are serialized once, however often the same one is sent. */
export function serializedOnce(service: ServiceDefinition): ServiceDefinition {
  const methods = Object.entries(service).map(([name, method]) => {
    const serialize = once((message) => method.responseSerialize(message));
    return [name, { ...method, responseSerialize: serialize }] as const;
  });
  return Object.fromEntries(methods);
}

function once<Made>(make: (message: object) => Made): (message: object) => Made {
  const made = new WeakMap<object, { readonly it: Made }>();
  return (message) => {
    const known = made.get(message) ?? { it: make(message) };
    made.set(message, known);
    return known.it;
  };
}
