// The Authorization header of Signature Version 4, by a strict grammar: one way to write it.
import { refuseCall, type RefusedError } from "../../base/errors.ts";

export interface Authorization {
  readonly accessKeyId: string;
  /** `yyyymmdd`. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
  /** Lower-case, in ascending order, each once. */
  readonly signedHeaders: readonly string[];
  /** 64 lower-case hexadecimal digits. */
  readonly signature: string;
}

const lengthLimit = 2048;
const signedHeaderLimit = 32;

const whole =
  /^AWS4-HMAC-SHA256 Credential=([^ ,]+), ?SignedHeaders=([^ ,]+), ?Signature=([^ ,]+)$/;
const credential = /^(\w{3,128})\/(\d{8})\/([a-z0-9-]+)\/([a-z0-9-]+)\/aws4_request$/;
const headerName = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;
const signatureDigits = /^[0-9a-f]{64}$/;

/** Refuses with incomplete_signature, in the words of AWS where it has some. */
export function parseAuthorization(text: string): Authorization {
  if (text.length > lengthLimit) throw incomplete("The Authorization header is too long.");
  if (!text.startsWith("AWS4-HMAC-SHA256 ")) {
    throw incomplete("The Authorization header does not begin with AWS4-HMAC-SHA256.");
  }
  const [, scopeText, headersText, signature] = whole.exec(text) ?? [];
  if (scopeText === undefined || headersText === undefined || signature === undefined) {
    throw incomplete(missingParameters(text));
  }
  if (!signatureDigits.test(signature)) {
    throw incomplete("The Signature of the Authorization header is not 64 hexadecimal digits.");
  }
  return {
    ...parseCredential(scopeText),
    signedHeaders: parseSignedHeaders(headersText),
    signature,
  };
}

type Credential = Pick<Authorization, "accessKeyId" | "date" | "region" | "service">;

function parseCredential(text: string): Credential {
  const match = credential.exec(text);
  if (match === null) {
    throw incomplete("The Credential of the Authorization header is not a credential scope.");
  }
  const [, accessKeyId = "", date = "", region = "", service = ""] = match;
  return { accessKeyId, date, region, service };
}

function parseSignedHeaders(text: string): readonly string[] {
  const names = text.split(";");
  const isCanonical =
    names.length <= signedHeaderLimit &&
    names.every((name, at) => headerName.test(name) && (at === 0 || (names[at - 1] ?? "") < name));
  if (!isCanonical) {
    throw incomplete("The SignedHeaders of the Authorization header are not a sorted list.");
  }
  return names;
}

function missingParameters(text: string): string {
  const missing = ["Credential", "Signature", "SignedHeaders"].filter(
    (name) => !text.includes(`${name}=`),
  );
  if (missing.length === 0) return "The Authorization header is not well formed.";
  return missing.map((name) => `Authorization header requires '${name}' parameter.`).join(" ");
}

function incomplete(reason: string): RefusedError {
  return refuseCall("incomplete_signature", { reason });
}
