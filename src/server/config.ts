// One node's configuration file and its administrator's: parsed into values that the rest can
// trust, or refused in one sentence that names the file and the field.
import { accessSync, closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { clusterId, nodeId } from "../base/ids.ts";
import { limitsSection, wholeNumber } from "./limits-section.ts";
import { watchSection } from "./watch-section.ts";

/** A configuration that cannot be used: the node exits with 78 and is not started again. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
}

/** What one node is told at its start. Addresses are `host:port`, paths are absolute. */
export type Configuration = z.infer<typeof configurationSchema>;

/** What the file may say, before anything is filled in. */
export type ConfigurationFile = z.input<typeof configurationSchema>;

/** The first administrator of a region: what authentication needs to recognise it. */
export type Administrator = z.infer<typeof administratorSchema>;

export interface Address {
  readonly host: string;
  readonly port: number;
}

const identifier = z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/, {
  error: "must be 1 to 64 lower-case letters, digits and inner hyphens",
});

const address = z.string().refine((text) => parseAddress(text) !== undefined, {
  error: "must be host:port with a port from 1 to 65535",
});

const filePath = z.string().min(1, { error: "must not be empty" });

const addresses = z.strictObject({ grpc: address, https: address, peer: address });

/** How a node whose data directory is empty begins. Data that is there knows better. */
const start = z.discriminatedUnion("kind", [
  /** As the only member of a new region. */
  z.strictObject({ kind: z.literal("found") }),
  /** As a learner of a region that exists, let in by a ticket of `holdfast cluster add`. */
  z.strictObject({
    kind: z.literal("join"),
    token: z.string().min(1, { error: "must not be empty" }),
    /** Peer addresses of members. */
    through: z.array(address).min(1, { error: "must name at least one member" }),
  }),
]);

const configurationSchema = z.strictObject({
  clusterId: identifier.transform(clusterId),
  region: identifier,
  account: z.string().regex(/^\d{12}$/, { error: "must be twelve digits" }),
  nodeId: identifier.transform(nodeId),
  dataDir: filePath,
  listen: addresses,
  /** Where others reach the node, if that is not where it listens. */
  advertise: addresses.optional(),
  start: start.optional(),
  /** Where others were last seen, for data from before the region kept addresses itself. */
  lastSeen: z
    .array(z.strictObject({ id: identifier.transform(nodeId), peer: address }))
    .default([]),
  members: z
    .never({ error: "is not used any more: a region knows its members; leave it out" })
    .optional(),
  tls: z.strictObject({
    server: z.strictObject({ cert: filePath, key: filePath }),
    peer: z.strictObject({ ca: filePath, cert: filePath, key: filePath }),
  }),
  rootKeyFile: filePath,
  administratorFile: filePath,
  /** The names a request's Host header may have, without a port. */
  hostNames: z
    .array(
      z.string().regex(/^[A-Za-z0-9.:[\]-]+$/, { error: "must be a host name without a port" }),
    )
    .min(1, { error: "must name at least one host" }),
  raft: z
    .strictObject({
      tickMs: wholeNumber({ from: 5, to: 10_000 }).default(75),
      electionTicks: wholeNumber({ from: 3, to: 1_000 }).default(10),
    })
    .prefault({}),
  /** When the leader makes a learner a voter: so close behind, and for so long. */
  promotion: z
    .strictObject({
      lagEntries: wholeNumber({ from: 1, to: 1_000_000 }).default(1_000),
      stableMs: wholeNumber({ from: 0, to: 3_600_000 }).default(10_000),
    })
    .prefault({}),
  /** What is set aside for a full disk, and what must be free for anything new; less if small. */
  disk: z
    .strictObject({
      reserveMiB: wholeNumber({ from: 0, to: 1_048_576 }).default(64),
      lowSpaceMiB: wholeNumber({ from: 0, to: 1_048_576 }).default(256),
    })
    .prefault({}),
  limits: limitsSection.prefault({}),
  watch: watchSection.prefault({}),
  logLevel: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
  /** Whether the gRPC reflection service is offered. */
  reflection: z.boolean().default(false),
});

const administratorSchema = z.strictObject({
  principalArn: z.string().regex(/^arn:aws:iam::\d{12}:user\/[\w+=,.@/-]+$/, {
    error: "must be arn:aws:iam::<account>:user/<name>",
  }),
  /** Of the whole token, `hft_` included, as UTF-8; lower-case hex. */
  tokenSha256: z.string().regex(/^[0-9a-f]{64}$/, { error: "must be 64 hex digits" }),
  accessKeyId: z.string().regex(/^HFKA[A-Z2-7]{16}$/, {
    error: "must be HFKA and sixteen base32 characters",
  }),
  secretAccessKey: z.string().regex(/^[A-Za-z0-9+/]{40}$/, { error: "must be 40 characters" }),
});

