import assert from "node:assert/strict";
import { beforeEach, describe, it } from "mocha";
import type { Principal } from "../../src/access/principal.ts";
import { dayMs } from "../../src/secrets/limits.ts";
import { encodeResponse } from "../../src/services/operations/codec.ts";
import type { DraftOf } from "../../src/services/operations/operations.ts";
import {
  administrator,
  assertRefused,
  serviceNode,
  token,
  type ServiceNode,
} from "./service-node.ts";
import { storeSecret } from "./stored-secrets.ts";

const hourMs = 3_600_000;
const otherAdministrator: Principal = { ...administrator, arn: `${administrator.arn}-2` };

let node: ServiceNode;
beforeEach(async () => {
  node = await serviceNode();
  // Names in another order than that of creation, and changes in a third one.
  for (const [at, name] of ["c", "a", "e", "b", "d"].entries()) {
    node.clock.advance(1_000);
    await node.call("CreateSecret", {
      name,
      clientRequestToken: token(at),
      description: at % 2 === 0 ? "even" : "odd",
      secretString: "x",
    });
  }
  for (const name of ["d", "a"]) {
    node.clock.advance(1_000);
    const clientRequestToken = token(9);
    await node.call("UpdateSecret", { secretId: name, clientRequestToken, type: "changed" });
  }
  // Read on two days, one of them twice; the others were never read.
  for (const [later, names] of [
    [0, "eb"],
    [1, "b"],
  ] as const) {
    const day = Math.floor(node.clock.now() / dayMs) + later;
    const reads = Array.from(names, (name) => {
      const arn = node.group.view.secret(name)?.arn;
      assert.ok(arn);
      return { name, arn, versionIds: [] };
    });
    await node.group.propose({ kind: "note_accesses", day, reads });
  }
});

