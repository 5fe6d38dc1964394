// What an entry did to secrets, as the bytes of one row.
import { storedSecretArn } from "../base/arn.ts";
import { epochMs } from "../base/ids.ts";
import type { SecretEvent, SecretEventKind } from "../secrets/secret-event.ts";
import {
  counterOf,
  decodeAs,
  internal,
  MalformedBytesError,
  type Fields,
} from "./internal-codec.ts";
import { tagListFrom, textOr } from "./message-fields.ts";

export function encodeEvents(events: readonly SecretEvent[]): Uint8Array {
  return internal.SecretEventsRow.encode({
    events: events.map(({ kind, name, arn, at, labels, tags }) => ({
      kind: kindCodes[kind],
      name,
      arn,
      atMs: at,
      labels: [...labels].map(([label, versionId]) => ({ label, versionId })),
      tags: [...tags],
    })),
  }).finish();
}

/** Throws `MalformedBytesError`. */
export function decodeEvents(bytes: Uint8Array): readonly SecretEvent[] {
  const row = decodeAs(internal.SecretEventsRow, bytes, "a row of events");
  return row.events.map((event) => ({
    kind: kindFrom(event.kind),
    name: textOr(event.name),
    arn: storedSecretArn(textOr(event.arn)),
    at: epochMs(counterOf(event.atMs, "an event's time")),
    labels: new Map(
      (event.labels ?? []).map(({ label, versionId }) => [textOr(label), textOr(versionId)]),
    ),
    tags: tagListFrom(event.tags),
  }));
}

type KindCode = NonNullable<Fields<"SecretEventItem">["kind"]>;

const kindCodes: Readonly<Record<SecretEventKind, KindCode>> = {
  created: internal.SecretEventKind.SECRET_EVENT_KIND_CREATED,
  value_changed: internal.SecretEventKind.SECRET_EVENT_KIND_VALUE_CHANGED,
  described: internal.SecretEventKind.SECRET_EVENT_KIND_DESCRIBED,
  deletion_planned: internal.SecretEventKind.SECRET_EVENT_KIND_DELETION_PLANNED,
  restored: internal.SecretEventKind.SECRET_EVENT_KIND_RESTORED,
  removed: internal.SecretEventKind.SECRET_EVENT_KIND_REMOVED,
};

const kinds = new Map(Object.entries(kindCodes).map(([kind, code]) => [code, kind]));

function kindFrom(code: Fields<"SecretEventItem">["kind"]): SecretEventKind {
  const kind = code === null || code === undefined ? undefined : kinds.get(code);
  if (kind === undefined) {
    throw new MalformedBytesError("Cannot read an event: what happened is not known");
  }
  return kind as SecretEventKind;
}
