// The loop: makes inputs, runs them, notes what they come to and how long they take, and shrinks
// the first that does what none may.
import type { Bytes } from "./byte-mutator.ts";
import { Chance } from "./chance.ts";
import { Finding } from "./finding.ts";
import type { FuzzInput, OpenTarget, Target } from "./target.ts";

export interface FuzzOrder {
  readonly target: Target;
  readonly seed: number;
  readonly inputs: number;
  /** The number of the first; 0 unless a failure is made again. */
  readonly from?: number;
  /** Told before each time that an input is run; `at` is the input's number. */
  readonly onRun?: (at: number) => void;
}

export interface FuzzSummary {
  readonly target: string;
  readonly inputs: number;
  readonly seconds: number;
  /** Of one processor: what it would have taken on a machine with nothing else to do. */
  readonly processorSeconds: number;
  /** How often each verdict came. */
  readonly verdicts: ReadonlyMap<string, number>;
  readonly slowest: { readonly ms: number; readonly number: number };
  readonly failure: FuzzFailure | undefined;
}

export interface FuzzFailure {
  readonly seed: number;
  readonly number: number;
  readonly sentence: string;
  readonly label: string;
  /** As short as it could be made. */
  readonly bytes: Bytes;
  /** Whether it fails by itself, or only after those before it since a multiple of `batch`. */
  readonly alone: "alone" | "after others";
  /** With its stack. */
  readonly cause: string;
}

/** State is made anew after so many inputs: it neither grows for ever, nor hides what is first. */
export const batch = 2_000;

/** No input may keep others waiting longer. */
const holdMs = 50;

export async function runFuzz(order: FuzzOrder): Promise<FuzzSummary> {
  const { target, seed, inputs, from = 0, onRun = () => undefined } = order;
  const verdicts = new Map<string, number>();
  const begun = performance.now();
  const used = process.cpuUsage();
  let slowest = { ms: 0, number: from };
  let number = from;
  let failure: FuzzFailure | undefined;
  let open = await target.open();
  for (; number < from + inputs && failure === undefined; number += 1) {
    if (number % batch === 0) open = await target.open();
    const input = target.make(new Chance(seed, number));
    onRun(number);
    const { verdict, error, ms } = await judged(target, open, input);
    if (ms > slowest.ms) slowest = { ms, number };
    verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
    if (error === undefined) continue;
    failure = await failureOf({ target, seed, number, onRun }, input, error);
  }
  const { user, system } = process.cpuUsage(used);
  return {
    target: target.name,
    inputs: number - from,
    seconds: (performance.now() - begun) / 1000,
    processorSeconds: (user + system) / 1_000_000,
    verdicts,
    slowest,
    failure,
  };
}

async function judged(
  target: Target,
  open: OpenTarget,
  input: FuzzInput,
): Promise<Outcome & { readonly ms: number }> {
  const before = performance.now();
  const { verdict, error } = await outcomeOf(open, input);
  const ms = performance.now() - before;
  const held = ms > holdMs ? await holdOf(target, input) : undefined;
  return { verdict, error: error ?? held, ms };
}

interface Outcome {
  readonly verdict: string;
  readonly error?: unknown;
}

async function outcomeOf(open: OpenTarget, input: FuzzInput): Promise<Outcome> {
  try {
    const verdict = await open.run(input);
    if (hasPollutedPrototype()) throw new Finding("Object.prototype has a new member");
    return { verdict };
  } catch (error) {
    return { verdict: "failed", error };
  }
}

const prototypeKeys = Reflect.ownKeys(Object.prototype).length;

function hasPollutedPrototype(): boolean {
  return Reflect.ownKeys(Object.prototype).length !== prototypeKeys;
}

/**
 * Measures one that took long again, alone and up to ten times, by the longest stretch for which
 * others had no turn, and by the processor's time: a machine that is busy with something else
 * stretches the one, but hardly each time, and not the other.
 */
async function holdOf(target: Target, input: FuzzInput): Promise<Finding | undefined> {
  const holds: number[] = [];
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const open = await target.open();
    const before = process.cpuUsage();
    const longest = await longestHold(() => outcomeOf(open, input));
    const { user, system } = process.cpuUsage(before);
    const hold = Math.min(longest, (user + system) / 1000);
    if (hold <= holdMs) return undefined;
    holds.push(hold);
  }
  return new Finding(`it holds the event loop for ${Math.min(...holds).toFixed(0)} ms`);
}

