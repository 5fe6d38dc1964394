// A request as the AWS endpoint takes it, as JSON, and the same for gRPC.

/** Members as AWS spells them; bytes in base64. */
export type AwsRequest = Readonly<Record<string, unknown>>;

/** `SecretId` is `secretId` in proto/, in messages within messages too, and bytes are bytes. */
export function forGrpc(request: AwsRequest): object {
  return lowerCamel(request) as object;
}

function lowerCamel(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lowerCamel);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name.charAt(0).toLowerCase() + name.slice(1),
      name === "SecretBinary" ? Buffer.from(String(member), "base64") : lowerCamel(member),
    ]),
  );
}

/** A version id or a client request token. */
export function token(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
}
