// Where the nodes of a region are: how their addresses are written, and which one is asked next.

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

/** Goes round the nodes, and stays with one as long as it answers. */
export class EndpointRing<Node> {
  readonly #nodes: readonly [Node, ...Node[]];
  #at = 0;

  constructor(nodes: readonly [Node, ...Node[]]) {
    this.#nodes = nodes;
  }

  get size(): number {
    return this.#nodes.length;
  }

  get current(): Node {
    return this.#nodes[this.#at] ?? this.#nodes[0];
  }

  /** Moves on from `failed`, unless another call has done so already. */
  leave(failed: Node): void {
    if (failed === this.current) this.#at = (this.#at + 1) % this.#nodes.length;
  }
}
