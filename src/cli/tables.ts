// An answer as a person reads it in a terminal.
import Table from "cli-table3";
import { awsJson } from "./aws-json.ts";

/** A list of messages with a row each; of their members only the named ones. */
export interface Columns {
  readonly list: string;
  readonly members: readonly string[];
}

/** The answer `name` as a table: its list with `columns`, or else a line for each member. */
export function tableOf(name: string, message: object, columns: Columns | undefined): string {
  const json = awsJson(name, message);
  if (columns === undefined) return memberTable(json);
  const { [columns.list]: list, ...others } = json;
  const table = new Table({ head: [...columns.members], style: plain });
  for (const row of (list ?? []) as readonly Record<string, unknown>[]) {
    table.push(columns.members.map((member) => cell(row[member])));
  }
  const rest = Object.keys(others).length > 0 ? memberTable(others) : "";
  return `${rest}${table.toString()}\n`;
}

/** No colours: the output may go anywhere. */
const plain = { head: [], border: [] };

function memberTable(members: Readonly<Record<string, unknown>>): string {
  const table = new Table({ style: plain });
  for (const [member, value] of Object.entries(members)) table.push([member, cell(value)]);
  return Object.keys(members).length === 0 ? "Done.\n" : `${table.toString()}\n`;
}

function cell(value: unknown): string {
  return printable(structured(value));
}

function structured(value: unknown): string {
  if (Array.isArray(value)) return value.map((item) => inline(item)).join("\n");
  if (typeof value !== "object" || value === null) return inline(value);
  const rows = Object.entries(value) as [string, unknown][];
  return rows.map(([key, item]) => `${key}: ${inline(item)}`).join("\n");
}

function inline(value: unknown): string {
  if (Array.isArray(value)) return value.map((item) => inline(item)).join(", ");
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? "");
  const { Key: key, Value: content, ...others } = value as Record<string, unknown>;
  if (key !== undefined && Object.keys(others).length === 0) {
    return `${inline(key)}=${inline(content ?? "")}`;
  }
  const rows = Object.entries(value) as [string, unknown][];
  return rows.map(([name, item]) => `${name}: ${inline(item)}`).join("; ");
}

/** Nobody's value gets to steer the terminal: control characters are shown, not sent. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what it looks for
  return text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, (char) => {
    return `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}
