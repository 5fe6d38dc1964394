// Whom a statement of a resource policy is about (AWS: IAM JSON policy, Principal).
import { shownText, type PolicyJson, type PolicyObject } from "./policy-json.ts";
import { hasWildcard } from "./policy-pattern.ts";
import type { ProblemList } from "./policy-problems.ts";
import { textsOf } from "./policy-texts.ts";

export type PolicyPrincipal =
  /** `"*"`, or `{"AWS": "*"}`, which means the same: known or not. */
  | { readonly kind: "anyone" }
  /** Everybody of the account, given as twelve digits or as the ARN of its root. */
  | { readonly kind: "account"; readonly account: string }
  /** One user, role or session. */
  | { readonly kind: "arn"; readonly arn: string }
  /** The id of a user or role, as AWS shows it once the user or role is gone. */
  | { readonly kind: "unique_id"; readonly id: string }
  /** Such as `secretsmanager.amazonaws.com`. */
  | { readonly kind: "service"; readonly service: string }
  | { readonly kind: "federated"; readonly provider: string }
  | { readonly kind: "canonical_user"; readonly id: string };

const accountForm = /^[0-9]{12}$/;
const arnForm =
  /^arn:aws(?:-[a-z]+)*:(iam|sts)::([0-9]{12}):(root|(?:user|role|assumed-role|federated-user)\/.+)$/s;
const uniqueIdForm = /^A[A-Z]{3}[A-Z0-9]{12,124}$/;
const serviceForm = /^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:amazonaws\.com(?:\.cn)?|amazon\.com)$/;
const canonicalUserForm = /^[0-9a-f]{64}$/;
const mostCharacters = 2048;

type PrincipalReader = (text: string) => PolicyPrincipal | undefined;

/** By the kinds that AWS has, each with what it may hold. */
const readers: ReadonlyMap<string, PrincipalReader> = new Map<string, PrincipalReader>([
  ["AWS", readAwsPrincipal],
  ["Service", (service) => (serviceForm.test(service) ? { kind: "service", service } : undefined)],
  [
    "Federated",
    (provider) => (isPlainName(provider) ? { kind: "federated", provider } : undefined),
  ],
  [
    "CanonicalUser",
    (id) => (canonicalUserForm.test(id) ? { kind: "canonical_user", id } : undefined),
  ],
]);

/** Reports what is none. `*` is the only wildcard: part of a name is never one. */
export function readPrincipals(
  json: PolicyJson,
  at: string,
  problems: ProblemList,
): readonly PolicyPrincipal[] {
  if (json.kind === "text" && json.text === "*") return [{ kind: "anyone" }];
  if (json.kind !== "object") {
    const reason =
      json.kind === "text"
        ? `${shownText(json.text)} is neither "*" nor an object`
        : 'neither "*" nor an object is there';
    problems.report("syntax", at, reason);
    return [];
  }
  return readByKind(json, at, problems);
}

function readByKind(
  { members }: PolicyObject,
  at: string,
  problems: ProblemList,
): readonly PolicyPrincipal[] {
  if (members.size === 0) problems.report("syntax", at, "it names nobody");
  return [...members].flatMap(([kind, named]) => {
    const read = readers.get(kind);
    if (read === undefined) {
      const known = [...readers.keys()].join(", ");
      problems.report("syntax", at, `${shownText(kind)} is no kind of principal (${known})`);
      return [];
    }
    return readOfKind(kind, read, { json: named, at: `${at}.${kind}` }, problems);
  });
}

function readOfKind(
  kind: string,
  read: PrincipalReader,
  { json, at }: { readonly json: PolicyJson; readonly at: string },
  problems: ProblemList,
): readonly PolicyPrincipal[] {
  return textsOf(json, at, problems).flatMap(({ text, at: textAt }) => {
    const principal = text.length > mostCharacters ? undefined : read(text);
    if (principal !== undefined) return [principal];
    const problem = kind === "Service" ? "service_principal" : "principal";
    problems.report(problem, textAt, `${shownText(text)} is none that a policy can name`);
    return [];
  });
}

function readAwsPrincipal(text: string): PolicyPrincipal | undefined {
  if (text === "*") return { kind: "anyone" };
  if (accountForm.test(text)) return { kind: "account", account: text };
  if (uniqueIdForm.test(text)) return { kind: "unique_id", id: text };
  const [, , account, resource] = arnForm.exec(text) ?? [];
  if (account === undefined || hasWildcard(text)) return undefined;
  return resource === "root" ? { kind: "account", account } : { kind: "arn", arn: text };
}

function isPlainName(text: string): boolean {
  return text !== "" && !hasWildcard(text);
}

/** Who calls, as far as a policy is concerned. */
export interface PolicyCaller {
  readonly arn: string;
  readonly account: string;
}

const sessionForm = /^arn:(aws[a-z-]*):sts::([0-9]{12}):assumed-role\/([^/]+)\//;

/** A session is also the role that it was made of. Ids are not known here, and cover nobody. */
export function isCoveredBy(caller: PolicyCaller, principal: PolicyPrincipal): boolean {
  switch (principal.kind) {
    case "anyone":
      return true;
    case "account":
      return principal.account === caller.account;
    case "arn":
      return principal.arn === caller.arn || isRoleOf(caller.arn, principal.arn);
    case "unique_id":
    case "service":
    case "federated":
    case "canonical_user":
      return false;
  }
}

/** The ARN of a session has the name of its role, and not the role's path. */
function isRoleOf(session: string, role: string): boolean {
  const [, partition, account, name] = sessionForm.exec(session) ?? [];
  if (partition === undefined || account === undefined || name === undefined) return false;
  return role.startsWith(`arn:${partition}:iam::${account}:role/`) && role.endsWith(`/${name}`);
}
