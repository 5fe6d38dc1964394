// Who is at the other end of a connection between nodes. The certificate names one node of one
// cluster in one URI; the host name of the connection means nothing, and Node's own check of it is
// not relied on.
import {
  credentials,
  ServerCredentials,
  type ChannelCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
} from "@grpc/grpc-js";
import { createSecureContext, type PeerCertificate } from "node:tls";
import { nodeId, type NodeId } from "../base/ids.ts";
import type { NodeIdentity } from "../storage/recovery.ts";

/** PEM texts. The CA signs nodes of this cluster and nothing else. */
export interface PeerCertificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** The one URI that the certificate of a node carries as its subject alternative name. */
export function nodeUri({ clusterId, region }: NodeIdentity, node: NodeId): string {
  return `spiffe://holdfast/cluster/${clusterId}/region/${region}/node/${node}`;
}

/** Which node of this cluster the certificate belongs to; nothing, if to none. */
function nodeOfCertificate(
  identity: NodeIdentity,
  subjectAltName: string | undefined,
): NodeId | undefined {
  // Exactly one name, so that no second one can say something else.
  const prefix = `URI:${nodeUri(identity, "" as NodeId)}`;
  if (subjectAltName?.startsWith(prefix) !== true) return undefined;
  const name = subjectAltName.slice(prefix.length);
  return /^[A-Za-z0-9._-]+$/.test(name) ? nodeId(name) : undefined;
}

export function serverCredentials({ ca, cert, key }: PeerCertificates): ServerCredentials {
  return ServerCredentials.createSsl(
    Buffer.from(ca),
    [{ cert_chain: Buffer.from(cert), private_key: Buffer.from(key) }],
    true,
  );
}

/** Credentials that open a connection to one node and to nobody else. */
export function clientCredentials(
  certificates: PeerCertificates,
  identity: NodeIdentity,
  expected: NodeId,
): ChannelCredentials {
  return credentialsFor(certificates, identity, (found) =>
    found === expected
      ? undefined
      : `Cannot trust this peer: its certificate is not that of node "${expected}"`,
  );
}

/** Credentials that open a connection to any node of this cluster and to nobody else. */
export function anyNodeCredentials(
  certificates: PeerCertificates,
  identity: NodeIdentity,
): ChannelCredentials {
  return credentialsFor(certificates, identity, (found) =>
    found === undefined
      ? "Cannot trust this peer: its certificate is not that of a node of this cluster"
      : undefined,
  );
}

function credentialsFor(
  { ca, cert, key }: PeerCertificates,
  identity: NodeIdentity,
  objectionTo: (found: NodeId | undefined) => string | undefined,
): ChannelCredentials {
  const context = createSecureContext({ ca, cert, key, minVersion: "TLSv1.3" });
  return credentials.createFromSecureContext(context, {
    checkServerIdentity: (_host: string, certificate: PeerCertificate) => {
      const objection = objectionTo(nodeOfCertificate(identity, certificate.subjectaltname));
      return objection === undefined ? undefined : new Error(objection);
    },
  });
}

/** The node that makes this call, by its certificate; nothing, if it is none of this cluster. */
export function callerOf(
  identity: NodeIdentity,
  call: ServerDuplexStream<unknown, unknown> | ServerUnaryCall<unknown, unknown>,
): NodeId | undefined {
  const certificate = call.getAuthContext().sslPeerCertificate;
  return nodeOfCertificate(identity, certificate?.subjectaltname);
}
