import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "mocha";
import { refuseCall } from "../../src/base/errors.ts";
import { serveRegion, token, type GrpcRegion } from "../support/grpc-region.ts";
import { runHoldfast, type Run, type RunOptions } from "./run-holdfast.ts";

const invitation = {
  clusterId: "c-1",
  region: "eu-west-1",
  nodeId: "n4",
  token: "the-ticket",
  expiresAt: 1_523_477_145_713,
  through: ["h:1", "h:2"],
};
const members = [
  {
    nodeId: "n1",
    grpcAddress: "h:3",
    standing: "voter",
    matchIndex: 9,
    active: true,
    mode: "replicate",
  },
  { nodeId: "n2", standing: "learner", matchIndex: 2, active: false, mode: "probe" },
];

describe("holdfast cluster", function () {
  this.timeout(15_000);

  let region: GrpcRegion;
  let folder: string;
  const requests: [operation: string, request: object][] = [];
  /** How often the new node is still behind before it replaces another. */
  let behind = 0;

  before(async () => {
    region = await serveRegion(
      (operation, _caller, request) => {
        requests.push([operation, request]);
        return answer(operation, request);
      },
      { status: { nodeId: "n1", region: "eu-west-1", members: [{ nodeId: "n1" }] } },
    );
    folder = await mkdtemp(join(tmpdir(), "holdfast-cli-"));
    await writeFile(join(folder, "ca.pem"), region.ca);
  });

  beforeEach(() => {
    requests.length = 0;
    behind = 0;
  });

  after(async () => {
    await region[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  function holdfast(line: string, options: Pick<RunOptions, "stdin"> = {}): Promise<Run> {
    const environment = {
      HOLDFAST_ENDPOINT: region.endpoint,
      HOLDFAST_TOKEN: token,
      HOLDFAST_CA_FILE: join(folder, "ca.pem"),
    };
    return runHoldfast(line.split(" "), { ...options, environment });
  }

  function answer(operation: string, { nodeId }: { readonly nodeId?: unknown }): Promise<object> {
    if (nodeId === "gone") return Promise.reject(refuseCall("unknown_node", { node: "gone" }));
    if (nodeId === "last") {
      return Promise.reject(refuseCall("quorum_at_risk", { voters: 2, active: 2 }));
    }
    if (operation === "ReplaceMember" && behind > 0) {
      behind -= 1;
      return Promise.reject(refuseCall("learner_behind", { node: "n4", behind: 7 }));
    }
    const answers: Record<string, object> = {
      InviteMember: invitation,
      ListMembers: { leader: "n1", lastIndex: 9, changing: false, members },
    };
    return Promise.resolve(answers[operation] ?? {});
  }

  const asked: [line: string, operation: string, request: object, stdout: RegExp][] = [
    ["cluster members", "ListMembers", {}, /n2 +│ learner +│ 2 +│ false/],
    ["cluster add n4", "InviteMember", { nodeId: "n4" }, /^n4 may join until 2018-04-11T20:05/],
    [
      "cluster add n4 --learner --valid 90",
      "InviteMember",
      { nodeId: "n4", learner: true, lifetimeSeconds: 90 },
      /the-ticket/,
    ],
    ["cluster promote n4", "PromoteMember", { nodeId: "n4" }, /^n4 is a voter\.\n$/],
    [
      "cluster replace n2 n4",
      "ReplaceMember",
      { nodeId: "n2", replacementId: "n4" },
      /^n4 is a voter, and n2 is removed for good\.\n$/,
    ],
    [
      "cluster remove n2 --yes",
      "RemoveMember",
      { nodeId: "n2" },
      /^n2 is removed\. Its id is never used again\.\n$/,
    ],
    ["cluster transfer n2", "TransferLeadership", { nodeId: "n2" }, /^n2 leads\.\n$/],
    ["cluster members --output json", "ListMembers", {}, /"LastIndex": 9/],
    ["cluster add n4 --output json", "InviteMember", { nodeId: "n4" }, /"Token": "the-ticket"/],
    ["cluster remove n2 --yes --output json", "RemoveMember", { nodeId: "n2" }, /^\{\}\n$/],
  ];
  for (const [line, operation, request, expected] of asked) {
    it(`asks for ${operation} on "${line}"`, async () => {
      const { exitCode, stdout, stderr } = await holdfast(line);

      assert.equal(stderr, "");
      assert.equal(exitCode, 0);
      assert.deepEqual(requests, [[operation, request]]);
      assert.match(stdout, expected);
    });
  }

  it("shows the node that answers on its own word", async () => {
    const { stdout } = await holdfast("cluster status --output json");

    assert.deepEqual(JSON.parse(stdout), {
      NodeId: "n1",
      Region: "eu-west-1",
      Members: [{ NodeId: "n1" }],
    });
    assert.deepEqual(requests, []);
  });

  it("prints the lines of the new node's configuration, ready to be pasted", async () => {
    const { stdout } = await holdfast("cluster add n4");

    const [, lines = ""] = /beside its own addresses and files:\n\n(.*?)\n\n/s.exec(stdout) ?? [];
    assert.deepEqual(JSON.parse(`{${lines}}`), {
      clusterId: "c-1",
      region: "eu-west-1",
      nodeId: "n4",
      start: { kind: "join", token: "the-ticket", through: ["h:1", "h:2"] },
    });
    assert.match(stdout, /URI:spiffe:\/\/holdfast\/cluster\/c-1\/region\/eu-west-1\/node\/n4\n/);
  });

  it("waits until the new node has caught up before it replaces another", async () => {
    behind = 2;

    const { exitCode } = await holdfast("cluster replace n2 n4");

    assert.equal(exitCode, 0);
    assert.equal(requests.length, 3);
  });

  it("does not wait for ever", async () => {
    behind = 100;

    const { exitCode, stderr } = await holdfast("cluster replace n2 n4 --wait 1");

    assert.equal(exitCode, 1);
    assert.match(stderr, /^n4 has not caught up: it is 7 log entries behind.*; "holdfast cluster/);
  });

  it("removes when the id was typed, and says first what it is about to do", async () => {
    const { exitCode, stdout, stderr } = await holdfast("cluster remove n2", { stdin: "n2\n" });

    assert.equal(exitCode, 0);
    assert.match(stderr, /^n2 would be removed for good\. To go on, type its id: /);
    assert.equal(stdout, "n2 is removed. Its id is never used again.\n");
    assert.deepEqual(requests, [["RemoveMember", { nodeId: "n2" }]]);
  });

  for (const stdin of ["", "n3\n", "y\n", "N2\n"]) {
    it(`removes nothing when ${JSON.stringify(stdin)} was typed`, async () => {
      const { exitCode, stderr } = await holdfast("cluster remove n2", { stdin });

      assert.equal(exitCode, 2);
      assert.match(stderr, /Nothing was removed: expected "n2" to be typed, or --yes; /);
      assert.deepEqual(requests, []);
    });
  }

  it("warns of what force risks", async () => {
    const { exitCode, stderr } = await holdfast("cluster remove n2 --force --yes");

    assert.equal(exitCode, 0);
    assert.match(stderr, /^--force removes the node although .* is lost\.\n$/);
    assert.deepEqual(requests, [["RemoveMember", { nodeId: "n2", force: true }]]);
  });

  const refused: [line: string, exitCode: number, sentence: RegExp][] = [
    [
      "cluster remove gone --yes",
      1,
      /^The region has no member gone; "holdfast cluster members" shows the members there are \(/,
    ],
    [
      "cluster remove last --yes",
      1,
      /^Only 2 voters would be left.*"holdfast cluster members" shows who answers, and --force/,
    ],
    ["cluster add", 2, /^Missing required argument 'node-id'; "holdfast cluster add --help"/],
    ["cluster add n4 --valid soon", 2, /Expected a whole number/],
    ["cluster replace n2", 2, /^Missing required argument 'new-id'; /],
    ["cluster mebers", 2, /^Unknown command 'mebers' \(Did you mean members\?\); /],
  ];
  for (const [line, exitCode, sentence] of refused) {
    it(`ends with ${exitCode} and one sentence on "${line}"`, async () => {
      const result = await holdfast(line);

      assert.match(result.stderr, sentence);
      assert.equal(result.stderr.split("\n").length, 2);
      assert.equal(result.exitCode, exitCode);
    });
  }
});
