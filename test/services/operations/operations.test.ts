import assert from "node:assert/strict";
import { describe, it } from "mocha";
import {
  operationKind,
  operationNamed,
  operations,
  secretOperationNamed,
  secretOperationNames,
} from "../../../src/services/operations/operations.ts";
import {
  awsNameOf,
  type BlobShape,
  type Bounds,
  type Members,
  type Shape,
  type StringShape,
} from "../../../src/services/operations/shape.ts";
import model from "./fixtures/model.json" with { type: "json" };

const kinds = {
  read: [
    "BatchGetSecretValue",
    "DescribeSecret",
    "GetResourcePolicy",
    "GetSecretValue",
    "ListSecretVersionIds",
    "ListSecrets",
    "ValidateResourcePolicy",
  ],
  local: ["GetRandomPassword"],
};

describe("operations", () => {
  it("are the operations of the service model", () => {
    assert.deepEqual([...secretOperationNames].sort(), Object.keys(model.operations).sort());
    assert.equal(secretOperationNames.length, 23);
  });

  for (const name of secretOperationNames) {
    it(`have ${name} as the service model has it`, () => {
      const { input, output } = operations[name];

      assert.deepEqual(asModel(input), model.operations[name].input);
      assert.deepEqual(asModel(output), model.operations[name].output);
    });
  }

  it("say which of them write, read, or need no state", () => {
    for (const name of secretOperationNames) {
      const expected = kinds.read.includes(name)
        ? "read"
        : kinds.local.includes(name)
          ? "local"
          : "write";

      assert.equal(operationKind(name), expected, name);
    }
  });

  it("are found by their exact name only", () => {
    assert.equal(operationNamed("GetSecretValue"), "GetSecretValue");
    assert.equal(operationNamed("RemoveMember"), "RemoveMember");
    assert.equal(secretOperationNamed("GetSecretValue"), "GetSecretValue");
    assert.equal(secretOperationNamed("RemoveMember"), undefined);
    for (const text of ["getSecretValue", "GetSecretValue ", "", "__proto__", "toString"]) {
      assert.equal(operationNamed(text), undefined, text);
      assert.equal(secretOperationNamed(text), undefined, text);
    }
  });
});

function asModel(members: Members) {
  const entries = Object.entries(members).map(
    ([name, member]) => [awsNameOf(name, member), member] as const,
  );
  return {
    members: Object.fromEntries(
      entries.map(([name, member]) => [name, asModelShape(member.shape)]),
    ),
    required: entries.filter(([, { presence }]) => presence === "required").map(([name]) => name),
  };
}

function asModelShape(shape: Shape): object {
  switch (shape.kind) {
    case "structure":
      return { type: "structure", ...asModel(shape.members) };
    case "list":
      return { type: "list", member: asModelShape(shape.item), ...bounds(shape) };
    case "map":
      return { type: "map", key: asModelShape(shape.key), value: asModelShape(shape.value) };
    case "enum":
      return { type: "string", enum: shape.values };
    case "string":
    case "blob":
      return { type: shape.kind, ...bounds(shape), ...restrictions(shape) };
    case "integer":
      return { type: "integer", ...bounds(shape) };
    case "boolean":
    case "timestamp":
      return { type: shape.kind };
  }
}

function restrictions(shape: StringShape | BlobShape): object {
  return {
    ...("pattern" in shape ? { pattern: shape.pattern } : {}),
    ...("sensitive" in shape ? { sensitive: true } : {}),
  };
}

function bounds({ min, max }: Bounds) {
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}
