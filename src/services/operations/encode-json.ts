// From values to AWS JSON 1.1, by shape. Absent members are left out, never `null`; a timestamp is
// written with its three decimals, which `JSON.stringify` would drop.
import { malformed } from "./guarded-json.ts";
import { awsNameOf, type Members, type Shape } from "./shape.ts";

type Structure = Readonly<Record<string, unknown>>;

export function encodeMembers(value: Structure, members: Members): string {
  const written = Object.entries(members).flatMap(([name, member]) => {
    const content = value[name];
    if (content === undefined) return [];
    return [`"${awsNameOf(name, member)}":${encodeValue(content, member.shape)}`];
  });
  return `{${written.join(",")}}`;
}

function encodeValue(value: unknown, shape: Shape): string {
  if (shape.kind === "structure") return encodeMembers(value as Structure, shape.members);
  if (shape.kind === "list") {
    const items = (value as readonly unknown[]).map((item) => encodeValue(item, shape.item));
    return `[${items.join(",")}]`;
  }
  if (shape.kind === "map") {
    const entries = [...(value as ReadonlyMap<string, unknown>)].map(
      ([key, item]) => `${JSON.stringify(key)}:${encodeValue(item, shape.value)}`,
    );
    return `{${entries.join(",")}}`;
  }
  return encodeScalar(value, shape.kind);
}

type ScalarKind = Exclude<Shape["kind"], "list" | "map" | "structure">;

function encodeScalar(value: unknown, kind: ScalarKind): string {
  switch (kind) {
    case "string":
    case "enum":
    case "boolean":
      return JSON.stringify(value);
    case "blob":
      return `"${base64(value as Uint8Array)}"`;
    case "integer":
      if (!Number.isSafeInteger(value)) throw malformed("A number is not a whole number.");
      return String(value);
    case "timestamp":
      return seconds(value as number);
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

function seconds(millis: number): string {
  const whole = Math.floor(millis / 1000);
  return `${whole}.${String(millis - whole * 1000).padStart(3, "0")}`;
}
