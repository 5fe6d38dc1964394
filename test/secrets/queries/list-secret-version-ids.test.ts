import assert from "node:assert/strict";
import { describe, it } from "mocha";
import {
  listSecretVersionIds,
  type VersionCursor,
} from "../../../src/secrets/queries/list-secret-version-ids.ts";
import type { SecretRecord } from "../../../src/secrets/secret.ts";
import { daysLater, secretIn, versionRecord } from "../example-secret.ts";

/** Versions a day apart, except the two last, which are of the same moment. */
function secret(): SecretRecord {
  const made = secretIn("v1[] v2[a] v3[] v4[P] v5[C]");
  const days: Readonly<Record<string, number>> = { v1: 1, v2: 2, v3: 3, v4: 4, v5: 4 };
  const versions = new Map(
    [...made.versions.keys()].map((versionId) => [
      versionId,
      { ...versionRecord(versionId), createdAt: daysLater(days[versionId] ?? 0) },
    ]),
  );
  return { ...made, versions };
}

function allPages(of: SecretRecord, limit: number): readonly (readonly string[])[] {
  const pages: (readonly string[])[] = [];
  let after: VersionCursor | undefined;
  do {
    const page = listSecretVersionIds(of, { includeDeprecated: true, after, limit });
    pages.push(page.versions.map(({ versionId }) => versionId));
    after = page.next;
    assert.ok(pages.length <= of.versions.size + 1, "paging comes to an end");
  } while (after !== undefined);
  return pages;
}

describe("listSecretVersionIds", () => {
  it("lists the versions with labels, newest first", () => {
    const request = { includeDeprecated: false, after: undefined, limit: 100 };
    const alike = { keyRef: "key#1", accessedDay: undefined };

    assert.deepEqual(listSecretVersionIds(secret(), request), {
      versions: [
        { ...alike, versionId: "v4", createdAt: daysLater(4), labels: ["AWSPREVIOUS"] },
        { ...alike, versionId: "v5", createdAt: daysLater(4), labels: ["AWSCURRENT"] },
        { ...alike, versionId: "v2", createdAt: daysLater(2), labels: ["a"] },
      ],
      next: undefined,
    });
  });

  it("lists deprecated versions when asked, without labels", () => {
    const request = { includeDeprecated: true, after: undefined, limit: 100 };

    const { versions } = listSecretVersionIds(secret(), request);

    assert.deepEqual(
      versions.map(({ versionId, labels }) => [versionId, labels?.length]),
      [
        ["v4", 1],
        ["v5", 1],
        ["v3", undefined],
        ["v2", 1],
        ["v1", undefined],
      ],
    );
  });

  it("gives every version once, whatever the size of a page", () => {
    assert.deepEqual(allPages(secret(), 1), [["v4"], ["v5"], ["v3"], ["v2"], ["v1"]]);
    assert.deepEqual(allPages(secret(), 2), [["v4", "v5"], ["v3", "v2"], ["v1"]]);
    assert.deepEqual(allPages(secret(), 5), [["v4", "v5", "v3", "v2", "v1"]]);
  });

  it("goes on from where a page ended when that version is pruned by then", () => {
    const before = secret();
    const request = { includeDeprecated: true, after: undefined, limit: 3 };
    const first = listSecretVersionIds(before, request);
    const versions = new Map(before.versions);
    versions.delete("v3");

    const rest = listSecretVersionIds({ ...before, versions }, { ...request, after: first.next });

    assert.deepEqual(
      rest.versions.map(({ versionId }) => versionId),
      ["v2", "v1"],
    );
  });

  it("tells the day each was last read", () => {
    const read = secret();
    const versions = new Map(read.versions).set("v4", {
      ...versionRecord("v4"),
      accessedDay: 20_000,
    });
    const request = { includeDeprecated: false, after: undefined, limit: 100 };

    const listed = listSecretVersionIds({ ...read, versions, accessedDay: 20_001 }, request);

    assert.deepEqual(
      listed.versions.map(({ versionId, accessedDay }) => [versionId, accessedDay]),
      [
        ["v5", undefined],
        ["v2", undefined],
        ["v4", 20_000],
      ],
    );
  });

  it("lists nothing of a secret without versions", () => {
    assert.deepEqual(allPages(secretIn(""), 10), [[]]);
  });
});
