// Plays a sequence against a service and the model side by side, and stops at the first answer that
// is not the model's.
import { isDeepStrictEqual } from "node:util";
import type { AwsAnswer, AwsReply } from "../conformance/aws-answer.ts";
import { copyOf, type ModelState } from "./model-state.ts";
import { ModelRefusal } from "./model-texts.ts";
import type { Call } from "./random-calls.ts";
import type { Json } from "./model-requests.ts";
import { operations } from "./secret-model.ts";
import type { ServiceUnderTest, Unknown } from "./service-under-test.ts";

export interface Difference {
  /** How many calls came before. */
  readonly at: number;
  readonly call: Call;
  readonly expected: unknown;
  readonly got: unknown;
}

/** How many calls were answered, and how many of those with a refusal. */
export interface Played {
  readonly answered: number;
  readonly refused: number;
  readonly unknown: number;
  readonly difference: Difference | undefined;
}

export async function play(service: ServiceUnderTest, calls: readonly Call[]): Promise<Played> {
  const player = new Player(service);
  const count = { answered: 0, refused: 0, unknown: 0 };
  for (const [at, call] of calls.entries()) {
    const step = await player.step(call);
    if (step.kind === "different") return { ...count, difference: { at, call, ...step } };
    if (step.kind === "happened") continue;
    count.answered += 1;
    if (step.kind === "refused") count.refused += 1;
    count.unknown += step.unknown;
  }
  return { ...count, difference: undefined };
}

type Step =
  | { readonly kind: "happened" }
  | { readonly kind: "reply" | "refused"; readonly unknown: number }
  | { readonly kind: "different"; readonly expected: unknown; readonly got: unknown };

class Player {
  readonly #service: ServiceUnderTest;
  #state: ModelState = { secrets: [] };
  /** Every ARN that a name ever had, oldest first. */
  readonly #arns = new Map<string, string[]>();

  constructor(service: ServiceUnderTest) {
    this.#service = service;
  }

  async step([operation, request]: Call): Promise<Step> {
    if (!(operation in operations)) {
      await this.#service.happen(operation, Number(request["ms"] ?? 0));
      const now = this.#service.now();
      const { secrets } = this.#state;
      const kept = secrets.filter(({ deletion }) => deletion === undefined || deletion.until > now);
      this.#state.secrets = kept;
      return { kind: "happened" };
    }
    const filled = this.#filled(request);
    let unknown = 0;
    let answer = await this.#ask(operation, filled);
    while (answer.kind === "unknown") {
      unknown += 1;
      answer = await this.#ask(operation, filled);
    }
    const got = this.#normalised(answer);
    const before = copyOf(this.#state);
    const expected = this.#expected(operation, filled, { answer, state: this.#state });
    if (agrees(got, expected)) return { kind: answer.kind, unknown };
    // It may have been carried out before its answer was lost: then this was the second time.
    if (unknown > 0) {
      const again = this.#expected(operation, filled, { answer, state: this.#state });
      if (agrees(got, again)) return { kind: answer.kind, unknown };
    }
    this.#state = before;
    return { kind: "different", expected, got };
  }

  /** A list is read to its end, page by page. */
  async #ask(operation: string, request: Json): Promise<AwsAnswer | Unknown> {
    const answer = await this.#service.call(operation, request);
    if (answer.kind !== "reply" || answer.reply["NextToken"] === undefined) return answer;
    const { NextToken, ...reply } = answer.reply;
    const rest = await this.#ask(operation, { ...request, NextToken });
    if (rest.kind !== "reply") return rest;
    const joined = Object.entries(reply).map(([name, first]) => {
      const more = rest.reply[name];
      return [
        name,
        Array.isArray(first) && Array.isArray(more)
          ? [...(first as unknown[]), ...(more as unknown[])]
          : first,
      ];
    });
    return { kind: "reply", reply: Object.fromEntries(joined) as AwsReply };
  }

  #expected(
    operation: string,
    request: Json,
    { answer, state }: { readonly answer: AwsAnswer; readonly state: ModelState },
  ): unknown {
    const answerOf = operations[operation];
    if (answerOf === undefined) throw new TypeError(`the model has no ${operation}`);
    try {
      const { limits } = this.#service;
      const now = this.#service.now();
      const reply = answerOf({
        state,
        request,
        now,
        limits,
        mintedArn: (name) => this.#mintedArn(name, answer),
      });
      return this.#normalised({ kind: "reply", reply });
    } catch (error) {
      if (!(error instanceof ModelRefusal)) throw error;
      return { exception: error.exception, message: error.sentence };
    }
  }

  /** Taken from the answer if it is one: of the right form, and never seen before. */
  #mintedArn(name: string, answer: AwsAnswer): string {
    const arn = answer.kind === "reply" ? String(answer.reply["ARN"]) : "";
    const known = this.#arns.get(name) ?? [];
    const start = `arn:aws:secretsmanager:us-east-1:000000000000:secret:${name}-`;
    const isFresh = arn.startsWith(start) && /^[A-Za-z0-9]{6}$/.test(arn.slice(start.length));
    if (!isFresh) return "no ARN for this name";
    if (!known.includes(arn)) this.#arns.set(name, [...known, arn]);
    return arn;
  }

  #filled(request: Json): Json {
    const fill = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(fill);
      if (typeof value !== "string") return value;
      const [, kind, name = ""] = /^\{(arn|old):(.*)\}$/.exec(value) ?? [];
      if (kind === undefined) return value;
      const known = this.#arns.get(name) ?? [];
      const nobody = `arn:aws:secretsmanager:us-east-1:000000000000:secret:${name}-000000`;
      return (kind === "arn" ? known.at(-1) : known.at(-2)) ?? nobody;
    };
    const entries = Object.entries(request).filter(([, value]) => value !== undefined);
    return Object.fromEntries(entries.map(([name, value]) => [name, fill(value)]));
  }

  /** Labels have no order; where time is real, nobody can foretell it. */
  #normalised(answer: AwsAnswer): unknown {
    if (answer.kind === "refused") {
      const { exception, message } = answer;
      return { exception, message };
    }
    const timeless = this.#service.time === "real";
    const tidy = (name: string, value: unknown): unknown => {
      if (name === "DeletedDate" || (timeless && name.endsWith("Date"))) return "a date";
      if (name === "VersionStages") return [...(value as string[])].sort();
      if (name.endsWith("ToStages")) {
        return Object.fromEntries(
          Object.entries(value as AwsReply).map(([id, list]) => [id, tidy("VersionStages", list)]),
        );
      }
      if (Array.isArray(value)) return value.map((item) => tidy("", item));
      if (typeof value !== "object" || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          // Of several nodes, each tells the reads that it knows of.
          .filter(([member]) => !(timeless && member === "LastAccessedDate"))
          .map(([member, item]) => [member, tidy(member, item)]),
      );
    };
    return tidy("", answer.reply);
  }
}

function agrees(got: unknown, expected: unknown): boolean {
  const { exception, message } = expected as { exception?: string; message?: string };
  if (exception !== undefined && message === undefined) {
    return (got as { exception?: string }).exception === exception;
  }
  return isDeepStrictEqual(got, expected);
}
