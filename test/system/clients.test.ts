import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import {
  awsCli,
  awsSdk,
  findAwsClis,
  holdfastCommand,
  plainGrpc,
  type SecretClient,
  type Value,
} from "./secret-clients.ts";
import { TestRegion } from "./test-region.ts";

const values: Readonly<Record<"text" | "bytes", Value>> = {
  text: { text: 'correct "horse" {battery}\n\tstaple £ 🔑' },
  bytes: { bytes: Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)) },
};

const names = [
  "the AWS CLI",
  "the AWS CLI with --endpoint-url",
  "the SDK of AWS",
  "the holdfast command",
  "a plain gRPC client",
] as const;
type ClientName = (typeof names)[number];
const byUrl: ClientName = "the AWS CLI with --endpoint-url";
const kinds = ["text", "bytes"] as const;

describe("clients with nothing but the env file of the fleet", function () {
  this.timeout(60_000);

  let region: TestRegion;
  let clients: ReadonlyMap<ClientName, SecretClient>;

  before(async () => {
    region = await TestRegion.open();
    clients = await openClients(region);
  });

  after(async () => {
    for (const client of clients.values()) client[Symbol.dispose]();
    await region[Symbol.asyncDispose]();
  });

  for (const name of names.filter((each) => each !== byUrl)) {
    it(`${name} makes, reads, changes, finds, deletes and restores a secret`, async function () {
      const client = clients.get(name);
      if (client === undefined) this.skip();
      const own = `own/${names.indexOf(name)}`;

      await client.create(own, values.text);
      assert.deepEqual(await client.get(own), values.text);
      await client.put(own, values.bytes);
      assert.deepEqual(await client.get(own), values.bytes);
      assert.deepEqual(await client.list("own/"), [own]);
      assert.deepEqual(await client.describe(own), { name: own, isDeleted: false });
      await client.delete(own);
      assert.deepEqual(await client.describe(own), { name: own, isDeleted: true });
      assert.deepEqual(await client.list("own/"), []);
      await assert.rejects(client.get(own), /marked for deletion/);
      await client.restore(own);
      assert.deepEqual(await client.get(own), values.bytes);
      await client.delete(own);
    });
  }

  it("the AWS CLI takes the endpoint from --endpoint-url too", async function () {
    const client = clients.get(byUrl);
    if (client === undefined) this.skip();

    await client.create("by-url", values.text);
    assert.deepEqual(await client.get("by-url"), values.text);
    await client.put("by-url", values.bytes);
    assert.deepEqual(await client.get("by-url"), values.bytes);
  });

  it("each reads what each has written, text and bytes", async () => {
    const all = [...clients].filter(([name]) => name !== byUrl);
    for (const [writer, client] of all) {
      for (const kind of kinds) await client.create(secretOf(writer, kind), values[kind]);
    }

    const readers = all.map(async ([reader, client], at) => {
      for (const [position, [writer]] of all.entries()) {
        // Every reader sees both kinds, from every writer one.
        const kind = kinds[(at + position) % 2] ?? "text";
        const found = await client.get(secretOf(writer, kind));
        assert.deepEqual(found, values[kind], `${reader} reads what ${writer} wrote`);
      }
    });
    await Promise.all(readers);
  });
});

function secretOf(writer: ClientName, kind: "text" | "bytes"): string {
  return `shared/${names.indexOf(writer)}/${kind}`;
}

async function openClients(region: TestRegion): Promise<ReadonlyMap<ClientName, SecretClient>> {
  return new Map<ClientName, SecretClient>([
    ...(await openAwsClis(region)),
    ["the SDK of AWS", awsSdk(region)],
    ["the holdfast command", holdfastCommand(region)],
    ["a plain gRPC client", plainGrpc(region)],
  ]);
}

async function openAwsClis(
  region: TestRegion,
): Promise<readonly (readonly [ClientName, SecretClient])[]> {
  const installed = await findAwsClis();
  const [first] = installed;
  if (first === undefined) {
    // Where tests are the last word, a client that is missing is a failure.
    assert.notEqual(process.env["CI"], "true", "the AWS CLI is not installed");
    console.warn("      The AWS CLI is not installed: WHAT IS TESTED WITH IT IS LEFT OUT");
    return [];
  }
  const [one, other] = region.nodes().map(({ https }) => ({ url: https }));
  assert.ok(one !== undefined && other !== undefined);
  const modern = installed.find((each) => each.takesEndpointFromEnvironment);
  if (modern === undefined) {
    console.warn(
      "      This AWS CLI takes no endpoint from the environment: IT IS GIVEN AS A FLAG",
    );
  }
  return [
    modern === undefined
      ? ["the AWS CLI", awsCli(region, first.program, one)]
      : ["the AWS CLI", awsCli(region, modern.program, "from_environment")],
    [byUrl, awsCli(region, first.program, other)],
  ];
}
