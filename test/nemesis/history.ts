// A history: what clients asked, when, and what they were told. On disk it is one JSON object a
// line: a header, then the calls as they began and ended, and what was broken meanwhile.
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";

/** What a client asks of one secret. Tokens are version ids; a value is named by its id. */
export type Operation =
  | { readonly op: "create"; readonly token: string; readonly value: string }
  | {
      readonly op: "put";
      readonly token: string;
      readonly value: string;
      readonly stage: "current" | "pending";
    }
  /** Moves AWSCURRENT, if it is where the caller believes it is. */
  | { readonly op: "move"; readonly from: string; readonly to: string }
  | { readonly op: "delete" }
  | { readonly op: "get_current" }
  | { readonly op: "get_version"; readonly token: string }
  | { readonly op: "describe" };

/** Where the labels are; one that is nowhere is absent. */
export interface Labels {
  readonly current?: string;
  readonly previous?: string;
  readonly pending?: string;
}

/** What an answer says of the secret. */
export type Answer =
  | { readonly kind: "done" }
  | { readonly kind: "value"; readonly token: string; readonly value: string }
  | { readonly kind: "labels"; readonly labels: Labels };

export type Outcome =
  | { readonly kind: "ok"; readonly answer: Answer; readonly index: number | undefined }
  /** For certain: it changed nothing. */
  | { readonly kind: "refused"; readonly code: string }
  /** Nobody can tell: it may have happened, may still happen, or never will. */
  | { readonly kind: "unknown"; readonly reason: string };

/** One call from its beginning to its end, in nanoseconds on the recorder's monotonic clock. */
export interface Call {
  readonly id: number;
  readonly client: string;
  readonly node: string;
  readonly secret: string;
  readonly operation: Operation;
  readonly start: number;
  /** Infinity while nobody knows that it ended. */
  readonly end: number;
  readonly outcome: Outcome;
}

export interface Header {
  readonly format: 1;
  readonly seed: number;
  readonly plan: unknown;
  readonly commit: string;
  readonly versions: Readonly<Record<string, string>>;
}

export interface History {
  readonly header: Header;
  readonly calls: readonly Call[];
}

type Line =
  | { readonly line: "header"; readonly header: Header }
  | ({ readonly line: "begin"; readonly at: number } & Begun)
  | { readonly line: "end"; readonly at: number; readonly id: number; readonly outcome: Outcome }
  | { readonly line: "fault"; readonly at: number; readonly text: string };

export type Begun = Pick<Call, "id" | "client" | "node" | "secret" | "operation">;

export function isWrite({ op }: Operation): boolean {
  return op === "create" || op === "put" || op === "move" || op === "delete";
}

/** Whether anybody was told of what the call wrote, if it wrote a version. */
export function isSeen({ operation }: Call, calls: readonly Call[]): boolean {
  if (operation.op !== "create" && operation.op !== "put") return false;
  const { token } = operation;
  return calls.some((other) => {
    if (other.outcome.kind !== "ok") return false;
    const { answer } = other.outcome;
    if (answer.kind === "value") return answer.token === token;
    if (answer.kind === "labels") return Object.values(answer.labels).includes(token);
    const asked = other.operation;
    if (asked.op === "move") return asked.from === token || asked.to === token;
    return "token" in asked && asked.token === token;
  });
}

/** Writes a history as it happens, so that a crash of the recorder leaves all that came before. */
export class Recorder implements Disposable {
  readonly calls: Call[] = [];
  readonly #file: number;
  readonly #begin = process.hrtime.bigint();
  readonly #open = new Map<number, { readonly begun: Begun; readonly start: number }>();
  #nextId = 1;

  constructor(path: string, header: Header) {
    this.#file = openSync(path, "w");
    this.#write({ line: "header", header });
  }

  begin(call: Omit<Begun, "id">): number {
    const id = this.#nextId;
    this.#nextId += 1;
    const begun = { id, ...call };
    const start = this.#now();
    this.#open.set(id, { begun, start });
    this.#write({ line: "begin", at: start, ...begun });
    return id;
  }

  end(id: number, outcome: Outcome): void {
    const open = this.#open.get(id);
    if (open === undefined) throw new Error(`Call ${id} did not begin, or ended before`);
    this.#open.delete(id);
    const at = this.#now();
    this.#write({ line: "end", at, id, outcome });
    this.calls.push(callOf(open.begun, open.start, { at, outcome }));
  }

  fault(text: string): void {
    this.#write({ line: "fault", at: this.#now(), text });
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }

  #now(): number {
    return Number(process.hrtime.bigint() - this.#begin);
  }

  #write(line: Line): void {
    writeSync(this.#file, `${JSON.stringify(line)}\n`);
  }
}

/** Reads a history. Throws a sentence for a file that is none. */
export function readHistory(path: string): History {
  return parseHistory(readFileSync(path, "utf8"), path);
}

function parseHistory(text: string, path = "the history"): History {
  const lines = text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
  const [first, ...rest] = lines;
  if (first?.line !== "header") throw new Error(`${path} does not begin with a header`);
  const ends = new Map(rest.flatMap((line) => (line.line === "end" ? [[line.id, line]] : [])));
  const calls = rest.flatMap((line) => {
    if (line.line !== "begin") return [];
    const { id, client, node, secret, operation, at } = line;
    return [callOf({ id, client, node, secret, operation }, at, ends.get(id))];
  });
  return { header: first.header, calls };
}

function callOf(
  begun: Begun,
  start: number,
  ended: { readonly at: number; readonly outcome: Outcome } | undefined,
): Call {
  const outcome: Outcome = ended?.outcome ?? { kind: "unknown", reason: "the recorder stopped" };
  // What nobody can tell of may still happen after its caller has turned away.
  const end = ended === undefined || outcome.kind === "unknown" ? Infinity : ended.at;
  return { ...begun, start, end, outcome };
}
