// Certificates for connections between nodes, right ones and wrong ones, made for one test run.
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

export interface PeerCertificate {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface PeerAuthority {
  /** A certificate signed by this authority, with exactly these URIs as its names. */
  issue(uris: readonly string[], commonName?: string): Promise<PeerCertificate>;
}

const signing = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const life = {
  notBefore: new Date("2020-01-01T00:00:00Z"),
  notAfter: new Date("2050-01-01T00:00:00Z"),
};

export async function peerAuthority(): Promise<PeerAuthority> {
  const keys = await webcrypto.subtle.generateKey(signing, true, ["sign", "verify"]);
  const authority = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: "CN=peers",
      keys,
      signingAlgorithm: signing,
      ...life,
      extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
    },
    webcrypto,
  );
  return {
    issue: async (uris, commonName = "node") => {
      const own = await webcrypto.subtle.generateKey(signing, true, ["sign", "verify"]);
      const names = uris.map((value) => ({ type: "url" as const, value }));
      const certificate = await x509.X509CertificateGenerator.create(
        {
          subject: `CN=${commonName}`,
          issuer: authority.subject,
          publicKey: own.publicKey,
          signingKey: keys.privateKey,
          signingAlgorithm: signing,
          ...life,
          extensions: [
            new x509.BasicConstraintsExtension(false, undefined, true),
            ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
          ],
        },
        webcrypto,
      );
      const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", own.privateKey);
      return {
        ca: authority.toString("pem"),
        cert: certificate.toString("pem"),
        key: x509.PemConverter.encode(pkcs8, "PRIVATE KEY"),
      };
    },
  };
}
