// From the text of a resource policy to its statements. Whatever is wrong is said with its place,
// and all of it at once: who mends a policy should not have to guess what comes next.
import { readConditions } from "./policy-condition.ts";
import type { Clause, PolicyDocument, PolicyStatement, PolicyVersion } from "./policy-document.ts";
import { readPolicyJson, shownText, type PolicyJson } from "./policy-json.ts";
import { readPrincipals } from "./policy-principal.ts";
import { ProblemList, type PolicyProblem } from "./policy-problems.ts";
import { textsOf } from "./policy-texts.ts";

export type PolicyParsing =
  | { readonly ok: true; readonly policy: PolicyDocument }
  /** The first problems, and how many there are in all. */
  | { readonly ok: false; readonly problems: readonly PolicyProblem[]; readonly count: number };

/** AWS quota: the length of a resource policy, in characters. */
export const resourcePolicyLimit = 20_480;

const versions: readonly PolicyVersion[] = ["2008-10-17", "2012-10-17"];
const documentElements = ["Version", "Id", "Statement"];
const statementElements = [
  ...["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction"],
  ...["Resource", "NotResource", "Condition"],
];

/** Total: whatever the text, it comes to a policy or to problems. */
export function parseResourcePolicy(text: string): PolicyParsing {
  const problems = new ProblemList();
  const policy = readText(text, problems);
  if (policy !== undefined && problems.count === 0) return { ok: true, policy };
  return { ok: false, problems: problems.kept, count: problems.count };
}

function readText(text: string, problems: ProblemList): PolicyDocument | undefined {
  if (Array.from(text).length > resourcePolicyLimit) {
    problems.report("syntax", "the end", `it is longer than ${resourcePolicyLimit} characters`);
    return undefined;
  }
  const reading = readPolicyJson(text);
  if (!reading.ok) {
    problems.report("syntax", reading.at, reading.reason);
    return undefined;
  }
  return readDocument(reading.json, problems);
}

function readDocument(json: PolicyJson, problems: ProblemList): PolicyDocument | undefined {
  const elements = elementsOf({ json, at: "" }, documentElements, problems);
  if (elements === undefined) return undefined;
  return {
    version: readVersion(elements, problems),
    id: readName(elements, "Id", problems),
    statements: readStatements(elements, problems),
  };
}

/** The elements of the document or of one statement, and where they stand. */
interface Elements {
  /** Empty for the document, else such as `Statement[0]`. */
  readonly at: string;
  readonly members: ReadonlyMap<string, PolicyJson>;
}

interface LocatedJson {
  readonly json: PolicyJson;
  readonly at: string;
}

function elementsOf(
  { json, at }: LocatedJson,
  known: readonly string[],
  problems: ProblemList,
): Elements | undefined {
  const shownAt = at === "" ? "the document" : at;
  if (json.kind !== "object") {
    problems.report("syntax", shownAt, "an object is expected");
    return undefined;
  }
  for (const name of json.members.keys()) {
    if (known.includes(name)) continue;
    problems.report("syntax", shownAt, `${shownText(name)} is no element of it`);
  }
  return { at, members: json.members };
}

function placeOf({ at }: Elements, name: string): string {
  return at === "" ? name : `${at}.${name}`;
}

function readVersion({ members }: Elements, problems: ProblemList): PolicyVersion {
  const json = members.get("Version");
  if (json === undefined) return "2008-10-17";
  const version = versions.find((known) => json.kind === "text" && json.text === known);
  if (version !== undefined) return version;
  problems.report("syntax", "Version", `it is none of ${versions.join(" and ")}`);
  return "2008-10-17";
}

function readName(elements: Elements, name: string, problems: ProblemList): string | undefined {
  const json = elements.members.get(name);
  if (json === undefined) return undefined;
  if (json.kind === "text") return json.text;
  problems.report("syntax", placeOf(elements, name), "a text is expected");
  return undefined;
}

