// The node's own log: one line of JSON on standard output an event. Only the fields named here can
// be in it; a request, an answer or an error's cause with bytes in it has no way in.
import { pino } from "pino";

export type LogLevel = "fatal" | "error" | "warn" | "info" | "debug" | "trace" | "silent";

/** What a line may tell besides its sentence. */
export interface LogFields {
  readonly nodeId?: string | undefined;
  readonly region?: string | undefined;
  readonly address?: string | undefined;
  readonly role?: string | undefined;
  readonly term?: number | undefined;
  readonly leader?: string | undefined;
  readonly requestId?: string | undefined;
  readonly operation?: string | undefined;
  readonly reason?: string | undefined;
  /** Told by its class, its message and its stack, as deep as its causes go. */
  readonly error?: unknown;
}

export interface Log {
  fatal(sentence: string, fields?: LogFields): void;
  error(sentence: string, fields?: LogFields): void;
  warn(sentence: string, fields?: LogFields): void;
  notice(sentence: string, fields?: LogFields): void;
}

export function createLog(level: LogLevel, bindings: LogFields): Log {
  // Synchronous, so that the last line before an exit is there.
  const logger = pino({ level, base: bindings }, pino.destination({ dest: 1, sync: true }));
  return {
    fatal: (sentence, fields) => {
      logger.fatal(shown(fields), sentence);
    },
    error: (sentence, fields) => {
      logger.error(shown(fields), sentence);
    },
    warn: (sentence, fields) => {
      logger.warn(shown(fields), sentence);
    },
    notice: (sentence, fields) => {
      logger.info(shown(fields), sentence);
    },
  };
}

function shown(fields: LogFields | undefined): object {
  if (fields === undefined) return {};
  const { error, ...plain } = fields;
  return error === undefined ? plain : { ...plain, error: describeError(error) };
}

const causesShown = 4;

function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return { message: "something that is not an error was thrown" };
  const { name, message, stack, cause } = error;
  const told = depth === 0 ? { name, message, stack } : { name, message };
  if (cause === undefined || depth === causesShown) return told;
  return { ...told, cause: describeError(cause, depth + 1) };
}
