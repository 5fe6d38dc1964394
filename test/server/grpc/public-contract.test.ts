import assert from "node:assert/strict";
import { describe, it } from "mocha";
import {
  fromWire,
  toWire,
  type FieldShape,
  type Message,
} from "../../../src/base/message-shape.ts";
import { publicPackage, publicService } from "../../../src/base/public-services.ts";
import {
  messageShapes,
  type ClusterOperations,
  type SecretsManagerOperations,
} from "../../../src/generated/public-contract.ts";
import {
  clusterOperationNames,
  operations,
  secretOperationNames,
  type DraftOf,
  type PublicOperationName,
} from "../../../src/services/operations/operations.ts";
import type { Member, Members, Shape } from "../../../src/services/operations/shape.ts";

type Operations = SecretsManagerOperations & ClusterOperations;

/** The operations whose request in proto/ is not what services/ reads. */
type Misfit = {
  [Name in PublicOperationName]: Operations[Name]["request"] extends DraftOf<Name> ? never : Name;
}[PublicOperationName];
/** Does not compile when there is one. */
const misfits: [Misfit] extends [never] ? "none" : Misfit = "none";

describe("public contract", () => {
  const service = { ...publicService("SecretsManager"), ...publicService("Cluster") };

  it("has the operations that services/ has, and no other but a node's status", () => {
    const cluster = ["Status", ...clusterOperationNames];

    assert.deepEqual(
      Object.keys(publicService("SecretsManager")).sort(),
      [...secretOperationNames].sort(),
    );
    assert.deepEqual(Object.keys(publicService("Cluster")).sort(), cluster.sort());
    assert.equal(secretOperationNames.length, 23);
    assert.equal(misfits, "none");
  });

  for (const name of [...secretOperationNames, ...clusterOperationNames]) {
    it(`has the members of ${name} that services/ has`, () => {
      assert.deepEqual(contractMembers(`${name}Request`), serviceMembers(operations[name].input));
      assert.deepEqual(contractMembers(`${name}Response`), serviceMembers(operations[name].output));
    });

    it(`brings a full request of ${name} over the wire unchanged`, () => {
      const request = example(`${name}Request`);
      const definition = service[name];
      assert.ok(definition !== undefined);

      const bytes = definition.requestSerialize(toWire(messageShapes, `${name}Request`, request));
      const read = definition.requestDeserialize(bytes);

      assert.deepEqual(fromWire(messageShapes, `${name}Request`, read), request);
    });

    it(`brings a full answer of ${name} over the wire unchanged`, () => {
      const reply = example(`${name}Response`);
      const definition = service[name];
      assert.ok(definition !== undefined);

      const bytes = definition.responseSerialize(toWire(messageShapes, `${name}Response`, reply));
      const read = definition.responseDeserialize(bytes);

      assert.deepEqual(fromWire(messageShapes, `${name}Response`, read), reply);
    });

    it(`tells an absent member of ${name} from an empty one`, () => {
      const definition = service[name];
      assert.ok(definition !== undefined);
      const blank = blankRequest(`${name}Request`);

      const bytes = definition.requestSerialize(toWire(messageShapes, `${name}Request`, blank));
      const read = fromWire(messageShapes, `${name}Request`, definition.requestDeserialize(bytes));
      const nothing = fromWire(
        messageShapes,
        `${name}Request`,
        definition.requestDeserialize(definition.requestSerialize({})),
      );

      assert.deepEqual(read, blank);
      assert.deepEqual(nothing, requiredLists(`${name}Request`));
    });
  }

  it("tells a secret whose tags were all taken off from one that never had any", () => {
    const definition = service["DescribeSecret"];
    assert.ok(definition !== undefined);
    const carry = (reply: object): Message =>
      fromWire(
        messageShapes,
        "DescribeSecretResponse",
        definition.responseDeserialize(
          definition.responseSerialize(toWire(messageShapes, "DescribeSecretResponse", reply)),
        ),
      );

    assert.deepEqual(carry({ tags: [] })["tags"], []);
    assert.equal("tags" in carry({}), false);
  });
});

/** Members and what they are, in words that both tables can be put in. */
type Outline = Readonly<Record<string, unknown>>;

