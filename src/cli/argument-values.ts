// What the words on the command line stand for: numbers, tags, filters.
import { InvalidArgumentError } from "commander";
import type { Filter, ReplicaRegion, Tag } from "../generated/public-contract.ts";

export function wholeNumber(text: string): number {
  if (!/^[0-9]{1,9}$/.test(text)) throw new InvalidArgumentError("Expected a whole number.");
  return Number(text);
}

/** For an option that may be given several times. */
export function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

function tag(text: string): Tag {
  const [key, value] = keyAndValue(text, "a tag as key=value, such as team=payments");
  return { key, value };
}

/** For an option that may be given several times, with a tag each time. */
export function collectTag(text: string, before: readonly Tag[] = []): readonly Tag[] {
  return [...before, tag(text)];
}

const filterKeys = [
  "description",
  "name",
  "tag-key",
  "tag-value",
  "primary-region",
  "owning-service",
  "all",
] as const;

/** For `--filter`. */
export const filterHelp =
  `${filterKeys.slice(0, -1).join(", ")} or all; several values with commas between: any will do; ` +
  "! in front of one negates it; may be given several times: all must hold";

/** `key=value`, or `key=one,other` when either will do: no value of a filter has a comma. */
export function collectFilter(text: string, before: readonly Filter[] = []): readonly Filter[] {
  const [key, values] = keyAndValue(text, "a filter as key=value, such as name=prod/");
  if (!filterKeys.some((known) => known === key)) {
    throw new InvalidArgumentError(
      `Expected one of ${filterKeys.join(", ")} before the "=", such as name=prod/.`,
    );
  }
  return [...before, { key, values: values.split(",") }];
}

/** For an argument that may be given several times: `region`, or `region=key`. */
export function collectReplica(
  text: string,
  before: readonly ReplicaRegion[] = [],
): readonly ReplicaRegion[] {
  const [region = "", ...key] = text.split("=");
  if (!isRegion(region) || (key.length > 0 && key.join("=") === "")) {
    throw new InvalidArgumentError(
      "Expected a region such as eu-west-1, or region=key to seal the copy with another key.",
    );
  }
  return [...before, { region, ...(key.length > 0 ? { kmsKeyId: key.join("=") } : {}) }];
}

/** For an argument that may be given several times. */
export function collectRegion(text: string, before: readonly string[] = []): readonly string[] {
  if (!isRegion(text)) throw new InvalidArgumentError("Expected a region such as eu-west-1.");
  return [...before, text];
}

function isRegion(text: string): boolean {
  return /^[a-z]+(-[a-z0-9]+)+$/.test(text);
}

function keyAndValue(text: string, expected: string): readonly [key: string, value: string] {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError(`Expected ${expected}.`);
  return [text.slice(0, at), text.slice(at + 1)];
}
