// Where the nodes of a region are: how their addresses are written.

/** `host:port`, or `[address]:port` for IPv6. */
const endpointPattern = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})$/;

/** Takes addresses apart: any number of them, with commas between. Throws a sentence. */
export function parseEndpoints(text: string): readonly string[] {
  const endpoints = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part.length > 0);
  for (const endpoint of endpoints) {
    const port = Number(endpointPattern.exec(endpoint)?.[2] ?? 0);
    if (port < 1 || port > 65_535) {
      throw new TypeError(
        `Cannot use the endpoint "${endpoint}": expected host:port, such as localhost:7001`,
      );
    }
  }
  return endpoints;
}

/** Host and port of what `parseEndpoints` took; an IPv6 address without its brackets. */
export function placeOf(endpoint: string): { readonly host: string; readonly port: number } {
  const [, host = "", port = "443"] = endpointPattern.exec(endpoint) ?? [undefined, endpoint];
  return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
}
