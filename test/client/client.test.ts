import assert from "node:assert/strict";
import { createServer } from "node:net";
import { once } from "node:events";
import { describe, it } from "mocha";
import { refuseCall, type RefusalCode } from "../../src/base/errors.ts";
import { HoldfastClient, HoldfastError, type ClientOptions } from "../../src/client/client.ts";
import { realWorld, type World } from "../../src/client/client-calls.ts";
import { serveRegion, token, type GrpcRegion } from "../support/grpc-region.ts";

describe("HoldfastClient", () => {
  it("brings a request there and an answer back", async () => {
    const createdDate = 1_523_477_145_713;
    const seen: object[] = [];
    await using region = await serveRegion((_operation, _caller, request) => {
      seen.push(request);
      return Promise.resolve({ name: "db", versionStages: ["AWSCURRENT"], createdDate });
    });
    using client = clientOf([region]);

    const found = await client.getSecretValue({ secretId: "db", versionStage: undefined });

    assert.deepEqual(seen, [{ secretId: "db" }]);
    assert.deepEqual(found, { name: "db", versionStages: ["AWSCURRENT"], createdDate });
  });

  it("has a method for every operation", async () => {
    const seen: string[] = [];
    await using region = await serveRegion((operation) => {
      seen.push(operation);
      return Promise.resolve({});
    });
    using client = clientOf([region]);
    const methods = Object.getOwnPropertyNames(HoldfastClient.prototype).filter(
      // Streams are tested by themselves: test/cli/backup.test.ts, test/client/watch.test.ts.
      (name) => !["constructor", "close", "clusterStatus", "createBackup", "watch"].includes(name),
    );

    for (const method of methods) {
      await (client as unknown as Record<string, (request: object) => Promise<object>>)[method]?.(
        {},
      );
    }

    const called = seen.map((operation) => operation.charAt(0).toLowerCase() + operation.slice(1));
    assert.deepEqual(called, methods);
    assert.equal(called.length, 23 + 6);
  });

  it("shows the status of a node", async () => {
    const status = { nodeId: "n1", term: 7, locked: false, members: [{ nodeId: "n1" }] };
    await using region = await serveRegion(() => Promise.resolve({}), { status });
    using client = clientOf([region]);

    assert.deepEqual(await client.clusterStatus(), status);
  });

  it("tells a refusal by its code, its AWS type, its sentence and the request", async () => {
    await using region = await serveRegion(() =>
      Promise.reject(refuseCall("secret_exists", { name: "db" })),
    );
    using client = clientOf([region]);

    const error = await failureOf(client.createSecret({ name: "db" }));

    assert.equal(error.code, "secret_exists");
    assert.equal(error.awsType, "ResourceExistsException");
    assert.equal(error.message, "The operation failed because the secret db already exists.");
    assert.match(error.requestId ?? "", /^[0-9a-f-]{36}$/);
  });

  it("tells an internal error from a refusal", async () => {
    await using region = await serveRegion(() => Promise.reject(new Error("on fire")));
    using client = clientOf([region]);

    const error = await failureOf(client.restoreSecret({ secretId: "db" }));

    assert.equal(error.code, "internal_error");
    assert.equal(error.message, "internal error");
  });

  const calls: [what: string, make: (client: HoldfastClient) => Promise<object>][] = [
    ["createSecret", (client) => client.createSecret({ name: "db" })],
    ["putSecretValue", (client) => client.putSecretValue({ secretId: "db" })],
    ["updateSecret", (client) => client.updateSecret({ secretId: "db" })],
    ["rotateSecret", (client) => client.rotateSecret({ secretId: "db" })],
  ];
  for (const [what, make] of calls) {
    it(`repeats ${what} with the one token it minted when the outcome is not known`, async () => {
      await using failing = await regionThatFails("outcome_unknown", 2);
      const { region, requests } = failing;
      using client = clientOf([region]);

      await make(client);

      const tokens = requests.map((request) => request["clientRequestToken"]);
      assert.equal(tokens.length, 3);
      assert.equal(new Set(tokens).size, 1);
      assert.match(String(tokens[0]), /^[0-9a-f-]{36}$/);
    });
  }

  it("keeps the token it is given", async () => {
    await using failing = await regionThatFails("no_leader", 0);
    const { region, requests } = failing;
    using client = clientOf([region]);
    const clientRequestToken = "a-token-of-my-own-with-32-letters";

    await client.createSecret({ name: "db", clientRequestToken });

    assert.equal(requests[0]?.["clientRequestToken"], clientRequestToken);
  });

  const repetitions: [
    what: string,
    refusal: Failing,
    make: (client: HoldfastClient) => Promise<object>,
    attempts: number,
  ][] = [
    ["a delete", "no_leader", (client) => client.deleteSecret({ secretId: "db" }), 2],
    ["a delete", "outcome_unknown", (client) => client.deleteSecret({ secretId: "db" }), 1],
    ["a read", "outcome_unknown", (client) => client.describeSecret({ secretId: "db" }), 2],
    ["a read", "timed_out", (client) => client.describeSecret({ secretId: "db" }), 1],
    ["a create", "overloaded", (client) => client.createSecret({ name: "db" }), 2],
    ["a delete", "rate_exceeded", (client) => client.deleteSecret({ secretId: "db" }), 2],
  ];
  for (const [what, refusal, make, attempts] of repetitions) {
    it(`makes ${what} ${attempts === 1 ? "once" : "again"} after ${refusal}`, async () => {
      await using failing = await regionThatFails(refusal, 1);
      const { region, requests } = failing;
      using client = clientOf([region]);

      const outcome = await make(client).then(
        () => "answered",
        (error: unknown) => (error as HoldfastError).code,
      );

      assert.equal(requests.length, attempts);
      assert.equal(outcome, attempts === 1 ? refusal : "answered");
    });
  }

  it("waits longer and longer between repetitions, by the draw", async () => {
    await using failing = await regionThatFails("no_leader", 4);
    const { region } = failing;
    const waits: number[] = [];
    using client = clientOf([region], waits);

    await client.describeSecret({ secretId: "db" });

    assert.deepEqual(waits, [25, 50, 100, 200]);
  });

  it("comes back less and less when it asks too much, and gives up soon", async () => {
    await using failing = await regionThatFails("rate_exceeded", 100);
    const { region, requests } = failing;
    const waits: number[] = [];
    using client = clientOf([region], waits);

    const error = await failureOf(client.describeSecret({ secretId: "db" }));

    assert.equal(error.code, "rate_exceeded");
    assert.equal(requests.length, 5);
    // The second that the server asks for, and a draw.
    assert.deepEqual(waits, [1_100, 1_200, 1_400, 1_800]);
  });

  it("asks the next node when one refuses the connection, and stays there", async () => {
    const seen: string[] = [];
    await using region = await serveRegion((operation) => {
      seen.push(operation);
      return Promise.resolve({});
    });
    const closed = await closedPort();
    const waits: number[] = [];
    using client = new HoldfastClient(
      { endpoints: [closed, region.endpoint], token, ca: region.ca },
      instantWorld(waits),
    );

    await client.deleteSecret({ secretId: "db" });
    await client.deleteSecret({ secretId: "db" });

    assert.deepEqual(seen, ["DeleteSecret", "DeleteSecret"]);
    assert.deepEqual(waits, [0]);
  });

  it("says that no node can be reached, and why", async () => {
    const closed = await closedPort();
    using client = new HoldfastClient({ endpoints: [closed], token, ca: "" }, instantWorld([]));

    const error = await failureOf(client.listSecrets());

    assert.equal(error.code, "unreachable");
    assert.match(error.message, /^Cannot reach 127\.0\.0\.1:\d+: connect ECONNREFUSED/);
  });

  it("does not speak to a node whose certificate it does not trust", async () => {
    let calls = 0;
    await using region = await serveRegion(() => {
      calls += 1;
      return Promise.resolve({});
    });
    using client = new HoldfastClient({ endpoints: [region.endpoint], token }, instantWorld([]));

    const error = await failureOf(client.listSecrets());

    assert.equal(error.code, "unreachable");
    assert.match(error.message, /certificate/);
    assert.equal(calls, 0);
  });

  const silences: [make: (client: HoldfastClient) => Promise<object>, code: string][] = [
    [(client) => client.describeSecret({ secretId: "db" }), "timed_out"],
    [(client) => client.deleteSecret({ secretId: "db" }), "outcome_unknown"],
  ];
  for (const [make, code] of silences) {
    it(`ends with ${code} when a node that has the request does not answer`, async () => {
      await using region = await serveRegion(() => new Promise(() => undefined));
      using client = new HoldfastClient(
        { endpoints: [region.endpoint], token, ca: region.ca, deadlineMs: 300 },
        instantWorld([]),
      );

      const error = await failureOf(make(client));

      assert.equal(error.code, code);
    });
  }

  it("asks another node when the one that has a read falls silent", async () => {
    await using silent = await serveRegion(() => new Promise(() => undefined));
    await using region = await serveRegion(() => Promise.resolve({ name: "db" }));
    using client = new HoldfastClient(
      { endpoints: [silent.endpoint, region.endpoint], token, ca: region.ca, deadlineMs: 1_500 },
      instantWorld([]),
    );

    assert.equal((await client.describeSecret({ secretId: "db" })).name, "db");
  });

  it("repeats a write that has a token when the connection is cut, and no other", async () => {
    const cut: Promise<void>[] = [];
    const regions: GrpcRegion[] = [];
    await using second = await serveRegion(() => Promise.resolve({ name: "db" }));
    const first = await serveRegion(() => {
      cut.push(regions[0]?.listener.close(0) ?? Promise.resolve());
      return new Promise(() => undefined);
    });
    regions.push(first);
    using client = clientOf([first, second]);

    const created = await client.createSecret({ name: "db" });
    await Promise.all(cut);

    assert.equal(created.name, "db");
    assert.equal(cut.length, 1);
  });

  it("sends writes to the leader once it knows it, and reads where they were", async () => {
    const seen: string[] = [];
    const serve = (nodeId: string): Promise<GrpcRegion> =>
      serveRegion(
        (operation) => {
          seen.push(`${operation} ${nodeId}`);
          return Promise.resolve({});
        },
        { status: { nodeId, leader: "n2", term: 3, members: [] } },
      );
    await using one = await serve("n1");
    await using two = await serve("n2");
    using client = clientOf([one, two]);

    // The second one sets the search off, and what it comes to is known some time later.
    await client.deleteSecret({ secretId: "db" });
    while (seen.at(-1) !== "DeleteSecret n2") await client.deleteSecret({ secretId: "db" });
    await client.describeSecret({ secretId: "db" });
    await client.deleteSecret({ secretId: "db" });

    assert.deepEqual(seen.slice(0, 2), ["DeleteSecret n1", "DeleteSecret n1"]);
    assert.deepEqual(seen.slice(-2), ["DescribeSecret n1", "DeleteSecret n2"]);
  });

  it("asks all nodes in turn when reads are to be spread", async () => {
    const seen: string[] = [];
    const serve = (name: string): Promise<GrpcRegion> =>
      serveRegion(() => {
        seen.push(name);
        return Promise.resolve({});
      });
    await using one = await serve("one");
    await using two = await serve("two");
    using client = clientOf([one, two], [], { reads: "spread" });

    for (let read = 0; read < 4; read += 1) await client.describeSecret({ secretId: "db" });

    assert.deepEqual(seen, ["two", "one", "two", "one"]);
  });

  it("begins with a node by the draw, so that clients with one list do not all take the first", async () => {
    await using one = await serveRegion(() => Promise.resolve({ name: "one" }));
    await using two = await serveRegion(() => Promise.resolve({ name: "two" }));
    const world = { ...realWorld, entropy: { ...realWorld.entropy, below: () => 1 } };
    const endpoints = [one.endpoint, two.endpoint];
    using client = new HoldfastClient({ endpoints, token, ca: one.ca }, world);

    assert.equal((await client.describeSecret({ secretId: "db" })).name, "two");
  });

  it("says that it was closed when it is used afterwards", async () => {
    await using region = await serveRegion(() => Promise.resolve({}));
    const client = clientOf([region]);
    client.close();

    const error = await failureOf(client.listSecrets());

    assert.match(error.message, /the client was closed/);
  });

  it("refuses to be made without an endpoint", () => {
    assert.throws(() => new HoldfastClient({ endpoints: [], token }), /at least one endpoint/);
  });
});

