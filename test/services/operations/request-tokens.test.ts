import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { RefusedError } from "../../../src/base/errors.ts";
import { decodeRequest, encodeRequest } from "../../../src/services/operations/codec.ts";
import type { DraftOf, OperationName } from "../../../src/services/operations/operations.ts";
import { checkTokens } from "../../../src/services/operations/request-tokens.ts";

type Row = {
  [Name in OperationName]: readonly [
    operation: Name,
    draft: (count: number) => DraftOf<Name>,
    most: number,
  ];
}[OperationName];

const rows: readonly Row[] = [
  ["UntagResource", (count) => ({ secretId: "db", tagKeys: Array<string>(count).fill("k") }), 4995],
  [
    "TagResource",
    (count) => ({ secretId: "db", tags: Array(count).fill({ key: "k", value: undefined }) }),
    1665,
  ],
  [
    "CreateSecret",
    (count) => ({
      name: "db",
      secretBinary: new Uint8Array(20_000),
      tags: Array(count).fill({ key: "k", value: "" }),
    }),
    998,
  ],
];

describe("checkTokens", () => {
  for (const [operation, draftOf, most] of rows) {
    it(`takes of ${operation} what the leader can read, and nothing more`, () => {
      for (const count of [0, 1, most - 1, most, most + 1, most + 2]) {
        const draft = draftOf(count);
        const checked = outcomeOf(() => {
          checkTokens(draft);
        });
        const handed = outcomeOf(() => decodeRequest(operation, encodeRequest(operation, draft)));

        assert.equal(checked, count > most ? "The body has too many values." : undefined);
        assert.equal(handed, checked);
      }
    });
  }
});

function outcomeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    assert.ok(error instanceof RefusedError);
    return error.message;
  }
}
