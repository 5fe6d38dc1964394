// What a fuzz target is: where its inputs come from and what may come of one.
import type { Bytes } from "./byte-mutator.ts";
import type { Chance } from "./chance.ts";
import type { Verdict } from "./finding.ts";

export interface FuzzInput {
  /** What the bytes are sent to, such as the operation. */
  readonly label: string;
  readonly bytes: Bytes;
}

export interface Target {
  readonly name: string;
  /** The same for the same chance. */
  make(chance: Chance): FuzzInput;
  /** New state, as it was before the first input. */
  open(): Promise<OpenTarget>;
}

export interface OpenTarget {
  /** Throws whatever must not come of the input. */
  run(input: FuzzInput): Promise<Verdict>;
}
