// Arbitrary values of a shape, for properties that hold for every request and answer.
import fc from "fast-check";
import { epochMs } from "../../../src/base/ids.ts";
import type { Members, Shape } from "../../../src/services/operations/shape.ts";

/** What fits the type of `members`; whether it is within the limits is left to chance. */
export function valuesOfMembers(members: Members): fc.Arbitrary<Readonly<Record<string, unknown>>> {
  const content = Object.fromEntries(
    Object.entries(members).map(([name, { shape }]) => [name, valuesOf(shape)]),
  );
  return fc.record(content, { requiredKeys: [], noNullPrototype: true });
}

function valuesOf(shape: Shape): fc.Arbitrary<unknown> {
  switch (shape.kind) {
    case "string":
      return fc.string({ unit: "binary" });
    case "enum":
      return fc.constantFrom(...shape.values);
    case "blob":
      return fc.uint8Array();
    case "boolean":
      return fc.boolean();
    case "integer":
      return fc.maxSafeInteger();
    case "timestamp":
      // Until the end of the year 9999.
      return fc.integer({ min: 0, max: 253_402_300_799_999 }).map(epochMs);
    case "list":
      return fc.array(valuesOf(shape.item), { maxLength: 4 });
    case "map":
      return fc
        .array(fc.tuple(fc.uuid(), valuesOf(shape.value)), { maxLength: 4 })
        .map((entries) => new Map(entries));
    case "structure":
      return valuesOfMembers(shape.members);
  }
}
