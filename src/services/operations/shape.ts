// What a member of a request or an answer can be, as data. Validation and the codec walk a shape,
// and the compiler reads the TypeScript type of every operation off the same shape.
import type { EpochMs } from "../../base/ids.ts";

export type Shape =
  | StringShape
  | EnumShape
  | BlobShape
  | BooleanShape
  | IntegerShape
  | TimestampShape
  | ListShape
  | MapShape
  | StructureShape;

export interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

export interface StringShape extends Bounds {
  readonly kind: "string";
  /** What `min` and `max` count: Unicode scalar values, or bytes of UTF-8. */
  readonly unit: "characters" | "bytes";
  /** As the service model writes it. The whole value must match. */
  readonly pattern?: string;
  /** Its value appears in no message. */
  readonly sensitive?: true;
}

export interface EnumShape<Value extends string = string> {
  readonly kind: "enum";
  readonly values: readonly Value[];
}

/** Bytes; base64 in JSON. */
export interface BlobShape extends Bounds {
  readonly kind: "blob";
  readonly sensitive?: true;
}

export interface BooleanShape {
  readonly kind: "boolean";
}

/** The model's `integer` and `long`: a whole number that a double holds exactly. */
export interface IntegerShape extends Bounds {
  readonly kind: "integer";
}

/** Milliseconds here; seconds with three decimals in JSON. */
export interface TimestampShape {
  readonly kind: "timestamp";
}

export interface ListShape<Item extends Shape = Shape> extends Bounds {
  readonly kind: "list";
  readonly item: Item;
}

export interface MapShape<Value extends Shape = Shape> {
  readonly kind: "map";
  readonly key: StringShape;
  readonly value: Value;
}

export interface StructureShape<Content extends Members = Members> {
  readonly kind: "structure";
  readonly members: Content;
}

/** By the name a member has in TypeScript, in the order of the service model. */
export type Members = Readonly<Record<string, Member>>;

export interface Member<Content extends Shape = Shape, Presence extends string = string> {
  readonly shape: Content;
  readonly presence: Presence;
  /** The AWS name, where it is not ours with a capital first letter. */
  readonly awsName: string | undefined;
}

export type ValueOf<Content extends Shape> =
  Content extends EnumShape<infer Value>
    ? Value
    : Content extends ListShape<infer Item>
      ? readonly ValueOf<Item>[]
      : Content extends MapShape<infer Value>
        ? ReadonlyMap<string, ValueOf<Value>>
        : Content extends StructureShape<infer Inner>
          ? StructureOf<Inner>
          : Scalars[Content["kind"] & keyof Scalars];

interface Scalars {
  string: string;
  blob: Uint8Array;
  boolean: boolean;
  integer: number;
  timestamp: EpochMs;
}

export type StructureOf<Content extends Members> = Flat<
  {
    readonly [
      Name in keyof Content as Content[Name]["presence"] extends "required" ? Name : never
    ]: ValueOf<Content[Name]["shape"]>;
  } & {
    readonly [
      Name in keyof Content as Content[Name]["presence"] extends "required" ? never : Name
    ]?: ValueOf<Content[Name]["shape"]> | undefined;
  }
>;

/** What a wire made of a request before anyone checked it: any member may be missing. */
export type DraftStructureOf<Content extends Members> = {
  readonly [Name in keyof Content]?: DraftValueOf<Content[Name]["shape"]> | undefined;
};

type DraftValueOf<Content extends Shape> = Content extends EnumShape
  ? string
  : Content extends ListShape<infer Item>
    ? readonly DraftValueOf<Item>[]
    : Content extends MapShape<infer Value>
      ? ReadonlyMap<string, DraftValueOf<Value>>
      : Content extends StructureShape<infer Inner>
        ? DraftStructureOf<Inner>
        : ValueOf<Content>;

/** One object type where an intersection of two would be shown. */
type Flat<Structure> = { [Name in keyof Structure]: Structure[Name] };

export function required<Content extends Shape>(
  shape: Content,
  awsName?: string,
): Member<Content, "required"> {
  return { shape, presence: "required", awsName };
}

export function optional<Content extends Shape>(
  shape: Content,
  awsName?: string,
): Member<Content, "optional"> {
  return { shape, presence: "optional", awsName };
}

export function text(constraints: Omit<StringShape, "kind" | "unit"> = {}): StringShape {
  return { kind: "string", unit: "characters", ...constraints };
}

export function oneOf<const Value extends string>(...values: readonly Value[]): EnumShape<Value> {
  return { kind: "enum", values };
}

export function integer(bounds: Bounds = {}): IntegerShape {
  return { kind: "integer", ...bounds };
}

export function listOf<Item extends Shape>(item: Item, bounds: Bounds = {}): ListShape<Item> {
  return { kind: "list", item, ...bounds };
}

export function mapOf<Value extends Shape>(key: StringShape, value: Value): MapShape<Value> {
  return { kind: "map", key, value };
}

export function structure<const Content extends Members>(
  members: Content,
): StructureShape<Content> {
  return { kind: "structure", members };
}

export const boolean: BooleanShape = { kind: "boolean" };
export const timestamp: TimestampShape = { kind: "timestamp" };

/** The name of a member on the AWS wire, such as `SecretId` or `ARN`. */
export function awsNameOf(name: string, member: Member): string {
  return member.awsName ?? name.charAt(0).toUpperCase() + name.slice(1);
}
