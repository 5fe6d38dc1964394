import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { secretFinder, type SecretFilter } from "../../../src/secrets/queries/list-secrets.ts";
import type { SecretRecord } from "../../../src/secrets/secret.ts";
import { deletion, secretIn } from "../example-secret.ts";

function filter(text: string): SecretFilter {
  const [key = "", values = ""] = text.split(":");
  return { key: key as SecretFilter["key"], values: values.split("|") };
}

function find(secrets: readonly SecretRecord[], ...filters: readonly string[]): readonly string[] {
  const search = { filters: filters.map(filter), includePlannedDeletion: false };
  return secrets.filter(secretFinder(search)).map(({ name }) => name);
}

const described = ["a secret", "an secret", "asecret", "thesecret"].map((description) =>
  secretIn("", { name: description, description }),
);

const named = ["/slash", "testing1/one", "testing1", "Testing1"].map((name) =>
  secretIn("", { name }),
);

const varied = [
  secretIn("", { name: "SecretOne" }),
  secretIn("", { name: "Thirdsecret", description: "DescTwo" }),
  secretIn("", { name: "uat/COMPANY/x", tags: [{ key: "Owner", value: "TeamBlue" }] }),
  secretIn("", { name: "COMPANYthings", tags: [] }),
  secretIn("", { name: "prod/AppBeta/x" }),
];

/** One filter a row; the secrets it finds, by name. */
const rows: readonly {
  readonly among: readonly SecretRecord[];
  readonly filter: string;
  readonly found: readonly string[];
}[] = [
  { among: described, filter: "description:a", found: ["a secret", "an secret", "asecret"] },
  { among: described, filter: "description:A", found: ["a secret", "an secret", "asecret"] },
  { among: described, filter: "description:!a", found: ["thesecret"] },
  { among: described, filter: "description:a secret", found: ["a secret", "an secret"] },
  { among: described, filter: "description:secret a", found: ["a secret", "an secret"] },
  {
    among: described,
    filter: "description:!c",
    found: ["a secret", "an secret", "asecret", "thesecret"],
  },
  { among: described, filter: "description:thes|an", found: ["an secret", "thesecret"] },
  {
    among: varied,
    filter: "description:!desc",
    found: ["SecretOne", "uat/COMPANY/x", "COMPANYthings", "prod/AppBeta/x"],
  },

  { among: named, filter: "name:testing1", found: ["testing1/one", "testing1"] },
  { among: named, filter: "name:testing1 one", found: [] },
  { among: named, filter: "name:/", found: ["/slash"] },
  { among: named, filter: "name:!/", found: ["testing1/one", "testing1", "Testing1"] },
  { among: named, filter: "name:Test", found: ["Testing1"] },
  { among: named, filter: "name:esting", found: [] },
  { among: named, filter: "name:/|Test", found: ["/slash", "Testing1"] },

  { among: varied, filter: "tag-key:Own", found: ["uat/COMPANY/x"] },
  { among: varied, filter: "tag-key:own", found: [] },
  { among: varied, filter: "tag-value:Team", found: ["uat/COMPANY/x"] },
  { among: varied, filter: "tag-value:Blue", found: [] },
  {
    among: varied,
    filter: "tag-key:!Own",
    found: ["SecretOne", "Thirdsecret", "COMPANYthings", "prod/AppBeta/x"],
  },

  { among: named, filter: "primary-region:us-", found: named.map(({ name }) => name) },
  { among: named, filter: "primary-region:eu-west-1", found: [] },
  { among: named, filter: "owning-service:rds", found: [] },
  { among: named, filter: "owning-service:!rds", found: named.map(({ name }) => name) },

  { among: varied, filter: "all:secret", found: ["SecretOne"] },
  { among: varied, filter: "all:sec", found: ["SecretOne"] },
  { among: varied, filter: "all:ret", found: [] },
  { among: varied, filter: "all:thirdsecret", found: ["Thirdsecret"] },
  { among: varied, filter: "all:d", found: ["Thirdsecret"] },
  { among: varied, filter: "all:d t", found: ["Thirdsecret"] },
  { among: varied, filter: "all:third two", found: ["Thirdsecret"] },
  { among: varied, filter: "all:AppBeta", found: ["prod/AppBeta/x"] },
  { among: varied, filter: "all:Beta", found: ["prod/AppBeta/x"] },
  { among: varied, filter: "all:prod", found: ["prod/AppBeta/x"] },
  { among: varied, filter: "all:company", found: ["uat/COMPANY/x"] },
  { among: varied, filter: "all:pany", found: [] },
  { among: varied, filter: "all:N", found: [] },
  { among: varied, filter: "all:Ythings", found: ["COMPANYthings"] },
  { among: varied, filter: "all:things", found: [] },
  { among: varied, filter: "all:blue owner", found: ["uat/COMPANY/x"] },
  { among: varied, filter: "all:+", found: [] },
];

describe("secretFinder", () => {
  for (const { among, filter: given, found } of rows) {
    it(`finds ${found.length} of ${among.length} secrets by ${given}`, () => {
      assert.deepEqual(find(among, given), found);
    });
  }

  it("finds everything without a filter", () => {
    assert.equal(find(named).length, named.length);
  });

  it("wants every filter to match, also of the same key", () => {
    assert.deepEqual(find(named, "name:testing", "name:!testing1/"), ["testing1"]);
    assert.deepEqual(find(varied, "all:x", "tag-key:Owner"), ["uat/COMPANY/x"]);
  });

  it("hides a secret marked for deletion unless asked", () => {
    const marked = secretIn("", { deletion });
    const search = { filters: [filter("name:db")], includePlannedDeletion: true };

    assert.equal(secretFinder({ ...search, includePlannedDeletion: false })(marked), false);
    assert.equal(secretFinder(search)(marked), true);
  });

  it("takes a secret apart once, however many words are looked for", () => {
    let reads = 0;
    const secret = {
      ...secretIn("", { name: "db" }),
      get description() {
        reads += 1;
        return "one of many";
      },
    };
    const filters = ["all:x|y|many", "all:o", "description:z|one", "description:many"].map(filter);

    const isFound = secretFinder({ filters, includePlannedDeletion: false })(secret);

    assert.deepEqual([isFound, reads], [true, 1]);
  });
});
