// env/<region>.env: what a shell sources to become the administrator of a region.
import { readFileSync } from "node:fs";
import { presentNodes, type ClusterNode, type ClusterRegion } from "./cluster-file.ts";
import type { Credentials } from "./credentials.ts";
import { writeWholeFile } from "./whole-file.ts";

export interface RegionEnvironment {
  readonly HOLDFAST_ENDPOINT: string;
  readonly HOLDFAST_TOKEN: string;
  readonly HOLDFAST_CA_FILE: string;
  readonly AWS_ENDPOINT_URL_SECRETS_MANAGER: string;
  readonly AWS_ACCESS_KEY_ID: string;
  readonly AWS_SECRET_ACCESS_KEY: string;
  readonly AWS_REGION: string;
  readonly AWS_DEFAULT_REGION: string;
  readonly AWS_CA_BUNDLE: string;
  readonly NODE_EXTRA_CA_CERTS: string;
}

/** Both endpoints are those of the region's first node: any node answers. */
export function environmentOf(region: ClusterRegion, credentials: Credentials): RegionEnvironment {
  const [first] = presentNodes(region);
  if (first === undefined) throw new Error(`Region ${region.name} has no node.`);
  return {
    HOLDFAST_ENDPOINT: first.grpc,
    HOLDFAST_TOKEN: credentials.token,
    HOLDFAST_CA_FILE: region.caFile,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: first.https,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_REGION: region.name,
    AWS_DEFAULT_REGION: region.name,
    AWS_CA_BUNDLE: region.caFile,
    NODE_EXTRA_CA_CERTS: region.caFile,
  };
}

/** Lines for any POSIX shell. In single quotes, only a single quote means anything. */
export function renderEnvFile(environment: RegionEnvironment): string {
  return Object.entries(environment)
    .map(([name, value]) => `export ${name}='${String(value).replaceAll("'", `'\\''`)}'\n`)
    .join("");
}

/** Makes another node of the region the one that is asked. */
export function pointEnvFile(path: string, { grpc, https }: ClusterNode): void {
  const environment = readEnvFile(path) as unknown as RegionEnvironment;
  const pointed = {
    ...environment,
    HOLDFAST_ENDPOINT: grpc,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: https,
  };
  writeWholeFile(path, renderEnvFile(pointed), "owner");
}

/** Reads back what `renderEnvFile` wrote. */
export function readEnvFile(path: string): Readonly<Record<string, string>> {
  const variables: Record<string, string> = {};
  for (const line of readFileSync(path, "utf8").split("\n")) {
    const [, name, quoted] = /^export ([A-Z0-9_]+)='(.*)'$/.exec(line) ?? [];
    if (name !== undefined && quoted !== undefined) {
      variables[name] = quoted.replaceAll(`'\\''`, "'");
    }
  }
  return variables;
}
