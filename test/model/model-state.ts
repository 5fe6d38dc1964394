// All that the model remembers: secrets in the order in which they were made.

export interface ModelVersion {
  readonly id: string;
  readonly createdAt: number;
  readonly kind: "SecretString" | "SecretBinary";
  readonly value: string;
  accessedDay?: number;
}

export interface ModelSecret {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: number;
  changedAt: number;
  description: string;
  type: string;
  /** Key and value; nothing until it is tagged for the first time. */
  tags: [key: string, value: string][] | undefined;
  /** Oldest first. */
  versions: ModelVersion[];
  /** Which version each label is on. */
  labels: Map<string, string>;
  /** The token of a creation without a value. */
  creationToken?: string | undefined;
  deletion?: { readonly at: number; readonly until: number } | undefined;
  accessedDay?: number;
  policy?: string | undefined;
}

export interface ModelState {
  secrets: ModelSecret[];
}

export interface ModelLimits {
  readonly versions: number;
  readonly labels: number;
  readonly tags: number;
}

export const dayMs = 86_400_000;

export function copyOf(state: ModelState): ModelState {
  return structuredClone(state);
}
