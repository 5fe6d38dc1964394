// Runs one case: fills in what has a name of its own in every run, and compares what is answered
// with what the table says.
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import type { AwsAnswer, AwsReply, Face } from "./aws-answer.ts";
import type { ConformanceCase, Expected, Step } from "./conformance-case.ts";

export interface Run {
  readonly face: Face;
  /** Of no other case. */
  readonly name: string;
  readonly home: { readonly region: string; readonly account: string };
  /** Whether an empty list can be told from none. */
  readonly emptyLists: "kept" | "left out";
}

/** Throws an `AssertionError` that shows the call and both answers. */
export async function runCase(one: ConformanceCase, run: Run): Promise<void> {
  const known = new Known(run);
  for (const step of one.given ?? []) {
    const answer = await take(known, step);
    assert.equal(answer.kind, "reply", `${step[0]} comes before: ${JSON.stringify(answer)}`);
  }
  for (const [step, expected] of [[one.call, one.expected] as const, ...(one.then ?? [])]) {
    if ("lists" in expected) await checkList(known, step, expected.lists);
    else check(known, step, await take(known, step), expected);
  }
}

/** Follows the pages: how long they are is not what these cases are about. */
async function checkList(
  known: Known,
  [operation, request]: Step,
  wanted: readonly string[],
): Promise<void> {
  const names: unknown[] = [];
  let next: unknown;
  do {
    const page = next === undefined ? request : { ...request, NextToken: next };
    const answer = await take(known, [operation, page]);
    if (answer.kind === "refused") assert.fail(`${operation}: ${JSON.stringify(answer)}`);
    const { SecretList, SecretValues, NextToken } = answer.reply;
    const listed = (SecretList ?? SecretValues ?? []) as readonly AwsReply[];
    names.push(...listed.map(({ Name }) => Name));
    next = NextToken;
  } while (typeof next === "string");
  assert.deepEqual(names, known.fill(wanted), operation);
}

/** What a run knows to fill in. */
class Known {
  readonly run: Run;
  readonly arns = new Map<string, string>();
  nextToken = "";

  constructor(run: Run) {
    this.run = run;
  }

  /** Of strings only: `{s}`, `{arn}`, `{arn:/b}`, `{prefix}`, `{next}`, `{pad:N}`. */
  fill(value: unknown): unknown {
    if (typeof value === "string") return this.#fillText(value);
    if (Array.isArray(value)) return value.map((item) => this.fill(item));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [this.#fillText(name), this.fill(member)]),
    );
  }

  #fillText(text: string): string {
    const { name, home } = this.run;
    return text.replace(
      /\{(s|arn|prefix|next|region|account|pad)(?::([^}]*))?\}/g,
      (whole, ...found) => {
        const [word, detail = ""] = found as [string, string | undefined];
        switch (word) {
          case "s":
            return name;
          case "pad":
            return name.padEnd(Number(detail), "x");
          case "arn":
            return this.arns.get(name + detail) ?? `no ARN of ${name}${detail}`;
          case "prefix":
            return `arn:aws:secretsmanager:${home.region}:${home.account}:secret:`;
          case "next":
            return this.nextToken;
          case "region":
            return home.region;
          case "account":
            return home.account;
          default:
            return whole;
        }
      },
    );
  }

  note({ ARN: arn, Name: name, NextToken: next }: AwsReply): void {
    if (typeof arn === "string" && typeof name === "string") this.arns.set(name, arn);
    if (typeof next === "string") this.nextToken = next;
  }
}

type Answered = Exclude<Expected, { readonly lists: readonly string[] }>;

async function take(known: Known, [operation, request]: Step): Promise<AwsAnswer> {
  const answer = await known.run.face.call(operation, known.fill(request) as object);
  if (answer.kind === "reply") known.note(answer.reply);
  return answer;
}