describe("ListSecrets", () => {
  const orders: readonly (readonly [draft: DraftOf<"ListSecrets">, names: string])[] = [
    [{}, "caebd"],
    [{ sortOrder: "asc" }, "caebd"],
    [{ sortOrder: "desc" }, "dbeac"],
    [{ sortBy: "created-date", sortOrder: "desc" }, "dbeac"],
    [{ sortBy: "name" }, "abcde"],
    [{ sortBy: "name", sortOrder: "desc" }, "edcba"],
    [{ sortBy: "last-changed-date" }, "cebda"],
    [{ sortBy: "last-changed-date", sortOrder: "desc" }, "adbec"],
    [{ sortBy: "last-accessed-date" }, "cadeb"],
    [{ sortBy: "last-accessed-date", sortOrder: "desc" }, "bedac"],
  ];
  for (const [draft, names] of orders) {
    it(`lists ${names} for ${JSON.stringify(draft)}, in pages of every size`, async () => {
      assert.equal(await namesOf(draft), names);
      for (const maxResults of [1, 2, 3, 4, 5]) {
        const pages = await pagesOf({ ...draft, maxResults });
        assert.equal(pages.join(""), names);
        assert.equal(pages.length, Math.ceil(5 / maxResults));
      }
    });
  }

  it("shows what DescribeSecret shows, with the labels under another name", async () => {
    const { secretList } = await node.call("ListSecrets", { maxResults: 1 });

    const { versionIdsToStages, ...described } = await node.call("DescribeSecret", {
      secretId: "c",
    });
    assert.deepEqual(secretList, [{ ...described, secretVersionsToStages: versionIdsToStages }]);
  });

  it("finds what the filters find, page after page", async () => {
    const filters = [{ key: "description", values: ["even"] }];

    assert.equal(await namesOf({ filters }), "ced");
    assert.deepEqual(await pagesOf({ filters, maxResults: 2 }), ["ce", "d"]);
    assert.deepEqual(await pagesOf({ filters, maxResults: 2, sortBy: "name" }), ["cd", "e"]);
  });

  it("hides what is marked for deletion unless it is asked for", async () => {
    await node.call("DeleteSecret", { secretId: "e" });

    assert.equal(await namesOf({}), "cabd");
    assert.equal(await namesOf({ includePlannedDeletion: true }), "caebd");
  });

  it("refuses a filter without a key or without values", async () => {
    const values = ["x"];

    await assertRefused(node.call("ListSecrets", { filters: [{ values }] }), "invalid_filter", {
      reason: "Invalid filter key",
    });
    const keyAlone = { filters: [{ key: "name" }] };
    await assertRefused(node.call("ListSecrets", keyAlone), "invalid_filter", {
      reason: "Invalid filter values for key: name",
    });
  });

  it("neither repeats nor skips what was there all along when secrets come and go", async () => {
    const first = await node.call("ListSecrets", { maxResults: 2 });
    await node.call("DeleteSecret", { secretId: "c", forceDeleteWithoutRecovery: true });
    await node.call("DeleteSecret", { secretId: "a", forceDeleteWithoutRecovery: true });
    await node.call("CreateSecret", { name: "a", clientRequestToken: token(7) });

    assert.equal(await namesOf({ maxResults: 10, nextToken: first.nextToken }), "ebda");
  });

  for (const sortBy of ["created-date", "name", "last-changed-date"] as const) {
    it(`by ${sortBy} ends a page before it is 3 MiB long, and skips nothing`, async () => {
      const { view } = node.group;
      const template = view.secret("c");
      assert.ok(template);
      // A control character is one byte in the state and six in JSON.
      const widest = (count: number): string => "\u0001".repeat(count);
      const tags = Array.from({ length: 50 }, () => ({ key: widest(128), value: widest(256) }));
      const wide = { ...template, description: widest(2_048), tags };
      for (let order = 10; order < 70; order += 1) {
        const name = `wide-${order}`;
        storeSecret(view, { ...wide, name, order });
      }

      const found: (string | undefined)[] = [];
      let pages = 0;
      let nextToken: string | undefined;
      do {
        const page = await node.call("ListSecrets", { sortBy, nextToken });
        assert.ok(encodeResponse("ListSecrets", page).length < 3 * 1024 * 1024);
        found.push(...namesIn(page));
        pages += 1;
        nextToken = page.nextToken;
      } while (nextToken !== undefined);

      assert.equal(pages, 3);
      assert.equal(found.length, 65);
      assert.equal(new Set(found).size, 65);
    });
  }

  it("gives back what it has after looking at a thousand secrets, and goes on from there", async () => {
    const { view } = node.group;
    const template = view.secret("c");
    assert.ok(template);
    for (let order = 10; order < 2_510; order += 1) {
      const name = `many-${order}`;
      storeSecret(view, { ...template, name, order, description: "many" });
    }
    const filters = [{ key: "name", values: ["many-2509", "a"] }];
    // With it, both would be found at once.
    view.isIndexComplete = () => false;

    const first = await node.call("ListSecrets", { filters });
    const second = await node.call("ListSecrets", { filters, nextToken: first.nextToken });

    const third = await node.call("ListSecrets", { filters, nextToken: second.nextToken });

    assert.deepEqual(namesIn(first), ["a"]);
    assert.deepEqual(namesIn(second), []);
    assert.deepEqual(namesIn(third), ["many-2509"]);
    assert.equal(third.nextToken, undefined);
  });
});

describe("the NextToken of ListSecrets", () => {
  it("is good for an hour, and not a millisecond longer", async () => {
    const nextToken = await tokenOf({ maxResults: 2 });
    node.clock.advance(hourMs - 1);

    assert.equal(await namesOf({ nextToken }), "ebd");
    node.clock.advance(1);
    await assertRefused(node.call("ListSecrets", { nextToken }), "invalid_next_token");
  });

  it("is good for pages of another size", async () => {
    const nextToken = await tokenOf({ maxResults: 2 });

    assert.equal(await namesOf({ nextToken, maxResults: 1 }), "e");
  });

  it("is refused with any character changed, and when it is no token at all", async () => {
    const nextToken = await tokenOf({ maxResults: 2 });
    const half = nextToken.length >> 1;
    const changed = nextToken[half] === "A" ? "B" : "A";
    const altered = nextToken.slice(0, half) + changed + nextToken.slice(half + 1);

    for (const wrong of [altered, nextToken.slice(1), `${nextToken}A`, "x", "é", "=".repeat(9)]) {
      await assertRefused(node.call("ListSecrets", { nextToken: wrong }), "invalid_next_token");
    }
  });

  const others: Record<string, DraftOf<"ListSecrets">> = {
    "another direction": { sortOrder: "desc" },
    "another order": { sortBy: "name" },
    "other filters": { filters: [{ key: "name", values: ["a"] }] },
    "planned deletions": { includePlannedDeletion: true },
  };
  for (const [name, query] of Object.entries(others)) {
    it(`is refused for a query with ${name}`, async () => {
      const nextToken = await tokenOf({ maxResults: 2 });

      await assertRefused(node.call("ListSecrets", { ...query, nextToken }), "invalid_next_token");
    });
  }

  it("is refused to another principal", async () => {
    const nextToken = await tokenOf({ maxResults: 2 });

    const call = node.call("ListSecrets", { nextToken }, otherAdministrator);

    await assertRefused(call, "invalid_next_token");
  });

  it("is refused by another operation", async () => {
    const nextToken = await tokenOf({ maxResults: 2 });

    const call = node.call("ListSecretVersionIds", { secretId: "a", nextToken });

    await assertRefused(call, "invalid_next_token");
  });

  it("is good on every node of the region", async () => {
    const nextToken = await tokenOf({ maxResults: 2 });
    const peer = await serviceNode({ peer: node, seed: "peer" });

    assert.deepEqual(namesIn(await peer.call("ListSecrets", { nextToken })), ["e", "b", "d"]);
  });
});

