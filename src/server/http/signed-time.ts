// When a request says it was signed, and whether that is now. SDKs match on these sentences and
// correct their clock by the Date header of the answer.
import { epochMs, type EpochMs } from "../../base/ids.ts";

const toleranceMs = 5 * 60 * 1000;

/** The last moment at which a request signed then is taken: the server's time is cut to seconds. */
export function validUntil(signedAt: EpochMs): EpochMs {
  return epochMs(signedAt + toleranceMs + 999);
}

/** Reads `yyyymmddThhmmssZ` (ISO 8601 basic format), or nothing when it is no time at all. */
export function parseSignedTime(text: string): EpochMs | undefined {
  const match = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const millis = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (!Number.isSafeInteger(millis) || millis < 0) return undefined;
  // A 30th of February is read as a day in March: it is not what was signed.
  return formatSignedTime(millis) === text ? epochMs(millis) : undefined;
}

export function formatSignedTime(millis: number): string {
  return new Date(millis).toISOString().replace(/[-:]|\.\d{3}/g, "");
}

/** What is wrong with the time of a request, in the words of AWS; nothing within five minutes. */
export function skewReason(signedAt: EpochMs, clockTime: EpochMs): string | undefined {
  // The time of a request has whole seconds, so the server's is taken in whole seconds too.
  const now = clockTime - (clockTime % 1000);
  const signed = formatSignedTime(signedAt);
  const server = formatSignedTime(now);
  if (signedAt < now - toleranceMs) {
    const earliest = formatSignedTime(now - toleranceMs);
    return `Signature expired: ${signed} is now earlier than ${earliest} (${server} - 5 min.)`;
  }
  if (signedAt > now + toleranceMs) {
    const latest = formatSignedTime(now + toleranceMs);
    return `Signature not yet current: ${signed} is still later than ${latest} (${server} + 5 min.)`;
  }
  return undefined;
}