function check(known: Known, [operation]: Step, answer: AwsAnswer, expected: Answered): void {
  if ("refused" in expected) {
    const [exception, message] = known.fill(expected.refused) as [string, string];
    const got = answer.kind === "refused" ? [answer.exception, answer.message] : answer;
    compare(operation, got, [exception, message]);
    return;
  }
  if (answer.kind === "refused") assert.fail(`${operation}: ${JSON.stringify(answer)}`);
  const { emptyLists } = known.run;
  const tidy = (value: unknown): unknown => (emptyLists === "kept" ? value : withoutEmpty(value));
  const wanted = tidy(
    known.fill("reply" in expected ? expected.reply : expected.shows),
  ) as AwsReply;
  const shown =
    "reply" in expected
      ? answer.reply
      : Object.fromEntries(Object.keys(wanted).map((name) => [name, answer.reply[name]]));
  compare(operation, tidy(shown), wanted);
}

/** gRPC does not tell a list without elements from none, but for tags. */
function withoutEmpty(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutEmpty);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, member]) => name === "Tags" || !Array.isArray(member) || member.length > 0)
      .map(([name, member]) => [name, withoutEmpty(member)]),
  );
}

function compare(operation: string, got: unknown, wanted: unknown): void {
  assert.deepEqual(got, resolved(wanted, got), operation);
}

const suffixedArn = /^arn:aws:secretsmanager:[a-z0-9-]+:\d{12}:secret:(.+)-[A-Za-z0-9]{6}$/;

/** What stands for a value that is made anew in every run. */
const matchers = new Map<string, (value: unknown) => boolean>([
  ["<any>", (value) => value !== undefined],
  ["<absent>", (value) => value === undefined],
  ["<arn>", (value) => typeof value === "string" && suffixedArn.test(value)],
  // Three decimals at most: milliseconds (semantics.md 1).
  [
    "<date>",
    (value) => typeof value === "number" && Number.isInteger(Math.round(value * 1e6) / 1e3),
  ],
  ["<day>", (value) => typeof value === "number" && value % 86_400 === 0],
  ["<day?>", (value) => value === undefined || (typeof value === "number" && value % 86_400 === 0)],
  ["<token>", (value) => typeof value === "string" && value.length >= 1 && value.length <= 4096],
]);

/** Lists whose order AWS does not promise. */
const unordered = ["VersionStages"];
const stageMaps = ["VersionIdsToStages", "SecretVersionsToStages"];

/** The wanted value with every matcher that holds replaced by what it was held against. */
function resolved(wanted: unknown, got: unknown, name = ""): unknown {
  if (typeof wanted === "string") return resolvedText(wanted, got);
  if (typeof wanted !== "object" || wanted === null) return wanted;
  return Array.isArray(wanted)
    ? resolvedList(wanted, Array.isArray(got) ? got : [], name)
    : resolvedMembers(wanted as AwsReply, got, name);
}

function resolvedList(wanted: readonly unknown[], got: readonly unknown[], name: string): unknown {
  if (unordered.includes(name) && sameMembers(wanted, got)) return got;
  return wanted.map((item, at) => resolved(item, got[at]));
}

function resolvedMembers(wanted: AwsReply, got: unknown, name: string): AwsReply {
  const other = (typeof got === "object" && got !== null ? got : {}) as AwsReply;
  return Object.fromEntries(
    Object.entries(wanted)
      .map(([member, value]) => {
        const kind = stageMaps.includes(name) ? "VersionStages" : member;
        return [member, resolved(value, other[member], kind)] as const;
      })
      .filter(([member, value]) => value !== undefined || member in other),
  );
}

function resolvedText(wanted: string, got: unknown): unknown {
  const matcher = matchers.get(wanted);
  if (matcher !== undefined) return matcher(got) ? got : wanted;
  const [, kind, detail = ""] = /^<(json|like) (.+)>$/s.exec(wanted) ?? [];
  if (kind === undefined || typeof got !== "string") return wanted;
  const isLike =
    kind === "json"
      ? isDeepStrictEqual(JSON.parse(got), JSON.parse(detail))
      : new RegExp(`^(?:${detail})$`, "s").test(got);
  return isLike ? got : wanted;
}

function sameMembers(wanted: readonly unknown[], got: readonly unknown[]): boolean {
  return wanted.map(String).sort().join("\n") === got.map(String).sort().join("\n");
}
