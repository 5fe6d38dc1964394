import { strict as assert } from "node:assert";
import { describe, it } from "mocha";
import { nodeId } from "../../src/base/ids.ts";
import { RegionSpace } from "../../src/consensus/region-space.ts";
import { votersOnly, type Configuration } from "../../src/raft/configuration.ts";

const three = votersOnly(["n1", "n2", "n3"].map(nodeId));

function spaceWhere(low: readonly string[]): RegionSpace {
  const space = new RegionSpace(nodeId("n1"));
  for (const node of low) {
    if (node === "n1") space.note("low");
    else space.take(nodeId(node), "low");
  }
  return space;
}

describe("RegionSpace", () => {
  for (const [low, refuses] of [
    [[], false],
    [["n2"], false],
    [["n2", "n3"], true],
    [["n1"], true],
    [["n1", "n2", "n3"], true],
    [["a stranger", "another", "a third"], false],
  ] as const) {
    it(`${refuses ? "refuses" : "takes"} what is new when ${low.join(", ") || "nobody"} is low`, () => {
      assert.equal(spaceWhere(low).refuses("create_secret", three), refuses);
    });
  }

  for (const kind of ["put_secret_value", "update_secret", "tag_resource"] as const) {
    it(`counts ${kind} as new`, () => {
      assert.ok(spaceWhere(["n1"]).refuses(kind, three));
    });
  }

  for (const kind of [
    "delete_secret",
    "untag_resource",
    "restore_secret",
    "update_version_stage",
    "change_membership",
    "initialize_keys",
  ] as const) {
    it(`lets ${kind} go on with no room at all`, () => {
      assert.ok(!spaceWhere(["n1", "n2", "n3"]).refuses(kind, three));
    });
  }

  it("asks for room on a quorum of both sets of voters while the membership changes", () => {
    const joint: Configuration = {
      voters: new Set(["n1", "n4", "n5"].map(nodeId)),
      outgoingVoters: new Set(["n1", "n2", "n3"].map(nodeId)),
      learners: new Set(),
    };

    assert.ok(!spaceWhere(["n2", "n4"]).refuses("create_secret", joint));
    assert.ok(spaceWhere(["n4", "n5"]).refuses("create_secret", joint));
    assert.ok(spaceWhere(["n2", "n3"]).refuses("create_secret", joint));
  });

  it("takes new commands again when a peer has room again, or is none any more", () => {
    const space = spaceWhere(["n2", "n3"]);

    space.take(nodeId("n2"), "enough");
    assert.ok(!space.refuses("create_secret", three));

    space.take(nodeId("n2"), "low");
    space.forget(nodeId("n3"));
    assert.ok(!space.refuses("create_secret", three));
  });

  it("knows its own disk among the others", () => {
    const space = spaceWhere(["n1", "n3"]);

    assert.deepEqual(
      ["n1", "n2", "n3"].map((node) => space.isLow(nodeId(node))),
      [true, false, true],
    );
    assert.equal(space.own, "low");
  });
});
