// What an event was about, for a person who reads a failure.
import type { Message } from "../../src/raft/input.ts";

export function describeDetail(detail: unknown): string {
  if (detail === undefined) return "";
  if (typeof detail === "string") return detail;
  if (typeof detail === "object" && detail !== null && "kind" in detail) {
    return describeMessage(detail as Message);
  }
  return "";
}

function describeMessage(message: Message): string {
  const parts = Object.entries(message).map(([key, value]) => `${key}=${short(value)}`);
  return parts.join(" ");
}

function short(value: unknown): string {
  if (Array.isArray(value)) {
    const entries = value as readonly { readonly index?: number; readonly term?: number }[];
    return `[${entries.map(({ index, term }) => `${String(index)}/${String(term)}`).join(" ")}]`;
  }
  if (typeof value === "object" && value !== null) {
    return `{${Object.entries(value)
      .map(([key, part]) => `${key}:${short(part)}`)
      .join(" ")}}`;
  }
  return String(value);
}
