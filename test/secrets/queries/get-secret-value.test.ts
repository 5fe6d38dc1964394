import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { Refusal } from "../../../src/base/errors.ts";
import { chooseVersion } from "../../../src/secrets/queries/get-secret-value.ts";
import { deletion, secretIn } from "../example-secret.ts";

const secret = secretIn("v1[] v2[P,x] v3[C]");

describe("chooseVersion", () => {
  const chosen = [
    { by: "nothing", versionId: undefined, label: undefined, is: "v3", labels: ["AWSCURRENT"] },
    { by: "a label", versionId: undefined, label: "x", is: "v2", labels: ["AWSPREVIOUS", "x"] },
    { by: "an id", versionId: "v2", label: undefined, is: "v2", labels: ["AWSPREVIOUS", "x"] },
    { by: "both", versionId: "v2", label: "x", is: "v2", labels: ["AWSPREVIOUS", "x"] },
    {
      by: "the id of a deprecated version",
      versionId: "v1",
      label: undefined,
      is: "v1",
      labels: [],
    },
  ];
  for (const { by, versionId, label, is, labels } of chosen) {
    it(`chooses ${is} by ${by}`, () => {
      const outcome = chooseVersion(secret, { versionId, label });

      const version = secret.versions.get(is);
      assert.deepEqual(outcome, {
        ok: true,
        state: undefined,
        reply: { versionId: is, version, labels },
      });
    });
  }

  const marked = { ...secret, deletion };
  const refused: readonly {
    readonly because: string;
    readonly of: typeof secret;
    readonly versionId?: string;
    readonly label?: string;
    readonly refusal: Refusal;
  }[] = [
    {
      because: "the secret is marked for deletion",
      of: marked,
      versionId: "v9",
      refusal: { code: "secret_deleted", facts: {} },
    },
    {
      because: "the id is unknown, whatever the label",
      of: secret,
      versionId: "v9",
      label: "AWSCURRENT",
      refusal: { code: "version_not_found", facts: { versionId: "v9" } },
    },
    {
      because: "id and label are of different versions",
      of: secret,
      versionId: "v2",
      label: "AWSCURRENT",
      refusal: { code: "label_not_on_version", facts: {} },
    },
    {
      because: "the id is known and the label is not",
      of: secret,
      versionId: "v2",
      label: "nowhere",
      refusal: { code: "label_not_on_version", facts: {} },
    },
    {
      because: "the label is unknown",
      of: secret,
      label: "nowhere",
      refusal: { code: "label_not_found", facts: { label: "nowhere" } },
    },
    {
      because: "the secret has no version",
      of: secretIn(""),
      refusal: { code: "label_not_found", facts: { label: "AWSCURRENT" } },
    },
  ];
  for (const { because, of, versionId, label, refusal } of refused) {
    it(`refuses because ${because}`, () => {
      assert.deepEqual(chooseVersion(of, { versionId, label }), { ok: false, refusal });
    });
  }
});
