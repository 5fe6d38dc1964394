// What a command on files has to say: lines for a person, the same as JSON for a program.

/** Each fact under its name in JSON, with its label for people. */
export type Fact = readonly [name: string, label: string, value: string | number];

export interface Report {
  readonly facts: readonly Fact[];
  /** More facts that are lists of such. */
  readonly lists?: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;
  /** For people only, below the facts. */
  readonly text?: string;
}

/** A refusal; the message is a sentence. Nothing was changed unless it says so. */
export class OfflineRefusal extends Error {
  override readonly name = "OfflineRefusal";
}

export function reportText({ facts, text }: Report): string {
  const width = Math.max(0, ...facts.map(([, label]) => label.length));
  const lines = facts.map(([, label, value]) => `${label.padEnd(width)}  ${shown(value)}\n`);
  return lines.join("") + (text === undefined ? "" : `\n${text}\n`);
}

export function reportJson({ facts, lists = {} }: Report): string {
  const fields = Object.fromEntries(facts.map(([name, , value]) => [name, value]));
  return `${JSON.stringify({ ...fields, ...lists }, undefined, 2)}\n`;
}

export function time(ms: number): string {
  return new Date(ms).toISOString();
}

function shown(value: string | number): string {
  return typeof value === "string" ? value : value.toLocaleString("en-US");
}