/**
 * Reads a node's configuration. A relative path in it is seen from the folder of the file.
 *
 * Every file it names must be there and readable; `dataDir` need not exist yet.
 */
export function loadConfiguration(path: string): Configuration {
  const configuration = parseFile(path, readText(path), configurationSchema);
  const absolute = withAbsolutePaths(configuration, dirname(resolve(path)));
  checkFiles(path, absolute);
  return absolute;
}

/** Reads an administrator's file, which only its owner may be able to read. */
export function loadAdministrator(path: string): Administrator {
  return parseFile(path, readOwnersText(path), administratorSchema);
}

/** Splits `host:port`; an IPv6 host is written in brackets, and given without them. */
export function parseAddress(text: string): Address | undefined {
  const groups = /^(?:\[(?<ipv6>[0-9a-fA-F:.]+)\]|(?<host>[A-Za-z0-9.-]+)):(?<port>\d{1,5})$/.exec(
    text,
  )?.groups;
  const host = groups?.["ipv6"] ?? groups?.["host"];
  const port = Number(groups?.["port"]);
  if (host === undefined || port < 1 || port > 65_535) return undefined;
  return { host, port };
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** Checks and reads through one descriptor, so that nobody can put another file in between. */
function readOwnersText(path: string): string {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    throw unreadable(path, error);
  }
  try {
    const { mode, uid } = fstatSync(descriptor);
    if ((mode & 0o077) !== 0) {
      throw new ConfigurationError(
        `${path} can be read by others (mode ${(mode & 0o777).toString(8)}): chmod 600 it.`,
      );
    }
    if (uid !== (process.geteuid?.() ?? uid)) {
      throw new ConfigurationError(`${path} belongs to another user than the one who runs this.`);
    }
    return readFileSync(descriptor, "utf8");
  } finally {
    closeSync(descriptor);
  }
}

function unreadable(path: string, error: unknown): ConfigurationError {
  return new ConfigurationError(`${path} cannot be read (${codeOf(error)}).`);
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown error";
}

function parseFile<Schema extends z.ZodType>(
  path: string,
  text: string,
  schema: Schema,
): z.infer<Schema> {
  const parsed = schema.safeParse(parseJson(path, text), { error: describeIssue });
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue === undefined ? "" : fieldOf(issue.path);
  throw new ConfigurationError(`${path}: ${field} ${issue?.message ?? "is not valid"}.`);
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which may be an administrator's.
    throw new ConfigurationError(`${path} is not JSON.`);
  }
}

function fieldOf(path: readonly PropertyKey[]): string {
  const field = path.map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`));
  return path.length === 0 ? "the file" : field.join("").replace(/^\./, "");
}

/** What is wrong with a field, in words that follow its name. Values are never repeated. */
function describeIssue(issue: z.core.$ZodRawIssue): string {
  if (issue.code === "unrecognized_keys") {
    const keys = issue.keys.map((key) => `"${key}"`).join(", ");
    return `has an unknown key: ${keys}`;
  }
  if (issue.input === undefined) return "is missing";
  if (issue.code === "invalid_type") return `must be of type ${issue.expected}`;
  if (issue.code === "invalid_union" && issue.discriminator === "kind") {
    return "must be one of found, join";
  }
  if (issue.code === "invalid_value") return `must be one of ${issue.values.join(", ")}`;
  return "is not valid";
}

function withAbsolutePaths(configuration: Configuration, folder: string): Configuration {
  const { server, peer } = configuration.tls;
  const seen = (path: string): string => resolve(folder, path);
  return {
    ...configuration,
    dataDir: seen(configuration.dataDir),
    rootKeyFile: seen(configuration.rootKeyFile),
    administratorFile: seen(configuration.administratorFile),
    tls: {
      server: { cert: seen(server.cert), key: seen(server.key) },
      peer: { ca: seen(peer.ca), cert: seen(peer.cert), key: seen(peer.key) },
    },
  };
}

function checkFiles(path: string, { tls, rootKeyFile, administratorFile }: Configuration): void {
  const files = {
    "tls.server.cert": tls.server.cert,
    "tls.server.key": tls.server.key,
    "tls.peer.ca": tls.peer.ca,
    "tls.peer.cert": tls.peer.cert,
    "tls.peer.key": tls.peer.key,
    rootKeyFile,
    administratorFile,
  };
  for (const [field, file] of Object.entries(files)) {
    try {
      accessSync(file, constants.R_OK);
    } catch (error) {
      throw new ConfigurationError(
        `${path}: ${field} names ${file}, which cannot be read (${codeOf(error)}).`,
      );
    }
  }
}