function clientOf(
  regions: readonly GrpcRegion[],
  waits: number[] = [],
  options: Partial<ClientOptions> = {},
): HoldfastClient {
  const endpoints = regions.map(({ endpoint }) => endpoint);
  const ca = regions[0]?.ca ?? "";
  return new HoldfastClient({ endpoints, token, ca, ...options }, instantWorld(waits));
}

/** Nobody waits, every draw is in the middle, and the first node is asked first. */
function instantWorld(waits: number[]): World {
  return {
    ...realWorld,
    entropy: { ...realWorld.entropy, below: (limit) => (limit === 1_000 ? 500 : 0) },
    wait: (ms) => {
      waits.push(ms);
      return Promise.resolve();
    },
  };
}

type Failing = Extract<
  RefusalCode,
  "no_leader" | "outcome_unknown" | "timed_out" | "overloaded" | "rate_exceeded"
>;

/** Refuses the first `times` calls, then answers. */
async function regionThatFails(refusal: Failing, times: number) {
  const requests: Record<string, unknown>[] = [];
  const region = await serveRegion((_operation, _caller, request) => {
    requests.push(request as Record<string, unknown>);
    if (requests.length > times) return Promise.resolve({});
    return Promise.reject(
      refusal === "outcome_unknown"
        ? refuseCall(refusal, { reason: "leadership_lost" })
        : refuseCall(refusal, {}),
    );
  });
  return { region, requests, [Symbol.asyncDispose]: () => region[Symbol.asyncDispose]() };
}

async function failureOf(call: Promise<unknown>): Promise<HoldfastError> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof HoldfastError, "the call fails with a HoldfastError");
  return error;
}

/** `host:port` where nobody listens. */
async function closedPort(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  assert.ok(address !== null && typeof address === "object");
  return `127.0.0.1:${address.port}`;
}
