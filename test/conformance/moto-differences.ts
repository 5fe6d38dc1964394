// Where moto (5.2) answers otherwise than the tables, and why the tables are right. A difference is
// known by what moto answered, or by the case; the first rule that fits explains it. Numbers are
// sections of semantics.md; `16 #n` are the traps that were seen in moto before.
import type { ConformanceCase } from "./conformance-case.ts";

export type MotoOutcome = "alike" | "explained" | "not explained";

interface Rule {
  readonly why: string;
  /** What moto answered. */
  readonly answer?: RegExp;
  /** The row and the words of the case. */
  readonly of?: RegExp;
  /** The exception that the table wants. */
  readonly wants?: RegExp;
}

const rules: readonly Rule[] = [
  // What the answer itself shows.
  {
    why: "moto answers a page of HTML with status 500 to what it did not foresee",
    answer: /<!doctype/,
  },
  {
    why: "moto puts boto's own words in front of the service's (16 #56)",
    answer: /An error occurred \(/,
  },
  {
    why: "moto has another sentence for a deleted secret than AWS's logs and recordings (T-DEL)",
    answer: /currently marked deleted/,
  },
  { why: "moto sends null for what is absent (16 #25)", answer: /\+.*: null/ },
  {
    why: "moto's NextToken of a list without more is the empty string (16 #17)",
    answer: /NextToken: ''/,
  },
  {
    why: "moto's list of versions has no KmsKeyIds and wrong dates (16 #17, #60)",
    of: /ListSecretVersionIds|5\.7|16 #(10|60)/,
    answer: /LastAccessedDate: \d/,
  },
  {
    why: "moto shows versions without labels with an empty list (16 #16)",
    answer: /\+.*('[\w-]{36}'|VersionStages): \[\]/,
  },
  { why: "moto's dates have microseconds (16 #23)", answer: /\+.*Date: \d+\.\d{4,}/ },
  {
    why: "moto looks a rotation function up first, and finds none with another type (16 #28)",
    answer: /Resource not found for ARN/,
  },
  { why: "moto answers the name where the ARN belongs (16 #17)", answer: /\+\s+ARN: 'zq/ },

  // What the table wants, and moto does not know.
  {
    why: "moto checks no constraints of the service model and no characters of names (1.2, 16 #21)",
    wants: /ValidationException/,
  },
  { why: "moto does not check the types of members (1.1)", wants: /SerializationException/ },
  {
    why: "moto makes a token up where there is none (16 #5)",
    of: /token|T-TOK|16 #5/i,
    wants: /Invalid(Request|Parameter)Exception/,
  },
  { why: "moto has no quotas (7)", wants: /LimitExceededException/ },
  { why: "moto has no quotas (7)", of: /^7 / },
  {
    why: "moto checks no policies (16 #54)",
    wants: /PublicPolicyException|MalformedPolicyDocumentException/,
  },
  { why: "moto seals no page tokens (5.7, 5.8)", wants: /InvalidNextTokenException/ },
  { why: "moto takes ARNs of other regions and accounts for its own (2.3)", of: /2\.3 not found/ },
  { why: "moto finds a partial ARN whose name ends like a complete one (2.3)", of: /2\.3 tail/ },
  {
    why: "moto answers T-NF where AWS names the label (16 #48)",
    of: /5\.4 Unknown label|T-NFS|16 #48/,
  },
  {
    why: "moto says that the name is taken, not that it is scheduled for deletion (16 #43)",
    of: /T-SCH|16 #43|5\.10 CreateSecret|2\.1 uniqueness/,
  },
  {
    why: "moto changes deleted secrets (16 #44)",
    of: /5\.10 |16 #44|5\.15 deleted|5\.2 deleted|5\.3 deleted|5\.2 order/,
  },
  {
    why: "moto rotates without a function (16 #36)",
    of: /5\.12|5\.13|T-NOL|16 #36|6 RotateSecret/,
  },
  { why: "moto takes both kinds of value, and empty ones (3.1, 16 #47)", of: /3\.1 / },
  {
    why: "moto lets AWSCURRENT be taken off, and labels from holders nobody named (5.11)",
    of: /5\.11|3\.3 invariant/,
  },
  { why: "moto wipes the labels of the former current version (16 #8)", of: /16 #8/ },
  { why: "moto leaves AWSPENDING on the former current version (16 #9)", of: /3\.3\.1 #11|16 #9/ },
  {
    why: "moto keeps a label twice, or on two versions (16 #6, #7)",
    of: /3\.3 uniqueness|3\.3\.1 follows/,
  },
  { why: "moto reads the version that was current before a move (3.3.1)", of: /3\.3\.1 back/ },
  { why: "moto answers a replay with the version of now, or refuses it (4, 16 #2)", of: /^4 / },
  { why: "moto gives a version to a secret without one when it is updated (5.3)", of: /5\.3 / },
  {
    why: "moto does not know reserved keys, limits or Type (5.1, 5.16)",
    of: /5\.1 |5\.16|7 Tags|5\.2 keeps/,
  },
  {
    why: "moto shows the default key, and takes any other (5.6, 6)",
    of: /^6 |5\.6 KmsKeyId|5\.1 KmsKeyId/,
  },
  { why: "moto forces a space into passwords, and has other texts (16 #49)", of: /5\.14|16 #49/ },
  { why: "moto has both names of the labels in both answers (16 #15)", of: /16 #15/ },
  {
    why: "moto knows no batch without a selection, and calls off the whole for one (16 #55)",
    of: /5\.5 /,
  },
  { why: "moto does not sort (5.8)", of: /5\.8 (order|pages)/ },
  {
    why: "moto finds nothing by negation where the member is absent (16 #38, 5.8 uncertain)",
    of: /5\.8 (tag-|owning|description|name|all)/,
  },
  { why: "moto parts words by one kind of mark alone (5.8 uncertain)", of: /5\.8 words/ },
  { why: "moto knows a region of replicas only (5.8)", of: /5\.8 primary-region/ },
  { why: "moto keeps the policy of a secret that was deleted (5.15)", of: /5\.15/ },
  { why: "moto does as if a replica were there (16 #51)", of: /5\.17/ },
];

export function explanationOf(
  { row, says, expected }: ConformanceCase,
  failure: string,
): string | undefined {
  const wanted = "refused" in expected ? expected.refused[0] : "";
  const title = `${row}: ${says}`;
  return rules.find(
    ({ answer = /./s, of = /./, wants = /(?:)/ }) =>
      answer.test(failure) && of.test(title) && wants.test(wanted),
  )?.why;
}