async function longestHold(work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let last = performance.now();
  const ended = { yes: false };
  const watch = (): void => {
    const at = performance.now();
    longest = Math.max(longest, at - last);
    last = at;
    if (!ended.yes) setImmediate(watch);
  };
  setImmediate(watch);
  await new Promise(setImmediate);
  await work();
  await new Promise(setImmediate);
  ended.yes = true;
  return longest;
}

interface Where {
  readonly target: Target;
  readonly seed: number;
  readonly number: number;
  readonly onRun: (at: number) => void;
}

async function failureOf(
  { target, seed, number, onRun }: Where,
  input: FuzzInput,
  error: unknown,
): Promise<FuzzFailure> {
  const kind = kindOf(error);
  const failsAlike = async (bytes: Bytes): Promise<boolean> => {
    const shorter = { ...input, bytes };
    onRun(number);
    const { error: again } = await outcomeOf(await target.open(), shorter);
    const met = again ?? (kind.startsWith("it holds") ? await holdOf(target, shorter) : undefined);
    return met !== undefined && kindOf(met) === kind;
  };
  const isAlone = await failsAlike(input.bytes);
  return {
    seed,
    number,
    sentence: error instanceof Error ? error.message : String(error),
    label: input.label,
    bytes: isAlone ? await shrink(input.bytes, failsAlike) : input.bytes,
    alone: isAlone ? "alone" : "after others",
    cause: causeOf(error),
  };
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { stack = error.message, cause } = error;
  return cause === undefined ? stack : `${stack}\nCaused by: ${causeOf(cause)}`;
}

/** What stays the same while an input is shrunk: the sentence, without its numbers and texts. */
function kindOf(error: unknown): string {
  const sentence = error instanceof Error ? error.message : String(error);
  return sentence.replace(/\d+|'[^']*'|"[^"]*"/g, "").slice(0, 40);
}

const shrinkAttempts = 600;

/** Leaves out ever smaller pieces, for as long as it still fails without them. */
export async function shrink(
  bytes: Bytes,
  fails: (bytes: Bytes) => Promise<boolean>,
): Promise<Bytes> {
  let least = bytes;
  let attempts = 0;
  for (let size = Math.ceil(least.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < least.length && attempts < shrinkAttempts;) {
      attempts += 1;
      const without = Uint8Array.from(
        Buffer.concat([least.subarray(0, at), least.subarray(at + size)]),
      );
      if (await fails(without)) least = without;
      else at += size;
    }
  }
  return least;
}

/** For people: what failed, and how to make it fail again. */
export function describeFailure(target: string, failure: FuzzFailure): string {
  const { seed, number, sentence, label, bytes, alone } = failure;
  const first = alone === "alone" ? number : number - (number % batch);
  const again = `--target ${target} --seed ${seed} --from ${first} --inputs ${number - first + 1}`;
  return [
    `FAILED ${target}, seed ${seed}, input ${number} (${alone}), ${label}: ${sentence}`,
    `${bytes.length} bytes: ${JSON.stringify(Buffer.from(bytes).toString("latin1").slice(0, 2_000))}`,
    `in base64: ${Buffer.from(bytes).toString("base64").slice(0, 4_000)}`,
    `Again: npm run fuzz -- ${again}`,
  ].join("\n");
}

export function describeSummary(summary: FuzzSummary): string {
  const { target, inputs, seconds, processorSeconds, verdicts, slowest } = summary;
  const most = [...verdicts].toSorted(([, one], [, other]) => other - one);
  const shown = most.slice(0, 6).map(([verdict, count]) => `${verdict} ${count}`);
  return [
    `${target}: ${inputs} inputs in ${seconds.toFixed(1)} s`,
    `${(inputs / processorSeconds).toFixed(0)} a second of one processor`,
    `slowest ${slowest.ms.toFixed(1)} ms (input ${slowest.number})`,
    `${shown.join(", ")}${most.length > 6 ? `, ${most.length - 6} other verdicts` : ""}`,
  ].join("; ");
}
