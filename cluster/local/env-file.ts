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

export function environmentOf(region: ClusterRegion, credentials: Credentials): RegionEnvironment {
  const endpoints = endpointsOf(presentNodes(region));
  return {
    HOLDFAST_ENDPOINT: endpoints.HOLDFAST_ENDPOINT,
    HOLDFAST_TOKEN: credentials.token,
    HOLDFAST_CA_FILE: region.caFile,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoints.AWS_ENDPOINT_URL_SECRETS_MANAGER,
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

/** Makes these nodes of the region those that are asked. */
export function pointEnvFile(path: string, nodes: readonly ClusterNode[]): void {
  const environment = readEnvFile(path) as unknown as RegionEnvironment;
  const pointed = { ...environment, ...endpointsOf(nodes) };
  writeWholeFile(path, renderEnvFile(pointed), "owner");
}

type Endpoints = Pick<RegionEnvironment, "HOLDFAST_ENDPOINT" | "AWS_ENDPOINT_URL_SECRETS_MANAGER">;

/** One node each, whatever reads them: not every gRPC client takes a list. Any node answers. */
function endpointsOf(nodes: readonly ClusterNode[]): Endpoints {
  const [first] = nodes;
  if (first === undefined) throw new Error("A region has a node.");
  return {
    HOLDFAST_ENDPOINT: first.grpc,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: first.https,
  };
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
