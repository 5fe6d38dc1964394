// The offer of a snapshot as it travels, and back.
import { logIndex, nodeId, term, type Term } from "../base/ids.ts";
import { chainLength } from "../storage/entry-codec.ts";
import {
  counterOf,
  idOf,
  MalformedBytesError,
  present,
  type Fields,
} from "../storage/internal-codec.ts";
import type { SnapshotMeta } from "../storage/snapshot-meta.ts";
import { digestBytes, digestLength, digestOf } from "../storage/state-digest.ts";

export type OfferFields = Fields<"SnapshotOffer">;

export function encodeOffer(hello: Fields<"Hello">, inTerm: Term, meta: SnapshotMeta): OfferFields {
  const { snapshotId, position, chain, configuration, digest, rowCount } = meta;
  return {
    hello,
    term: inTerm,
    snapshotId,
    position,
    chain,
    configuration: {
      voters: [...configuration.voters],
      outgoingVoters: [...configuration.outgoingVoters],
      learners: [...configuration.learners],
    },
    digest: digestBytes(digest),
    rowCount,
  };
}

/** Throws `MalformedBytesError`. */
export function decodeOffer(offer: OfferFields): {
  readonly term: Term;
  readonly meta: SnapshotMeta;
} {
  const position = present(offer.position, "a snapshot's position");
  const configuration = present(offer.configuration, "a snapshot's configuration");
  const ids = (names: readonly string[] | null | undefined) =>
    new Set((names ?? []).map((name) => nodeId(idOf(name, "a snapshot's member"))));
  return {
    term: term(counterOf(offer.term, "a snapshot's term")),
    meta: {
      snapshotId: idOf(offer.snapshotId, "a snapshot's id"),
      position: {
        index: logIndex(counterOf(position.index, "a snapshot's index")),
        term: term(counterOf(position.term, "a snapshot's last term")),
      },
      chain: bytesOf(offer.chain, { length: chainLength, what: "a snapshot's chain" }),
      configuration: {
        voters: ids(configuration.voters),
        outgoingVoters: ids(configuration.outgoingVoters),
        learners: ids(configuration.learners),
      },
      digest: digestOf(
        bytesOf(offer.digest, { length: digestLength, what: "a snapshot's digest" }),
      ),
      rowCount: counterOf(offer.rowCount, "a snapshot's count of rows"),
    },
  };
}

/** One of another length would be found out when it is too late. */
function bytesOf(
  field: Uint8Array | null | undefined,
  { length, what }: { readonly length: number; readonly what: string },
): Uint8Array {
  const bytes = present(field, what);
  if (bytes.length === length) return bytes;
  throw new MalformedBytesError(`Cannot read ${what}: it has another length`);
}