describe("ListSecretVersionIds", () => {
  beforeEach(async () => {
    for (const number of [11, 12, 13]) {
      node.clock.advance(1_000);
      await node.call("PutSecretValue", {
        secretId: "a",
        clientRequestToken: token(number),
        secretString: "x",
      });
    }
  });

  it("lists the labelled versions, newest first, with the name of the default key", async () => {
    const listed = await node.call("ListSecretVersionIds", { secretId: "a" });

    assert.equal(listed.name, "a");
    assert.deepEqual(listed.versions, [
      {
        versionId: token(13),
        versionStages: ["AWSCURRENT"],
        lastAccessedDate: undefined,
        createdDate: node.clock.now(),
        kmsKeyIds: ["DefaultEncryptionKey"],
      },
      {
        versionId: token(12),
        versionStages: ["AWSPREVIOUS"],
        lastAccessedDate: undefined,
        createdDate: node.clock.now() - 1_000,
        kmsKeyIds: ["DefaultEncryptionKey"],
      },
    ]);
  });

  it("lists deprecated versions on request, without stages, in pages", async () => {
    const found: string[] = [];
    let nextToken: string | undefined;
    do {
      const page = await node.call("ListSecretVersionIds", {
        secretId: "a",
        includeDeprecated: true,
        maxResults: 1,
        nextToken,
      });
      for (const { versionId, versionStages } of page.versions ?? []) {
        found.push(`${versionId?.slice(-2) ?? ""}:${versionStages?.join() ?? "-"}`);
      }
      nextToken = page.nextToken;
    } while (nextToken !== undefined);

    assert.deepEqual(found, ["13:AWSCURRENT", "12:AWSPREVIOUS", "11:-", "01:-"]);
  });

  it("lists those of a secret that is marked for deletion", async () => {
    await node.call("DeleteSecret", { secretId: "a" });

    const listed = await node.call("ListSecretVersionIds", { secretId: "a" });

    assert.equal(listed.versions?.length, 2);
  });

  it("refuses a token for another secret, for other versions, and of another operation", async () => {
    const { nextToken } = await node.call("ListSecretVersionIds", {
      secretId: "a",
      maxResults: 1,
    });
    const list = (draft: DraftOf<"ListSecretVersionIds">) =>
      node.call("ListSecretVersionIds", draft);

    await assertRefused(list({ secretId: "b", nextToken }), "invalid_next_token");
    const deprecatedToo = { secretId: "a", nextToken, includeDeprecated: true };
    await assertRefused(list(deprecatedToo), "invalid_next_token");
    const foreign = await tokenOf({ maxResults: 2 });
    await assertRefused(list({ secretId: "a", nextToken: foreign }), "invalid_next_token");
  });
});

function namesIn(page: {
  readonly secretList?: readonly { readonly name?: string | undefined }[] | undefined;
}) {
  return (page.secretList ?? []).map(({ name }) => name);
}

async function namesOf(draft: DraftOf<"ListSecrets">): Promise<string> {
  return namesIn(await node.call("ListSecrets", draft)).join("");
}

async function pagesOf(draft: DraftOf<"ListSecrets">): Promise<readonly string[]> {
  const pages: string[] = [];
  let nextToken: string | undefined;
  do {
    const page = await node.call("ListSecrets", { ...draft, nextToken });
    pages.push(namesIn(page).join(""));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return pages;
}

async function tokenOf(draft: DraftOf<"ListSecrets">): Promise<string> {
  const { nextToken } = await node.call("ListSecrets", draft);
  assert.ok(nextToken);
  return nextToken;
}
