// A value may begin with U+FEFF, which decoders of UTF-8 take for a mark unless told otherwise.
import assert from "node:assert/strict";
import { beforeEach, describe, it } from "mocha";
import { textOf, utf8 } from "../../src/base/bytes.ts";
import { HoldfastClient } from "../../src/client/client.ts";
import { decodeRequest, encodeResponse } from "../../src/services/operations/codec.ts";
import { serveRegion, token as bearer } from "../support/grpc-region.ts";
import { serviceNode, token, type ServiceNode } from "./service-node.ts";

const values = ["\ufeff", "\ufeffabc", "\ufeff\ufeffabc\ufeff"];

let node: ServiceNode;
beforeEach(async () => {
  node = await serviceNode();
});

for (const value of values) {
  describe(`the value ${JSON.stringify(value)}`, () => {
    it("comes back as AWS JSON", async () => {
      const request = { Name: "db", ClientRequestToken: token(1), SecretString: value };
      const draft = decodeRequest("CreateSecret", utf8(JSON.stringify(request)));
      await node.call("CreateSecret", draft);

      const read = await node.call("GetSecretValue", { secretId: "db" });

      const body = textOf(encodeResponse("GetSecretValue", read)) ?? "";
      assert.equal((JSON.parse(body) as { readonly SecretString: string }).SecretString, value);
    });

    it("comes back by gRPC", async () => {
      await using region = await serveRegion((operation, _caller, draft) =>
        node.call(operation as never, draft as never),
      );
      const { endpoint, ca } = region;
      using client = new HoldfastClient({ endpoints: [endpoint], token: bearer, ca });
      await client.createSecret({ name: "db", secretString: value });

      const { secretString } = await client.getSecretValue({ secretId: "db" });

      assert.equal(secretString, value);
    });
  });
}
