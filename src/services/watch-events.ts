// Events of the state as watchers are shown them, each with its place; made once for all watchers.
import type { LogIndex } from "../base/ids.ts";
import type { WatchEvent } from "../generated/public-contract.ts";
import type { EventPage } from "../machine/state-view.ts";
import type { SecretEvent } from "../secrets/secret-event.ts";
import { positionText, type WatchHome, type WatchPosition } from "./watch-position.ts";
import type { WatchItem } from "./watch-queue.ts";

export interface ShownEvent {
  readonly index: LogIndex;
  /** From one, among the events of its entry. */
  readonly ordinal: number;
  readonly event: SecretEvent;
  readonly item: WatchItem;
}

/** Besides its texts: the tags and lengths of a message, a position, a time. */
const restBytes = 150;

/** Those of whole entries, in order: what is applied while a page is read may be torn. */
export function shownEvents(home: WatchHome, page: EventPage): readonly ShownEvent[] {
  const events = page.events.filter(({ index }) => index <= page.through);
  let ordinal = 0;
  return events.map(({ index, event }, at) => {
    ordinal = events[at - 1]?.index === index ? ordinal + 1 : 1;
    const isLast = events[at + 1]?.index !== index;
    const position = positionText(home, { index, seen: isLast ? "all" : ordinal });
    const response = { event: shownEvent(event, position) };
    return { index, ordinal, event, item: { response, event, sizeBytes: sizeOf(event) } };
  });
}

export function isAfter({ index, ordinal }: ShownEvent, position: WatchPosition): boolean {
  if (index !== position.index) return index > position.index;
  return position.seen !== "all" && ordinal > position.seen;
}

function shownEvent({ kind, name, arn, at, labels }: SecretEvent, position: string): WatchEvent {
  const versionIdsToStages: Record<string, string[]> = {};
  for (const [label, versionId] of labels) (versionIdsToStages[versionId] ??= []).push(label);
  return { kind, name, arn, versionIdsToStages, time: at, position };
}

function sizeOf({ name, arn, labels }: SecretEvent): number {
  let bytes = restBytes + name.length + arn.length;
  for (const [label, versionId] of labels) bytes += label.length + versionId.length + 8;
  return bytes;
}
