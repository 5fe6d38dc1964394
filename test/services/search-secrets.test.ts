import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { searchSecrets } from "../../src/services/search-secrets.ts";
import { serviceNode, token, withSecret } from "./service-node.ts";

describe("searchSecrets", () => {
  for (const sortBy of ["created-date", "name"] as const) {
    it(`by ${sortBy} passes over a name whose secret is gone or was made anew meanwhile`, async () => {
      const node = await serviceNode();
      await withSecret(node);
      await node.call("CreateSecret", { name: "other", clientRequestToken: token(2) });
      const { view } = node.group;
      // What an iterator over an older moment of the store may still give.
      const stale = {
        secret: view.secret.bind(view),
        sealedValue: view.sealedValue.bind(view),
        keyring: view.keyring.bind(view),
        counters: view.counters.bind(view),
        configuration: view.configuration.bind(view),
        member: view.member.bind(view),
        removedNode: view.removedNode.bind(view),
        joinTokens: view.joinTokens.bind(view),
        namesByOrder: async () => [
          { order: 1, name: "db" },
          { order: 2, name: "gone" },
          { order: 3, name: "db" },
          { order: 4, name: "other" },
        ],
      };
      const order = view.secret("other")?.order;
      assert.equal(order, 2);

      const page = await searchSecrets(
        stale,
        { filters: [], includePlannedDeletion: false, sortBy, direction: "ascending" },
        { after: undefined, limit: 10 },
      );

      assert.deepEqual(
        page.secrets.map(({ name }) => name),
        ["db"],
      );
    });
  }
});
