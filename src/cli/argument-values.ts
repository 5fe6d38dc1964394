// What the words on the command line stand for: numbers, tags, filters.
import { InvalidArgumentError } from "commander";
import type { Filter, Tag } from "../generated/public-contract.ts";

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

/** `key=value`, or `key=one,other` when either will do: no value of a filter has a comma. */
export function collectFilter(text: string, before: readonly Filter[] = []): readonly Filter[] {
  const [key, values] = keyAndValue(text, "a filter as key=value, such as name=prod/");
  return [...before, { key, values: values.split(",") }];
}

function keyAndValue(text: string, expected: string): readonly [key: string, value: string] {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError(`Expected ${expected}.`);
  return [text.slice(0, at), text.slice(at + 1)];
}
