// What the operations of the model read from a request, and check of it.
import type { ModelLimits, ModelSecret, ModelState } from "./model-state.ts";
import { refusals } from "./model-texts.ts";

export type Json = Readonly<Record<string, unknown>>;

/** What a call knows besides its request. */
export interface ModelCall {
  readonly state: ModelState;
  readonly request: Json;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly limits: ModelLimits;
  /** The ARN that the service gave to what this call makes. */
  readonly mintedArn: (name: string) => string;
}

export const prefix = "arn:aws:secretsmanager:us-east-1:000000000000:secret:";

export function liveSecret(call: ModelCall): ModelSecret {
  const secret = findSecret(call);
  if (secret.deletion !== undefined) throw refusals.deleted();
  return secret;
}

export function findSecret(call: ModelCall): ModelSecret {
  const secret = lookUp(call);
  if (secret === undefined) throw refusals.unknown();
  return secret;
}

/** 2.3: a name; a complete ARN, exactly; an ARN without its six characters. */
export function lookUp({ state, request }: ModelCall): ModelSecret | undefined {
  const id = String(request["SecretId"]);
  if (!id.startsWith("arn:")) {
    checkName(id);
    return state.secrets.find(({ name }) => name === id);
  }
  if (/-[A-Za-z0-9]{6}$/.test(id)) return state.secrets.find(({ arn }) => arn === id);
  return state.secrets.find(({ name }) => prefix + name === id);
}

export function checkName(name: string): void {
  if (!/^[A-Za-z0-9/_+=.@!-]+$/.test(name)) throw refusals.name();
}

export function checkLength(
  value: unknown,
  least: number,
  most: number,
  presence = "required",
): void {
  if (value === undefined) {
    if (presence === "required") throw refusals.invalid();
    return;
  }
  const { length } = value as string;
  if (length < least || length > most) throw refusals.invalid();
}

/** What the model of a write demands: the token's length, and a value that is not empty. */
export function checkWrite(request: Json): void {
  checkLength(request["ClientRequestToken"], 32, 64, "optional");
  for (const member of ["SecretString", "SecretBinary"]) {
    if (request[member] === "") throw refusals.invalid();
  }
}

export function requireToken(request: Json): string {
  const token = textOf(request, "ClientRequestToken");
  if (token === undefined) throw refusals.noToken();
  return token;
}

/** One value, or none. */
export function oneValueOf(request: Json): GivenValue {
  const value = valueOf(request);
  if (value.count > 1) throw refusals.twoValues();
  return value;
}

export interface GivenValue {
  readonly count: number;
  readonly kind: "SecretString" | "SecretBinary";
  readonly value: string;
}

function valueOf(request: Json): GivenValue {
  const text = textOf(request, "SecretString");
  const bytes = textOf(request, "SecretBinary");
  return {
    count: [text, bytes].filter((one) => one !== undefined).length,
    kind: text === undefined ? "SecretBinary" : "SecretString",
    value: text ?? bytes ?? "",
  };
}

export function hasContent(
  secret: ModelSecret,
  id: string,
  { count, kind, value }: GivenValue,
): boolean {
  const version = secret.versions.find((each) => each.id === id);
  return count === 1 && version?.kind === kind && version.value === value;
}

export function textOf(request: Json, member: string): string | undefined {
  return request[member] as string | undefined;
}
