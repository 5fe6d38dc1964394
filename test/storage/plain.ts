// Values as plain ones, to compare: bytes are the same whether or not they are a `Buffer`.
import { hex } from "../../src/base/bytes.ts";

export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return hex(value);
  if (value instanceof Map) return [...value].map(plain);
  if (value instanceof Set) return [...value];
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value).map(([key, field]) => [key, plain(field)]);
}
