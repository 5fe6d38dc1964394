// Every target there is, and how many inputs each gets of a number for all.
import { jsonTargets } from "./json-targets.ts";
import { protobufTarget } from "./protobuf-target.ts";
import { sigv4Target } from "./sigv4-target.ts";
import type { Target } from "./target.ts";

export const targets: readonly Target[] = [...jsonTargets, protobufTarget, sigv4Target];

/** Out of ten; less for those that take longest. */
const shares: Readonly<Record<string, number>> = {
  json: 3,
  protobuf: 2.5,
  names: 1,
  filters: 0.5,
  tokens: 0.5,
  policies: 1,
  sigv4: 1.5,
};

export function inputsFor({ name }: Target, inputs: number): number {
  return Math.ceil((inputs * (shares[name] ?? 1)) / 10);
}
