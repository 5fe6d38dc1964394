// The public services as the servers and the clients of grpc-js want them, loaded from proto/.
// The files ship with the package; never load one that somebody sent.
import { join } from "node:path";
import { loadSync, type PackageDefinition, type ServiceDefinition } from "@grpc/proto-loader";
import { assert } from "./assert.ts";
import { packageFolder } from "./package-folder.ts";

export type PublicService = "Backup" | "Cluster" | "SecretsManager" | "Watch";

let loaded: PackageDefinition | undefined;

/** Everything in proto/holdfast/v1, read once a process. */
export function publicPackage(): PackageDefinition {
  // The options are those of scripts/generate-types.mjs: what it says of a message is then so.
  loaded ??= loadSync(
    ["backup", "cluster", "secrets_manager", "watch"].map((name) => `holdfast/v1/${name}.proto`),
    {
      includeDirs: [join(packageFolder(), "proto")],
      longs: String,
      enums: String,
      bytes: Buffer,
      oneofs: true,
    },
  );
  return loaded;
}

export function publicService(name: PublicService): ServiceDefinition {
  const service = publicPackage()[`holdfast.v1.${name}`];
  assert(service !== undefined, "proto/ has every public service");
  return service as ServiceDefinition;
}
