// The one table of the operations, and the types that follow from it: those of Secrets Manager, and
// ours on the members of a region.
// Source: the service model of AWS, secretsmanager 2017-10-17. The tests hold an extract of it,
// with every member, constraint and required list, and compare.
import { catalogueOperations } from "./catalogue-operations.ts";
import { clusterOperations } from "./cluster-operations.ts";
import { governanceOperations } from "./governance-operations.ts";
import { nodeOperations } from "./node-operations.ts";
import type { Operation, OperationKind } from "./operation.ts";
import type { DraftStructureOf, StructureOf } from "./shape.ts";
import { valueOperations } from "./value-operations.ts";

const secretOperations = {
  ...valueOperations,
  ...catalogueOperations,
  ...governanceOperations,
} as const satisfies Record<string, Operation>;

export const operations = {
  ...secretOperations,
  ...clusterOperations,
  ...nodeOperations,
} as const satisfies Record<string, Operation>;

export type OperationName = keyof typeof operations;

/** Those that callers have; the others are for nodes only. */
export type PublicOperationName = SecretOperationName | keyof typeof clusterOperations;

/** The 23 of AWS Secrets Manager. */
export type SecretOperationName = keyof typeof secretOperations;

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

export const secretOperationNames = Object.keys(secretOperations) as readonly SecretOperationName[];
export const clusterOperationNames = Object.keys(
  clusterOperations,
) as readonly (keyof typeof clusterOperations)[];

/** Every name there is. Sets, so that a name off the wire cannot meet `Object.prototype`. */
const secretNames: ReadonlySet<string> = new Set(secretOperationNames);
const allNames: ReadonlySet<string> = new Set(Object.keys(operations));

/**
 * The operation that `text` names exactly, or nothing. Some are for nodes only: what comes off a
 * public wire is looked up among its own.
 */
export function operationNamed(text: string): OperationName | undefined {
  return allNames.has(text) ? (text as OperationName) : undefined;
}

/** The operation of Secrets Manager that `text` names exactly, or nothing. */
export function secretOperationNamed(text: string): SecretOperationName | undefined {
  return secretNames.has(text) ? (text as SecretOperationName) : undefined;
}

export function isSecretOperation(name: OperationName): name is SecretOperationName {
  return secretNames.has(name);
}

export function operationKind(name: OperationName): OperationKind {
  return operations[name].kind;
}
