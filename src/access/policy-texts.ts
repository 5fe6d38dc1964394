// One text or a list of texts: what most elements of a policy hold.
import type { PolicyJson } from "./policy-json.ts";
import type { ProblemList } from "./policy-problems.ts";

export interface LocatedText {
  readonly text: string;
  readonly at: string;
}

/** Reports what is neither, and an empty list or text, which would say nothing. */
export function textsOf(
  json: PolicyJson,
  at: string,
  problems: ProblemList,
): readonly LocatedText[] {
  if (json.kind !== "list") return textOf(json, at, problems);
  if (json.items.length === 0) problems.report("syntax", at, "the list is empty");
  return json.items.flatMap((item, place) => textOf(item, `${at}[${place}]`, problems));
}

function textOf(json: PolicyJson, at: string, problems: ProblemList): readonly LocatedText[] {
  if (json.kind !== "text") {
    problems.report("syntax", at, "a text is expected");
    return [];
  }
  if (json.text === "") {
    problems.report("syntax", at, "the text is empty");
    return [];
  }
  return [{ text: json.text, at }];
}
