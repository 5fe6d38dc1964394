// The one table of the operations of Secrets Manager, and the types that follow from it.
// Source: the service model of AWS, secretsmanager 2017-10-17. The tests hold an extract of it,
// with every member, constraint and required list, and compare.
import { catalogueOperations } from "./catalogue-operations.ts";
import { governanceOperations } from "./governance-operations.ts";
import type { Operation, OperationKind } from "./operation.ts";
import type { DraftStructureOf, StructureOf } from "./shape.ts";
import { valueOperations } from "./value-operations.ts";

export const operations = {
  ...valueOperations,
  ...catalogueOperations,
  ...governanceOperations,
} as const satisfies Record<string, Operation>;

export type OperationName = keyof typeof operations;

/** A request whose members are present and within the limits of the model. */
export type RequestOf<Name extends OperationName> = Name extends OperationName
  ? StructureOf<(typeof operations)[Name]["input"]>
  : never;

/** A request as it came in: nothing is known but the type of what is there. */
export type DraftOf<Name extends OperationName> = Name extends OperationName
  ? DraftStructureOf<(typeof operations)[Name]["input"]>
  : never;

export type ResponseOf<Name extends OperationName> = Name extends OperationName
  ? StructureOf<(typeof operations)[Name]["output"]>
  : never;

/** Every name there is. A map, so that a name off the wire cannot meet `Object.prototype`. */
const byName: ReadonlyMap<string, OperationName> = new Map(
  (Object.keys(operations) as OperationName[]).map((name) => [name, name]),
);

export const operationNames: readonly OperationName[] = [...byName.values()];

/** The operation that `text` names exactly, or nothing. */
export function operationNamed(text: string): OperationName | undefined {
  return byName.get(text);
}

export function operationKind(name: OperationName): OperationKind {
  return operations[name].kind;
}
