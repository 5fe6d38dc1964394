import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { complaintAbout, describeShape, nodeIdsOf } from "../../cluster/local/shape.ts";

describe("complaintAbout", () => {
  for (const nodesPerRegion of [1, 3, 5, 7]) {
    it(`has none about regions of ${nodesPerRegion}`, () => {
      assert.equal(complaintAbout({ regions: ["us-east-1", "b"], nodesPerRegion }), undefined);
    });
  }

  for (const nodesPerRegion of [0, 2, 9, 1.5, NaN]) {
    it(`refuses regions of ${nodesPerRegion}`, () => {
      assert.match(
        complaintAbout({ regions: ["a"], nodesPerRegion }) ?? "",
        /^A region has 1, 3, 5, 7 nodes, not /,
      );
    });
  }

  for (const name of ["", "A", "1a", "a-", "../a", "a b", "a".repeat(33)]) {
    it(`refuses the name "${name}"`, () => {
      const complaint = complaintAbout({ regions: ["a", name], nodesPerRegion: 3 });

      assert.ok(complaint?.startsWith(`"${name}" cannot be a region's name`));
    });
  }

  it("refuses a region that is named twice", () => {
    assert.equal(
      complaintAbout({ regions: ["a", "a"], nodesPerRegion: 3 }),
      "Each region can be named once only.",
    );
  });
});

describe("shape", () => {
  it("names nodes after their region, and itself in words", () => {
    const shape = { regions: ["us-east-1", "b"], nodesPerRegion: 3 };

    assert.deepEqual(nodeIdsOf("b", shape), ["b-n1", "b-n2", "b-n3"]);
    assert.equal(describeShape(shape), "us-east-1, b with 3 nodes each");
    assert.equal(describeShape({ regions: ["a"], nodesPerRegion: 1 }), "a with 1 node");
  });
});
