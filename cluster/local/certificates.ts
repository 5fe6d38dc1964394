// The certificates of a local fleet: one authority that clients trust, and one that only the nodes
// of a cluster trust (security.md 5.2). ECDSA P-256 throughout.
import "reflect-metadata";
import { randomBytes, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

/** A certificate and its private key, as PEM text. */
export interface PemPair {
  readonly cert: string;
  readonly key: string;
}

export interface Authority {
  readonly certificate: x509.X509Certificate;
  readonly privateKey: webcrypto.CryptoKey;
}

/** Whose SPIFFE id a peer certificate carries. */
export interface PeerIdentity {
  readonly clusterId: string;
  readonly region: string;
  readonly nodeId: string;
}

const signing = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const { subtle } = webcrypto;

const dayMs = 86_400_000;
const authorityLifeMs = 3_650 * dayMs;
/** Leaves are renewed at every start of the fleet. */
const leafLifeMs = 30 * dayMs;
/** Clocks of one machine agree; those of its containers and virtual machines almost do. */
const leewayMs = 5 * 60_000;

x509.cryptoProvider.set(webcrypto);

export async function createAuthority(commonName: string): Promise<PemPair> {
  const keys = await subtle.generateKey(signing, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${commonName}`,
    keys,
    signingAlgorithm: signing,
    serialNumber: freshSerial(),
    ...validity(authorityLifeMs),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: pemText(certificate), key: await privateKeyPem(keys.privateKey) };
}

export async function openAuthority({ cert, key }: PemPair): Promise<Authority> {
  const [keyBytes] = x509.PemConverter.decode(key);
  if (keyBytes === undefined) throw new Error("The authority's key file holds no key.");
  const privateKey = await subtle.importKey("pkcs8", keyBytes, signing, false, ["sign"]);
  return { certificate: new x509.X509Certificate(cert), privateKey };
}

/** For the servers that clients call: named 127.0.0.1 and localhost. */
export async function issueServerLeaf(authority: Authority, nodeId: string): Promise<PemPair> {
  return issueLeaf(authority, nodeId, [
    new x509.SubjectAlternativeNameExtension([
      { type: "ip", value: "127.0.0.1" },
      { type: "dns", value: "localhost" },
    ]),
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
  ]);
}

/** For both ends of a connection between nodes: exactly one URI, and no name of a host. */
export async function issuePeerLeaf(authority: Authority, peer: PeerIdentity): Promise<PemPair> {
  return issueLeaf(authority, peer.nodeId, [
    new x509.SubjectAlternativeNameExtension([{ type: "url", value: spiffeId(peer) }]),
    new x509.ExtendedKeyUsageExtension([
      x509.ExtendedKeyUsage.serverAuth,
      x509.ExtendedKeyUsage.clientAuth,
    ]),
  ]);
}

function spiffeId({ clusterId, region, nodeId }: PeerIdentity): string {
  return `spiffe://holdfast/cluster/${clusterId}/region/${region}/node/${nodeId}`;
}

async function issueLeaf(
  { certificate, privateKey }: Authority,
  commonName: string,
  purpose: readonly x509.Extension[],
): Promise<PemPair> {
  const keys = await subtle.generateKey(signing, true, ["sign", "verify"]);
  const leaf = await x509.X509CertificateGenerator.create({
    subject: `CN=${commonName}`,
    issuer: certificate.subject,
    publicKey: keys.publicKey,
    signingKey: privateKey,
    signingAlgorithm: signing,
    serialNumber: freshSerial(),
    ...validity(leafLifeMs),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      ...purpose,
      await x509.AuthorityKeyIdentifierExtension.create(certificate.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: pemText(leaf), key: await privateKeyPem(keys.privateKey) };
}

function validity(lifeMs: number): { readonly notBefore: Date; readonly notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - leewayMs), notAfter: new Date(now + lifeMs) };
}

/** 127 random bits: positive, and never with a leading zero byte (RFC 5280 4.1.2.2). */
function freshSerial(): string {
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  return serial.toString("hex");
}

function pemText(certificate: x509.X509Certificate): string {
  return `${certificate.toString("pem")}\n`;
}

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await subtle.exportKey("pkcs8", key), "PRIVATE KEY")}\n`;
}