function contractMembers(message: string): Outline {
  const shape = messageShapes[message];
  assert.ok(shape !== undefined, `proto/ has ${message}`);
  return Object.fromEntries(
    Object.entries(shape)
      .sort(byName)
      .map(([name, member]) => [name, contractOutline(member)]),
  );
}

function contractOutline(shape: FieldShape): unknown {
  if (shape === "long") return "plain";
  if (typeof shape === "string") return shape;
  if ("message" in shape) return contractMembers(shape.message);
  if ("list" in shape) return [contractOutline(shape.list)];
  if ("wrappedList" in shape) return [contractOutline(shape.wrappedList)];
  return { map: contractOutline(shape.map) };
}

function serviceMembers(members: Members): Outline {
  return Object.fromEntries(
    Object.entries(members)
      .sort(byName)
      .map(([name, member]: [string, Member]) => [name, serviceOutline(member.shape)]),
  );
}

function serviceOutline(shape: Shape): unknown {
  switch (shape.kind) {
    case "list":
      return [serviceOutline(shape.item)];
    case "map":
      return { map: serviceOutline(shape.value) };
    case "structure":
      return serviceMembers(shape.members);
    case "timestamp":
      return "time";
    case "blob":
      return "bytes";
    case "boolean":
    case "enum":
    case "integer":
    case "string":
      return "plain";
  }
}

function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}

/** A message with every member, each with a value of its own. */
function example(message: string): Message {
  return Object.fromEntries(
    Object.entries(messageShapes[message] ?? {}).map(([name, shape], at) => [
      name,
      exampleOf(shape, { message, name, at: at + 1 }),
    ]),
  );
}

interface Place {
  readonly message: string;
  readonly name: string;
  readonly at: number;
}

function exampleOf(shape: FieldShape, place: Place): unknown {
  if (typeof shape === "string") return exampleScalar(shape, place);
  if ("message" in shape) return example(shape.message);
  if ("list" in shape) return [exampleOf(shape.list, place), exampleOf(shape.list, place)];
  if ("wrappedList" in shape) return [exampleOf(shape.wrappedList, place)];
  return { key: exampleOf(shape.map, place) };
}

function exampleScalar(shape: "plain" | "long" | "time" | "bytes", place: Place): unknown {
  if (shape === "long") return place.at;
  if (shape === "time") return 1_523_477_145_713 + place.at;
  if (shape === "bytes") return Uint8Array.of(0, 255, place.at);
  return plainExample(place);
}

function plainExample({ message, name, at }: Place): unknown {
  const typeOf = plainTypes(message)[name];
  if (typeOf === "TYPE_BOOL") return at % 2 === 0;
  return typeOf === "TYPE_INT32" ? at : `${name} ${at}`;
}

/** Every scalar of a request with the value that proto3 would not send: it must arrive. */
function blankRequest(message: string): Message {
  const scalars = Object.entries(messageShapes[message] ?? {}).flatMap(([name, shape]) => {
    if (typeof shape !== "string") return [];
    return [[name, blankScalar(shape, plainTypes(message)[name])] as const];
  });
  return { ...requiredLists(message), ...Object.fromEntries(scalars) };
}

function blankScalar(shape: "plain" | "long" | "time" | "bytes", type: unknown): unknown {
  if (shape === "bytes") return new Uint8Array();
  if (shape !== "plain" || type === "TYPE_INT32") return 0;
  return type === "TYPE_BOOL" ? false : "";
}

function requiredLists(message: string): Message {
  const lists = Object.entries(messageShapes[message] ?? {}).filter(
    ([, shape]) => typeof shape === "object" && "list" in shape && shape.empty === "kept",
  );
  return Object.fromEntries(lists.map(([name]) => [name, []]));
}

/** What the descriptor that is loaded at run time says of each field. */
function plainTypes(message: string): Readonly<Record<string, unknown>> {
  const { field } = descriptor(message);
  return Object.fromEntries(field.map(({ name, type }) => [camelCase(name), type]));
}

interface Descriptor {
  readonly field: readonly { readonly name: string; readonly type: unknown }[];
}

function descriptor(message: string): Descriptor {
  const definition = publicPackage()[`holdfast.v1.${message}`];
  assert.ok(definition !== undefined && "type" in definition, `proto/ has ${message}`);
  return definition.type as Descriptor;
}

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