/** One statement may stand without a list around it. */
function readStatements({ members }: Elements, problems: ProblemList): readonly PolicyStatement[] {
  const json = members.get("Statement");
  if (json === undefined) {
    problems.report("syntax", "the document", "it has no Statement");
    return [];
  }
  const items = json.kind === "list" ? json.items : [json];
  if (items.length === 0) problems.report("syntax", "Statement", "the list is empty");
  const sids = new Set<string>();
  return items.flatMap((item, place) => {
    const at = json.kind === "list" ? `Statement[${place}]` : "Statement";
    const elements = elementsOf({ json: item, at }, statementElements, problems);
    if (elements === undefined) return [];
    const statement = readStatement(elements, problems);
    if (statement.sid !== undefined && sids.has(statement.sid)) {
      const reason = `${shownText(statement.sid)} is the Sid of another statement too`;
      problems.report("syntax", placeOf(elements, "Sid"), reason);
    }
    sids.add(statement.sid ?? "");
    return [statement];
  });
}

function readStatement(elements: Elements, problems: ProblemList): PolicyStatement {
  const condition = elements.members.get("Condition");
  return {
    sid: readName(elements, "Sid", problems),
    effect: readEffect(elements, problems),
    principals: readClause(elements, "Principal", problems, (json, at) =>
      readPrincipals(json, at, problems),
    ),
    actions: readClause(elements, "Action", problems, (json, at) =>
      patternsOf({ json, at }, actionPattern, problems),
    ),
    resources: readClause(elements, "Resource", problems, (json, at) =>
      patternsOf({ json, at }, resourcePattern, problems),
    ),
    conditions:
      condition === undefined
        ? []
        : readConditions(condition, placeOf(elements, "Condition"), problems),
  };
}

function readEffect(elements: Elements, problems: ProblemList): PolicyStatement["effect"] {
  const json = elements.members.get("Effect");
  const effect = json?.kind === "text" ? json.text : undefined;
  if (effect === "Allow") return "allow";
  if (effect !== "Deny") {
    problems.report("syntax", placeOf(elements, "Effect"), 'it is neither "Allow" nor "Deny"');
  }
  return "deny";
}

/** Of `Action` and `NotAction` exactly one has to be there, and so of the other pairs. */
function readClause<Item>(
  elements: Elements,
  name: "Action" | "Principal" | "Resource",
  problems: ProblemList,
  read: (json: PolicyJson, at: string) => readonly Item[],
): Clause<Item> {
  const negated = `Not${name}`;
  const { members, at } = elements;
  if (members.has(name) === members.has(negated)) {
    const reason = members.has(name)
      ? `it has both ${name} and ${negated}`
      : `it has neither ${name} nor ${negated}`;
    problems.report("syntax", at, reason);
    return { sense: "these", items: [] };
  }
  const given = members.has(name) ? name : negated;
  const json = members.get(given);
  return {
    sense: given === name ? "these" : "all_but_these",
    items: json === undefined ? [] : read(json, placeOf(elements, given)),
  };
}

interface PatternForm {
  readonly fits: (text: string) => boolean;
  readonly expected: string;
}

const actionForm = /^(?:\*|(?:\*|[a-z0-9-]+):[a-z0-9*?]+)$/i;
const actionPattern: PatternForm = {
  fits: (text) => actionForm.test(text),
  expected: "an action such as secretsmanager:GetSecretValue",
};
const resourcePattern: PatternForm = {
  fits: (text) => text === "*" || text.startsWith("arn:"),
  expected: "an ARN or *",
};

function patternsOf(
  { json, at }: LocatedJson,
  { fits, expected }: PatternForm,
  problems: ProblemList,
): readonly string[] {
  return textsOf(json, at, problems).map(({ text, at: textAt }) => {
    if (!fits(text)) problems.report("syntax", textAt, `${shownText(text)} is not ${expected}`);
    return text;
  });
}
