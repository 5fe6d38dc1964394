import assert from "node:assert/strict";
import { describe, it } from "mocha";
import {
  parseCommand,
  UsageError,
  type CommandName,
  type Surroundings,
} from "../../cluster/local/arguments.ts";

const surroundings: Surroundings = { folder: "/here", projectRoot: "/project", variables: {} };
const whole = { kind: "all" };
const home = "/project/.holdfast";

describe("parseCommand", () => {
  const good: readonly (readonly [CommandName, string, unknown])[] = [
    [
      "start",
      "",
      {
        kind: "start",
        home,
        lifetime: "tethered",
        contents: "kept",
        shape: undefined,
        part: whole,
      },
    ],
    [
      "start",
      "--detach --fresh --regions a,b --nodes 5 --home there",
      {
        kind: "start",
        home: "/here/there",
        lifetime: "detached",
        contents: "fresh",
        shape: { regions: ["a", "b"], nodesPerRegion: 5 },
        part: whole,
      },
    ],
    [
      "start",
      "--detach --nodes 1 --region us-east-1",
      {
        kind: "start",
        home,
        lifetime: "detached",
        contents: "kept",
        shape: { regions: ["us-east-1"], nodesPerRegion: 1 },
        part: { kind: "region", region: "us-east-1" },
      },
    ],
    [
      "start",
      "--detach --restore /backups/b --region a --root-key-file k",
      {
        kind: "start",
        home,
        lifetime: "detached",
        contents: "kept",
        shape: undefined,
        part: whole,
        revival: { kind: "restore", file: "/backups/b", region: "a", rootKeyFile: "k" },
      },
    ],
    [
      "start",
      "--survivor a-n2",
      {
        kind: "start",
        home,
        lifetime: "tethered",
        contents: "kept",
        shape: undefined,
        part: whole,
        revival: { kind: "survivor", nodeId: "a-n2" },
      },
    ],
    [
      "start",
      "--add-node --region a",
      { kind: "grow", home, change: { kind: "add", region: "a" } },
    ],
    [
      "start",
      "--detach --replace-node a-n2",
      { kind: "grow", home, change: { kind: "replace", nodeId: "a-n2" } },
    ],
    ["stop", "", { kind: "stop", home, part: whole, mode: "orderly" }],
    [
      "stop",
      "--node us-east-1-n1 --kill",
      { kind: "stop", home, part: { kind: "node", nodeId: "us-east-1-n1" }, mode: "at_once" },
    ],
    ["status", "", { kind: "status", home, output: "table" }],
    ["status", "--output json", { kind: "status", home, output: "json" }],
  ];
  for (const [kind, words, expected] of good) {
    it(`understands ${kind} ${words}`, () => {
      assert.deepEqual(parseCommand(kind, split(words), surroundings), expected);
    });
  }

  it("takes the home from HOLDFAST_HOME, and rather from --home", () => {
    const named = { ...surroundings, variables: { HOLDFAST_HOME: "/elsewhere" } };

    assert.equal(parseCommand("stop", [], named).home, "/elsewhere");
    assert.equal(parseCommand("stop", ["--home", "x"], named).home, "/here/x");
  });

  const bad: readonly (readonly [CommandName, string, RegExp])[] = [
    ["start", "--restore b --fresh", /bring a stopped fleet back, and go with neither --fresh/],
    [
      "start",
      "--restore b --survivor n",
      /a backup \(--restore\) or a node \(--survivor\), not both/,
    ],
    ["start", "--detached", /^Unknown option '--detached'\. npm start takes --detach, --fresh, /],
    ["start", "now", /^Unexpected argument 'now'\. /],
    ["start", "--nodes 2", /^A region has 1, 3, 5, 7 nodes, not 2: /],
    ["start", "--regions A", /^"A" cannot be a region's name: /],
    ["start", "--region a --node b", /^Name a region \(--region\) or a node \(--node\), not both/],
    ["start", "--fresh --node b", /^--fresh empties the whole fleet: /],
    [
      "start",
      "--add-node --fresh",
      /^--add-node .* change a fleet that runs, and go with no other/,
    ],
    ["start", "--add-node --replace-node b", /^--add-node .* go with no other flag\.$/],
    ["stop", "--fresh", /^Unknown option '--fresh'\. npm stop takes --region REGION, /],
    ["status", "--output xml", /^--output is table or json, not "xml"\.$/],
  ];
  for (const [kind, words, complaint] of bad) {
    it(`refuses ${kind} ${words}`, () => {
      assert.throws(
        () => parseCommand(kind, split(words), surroundings),
        (error) => error instanceof UsageError && complaint.test(error.message),
      );
    });
  }

  it("notices a flag that npm took for itself", () => {
    const variables = { npm_config_detach: "true" };

    assert.throws(
      () => parseCommand("start", [], { ...surroundings, variables }),
      new UsageError(
        "npm took --detach for itself. Flags come after two dashes: npm start -- --detach",
      ),
    );
  });
});

function split(words: string): readonly string[] {
  return words.split(" ").filter((word) => word !== "");
}
