// How a node learns that it is no member any more.

/**
 * The node was removed from its region and its id is burned: it must stop, and starting it again
 * finds the same. Its data can be deleted.
 */
export class NodeRemovedError extends Error {
  override readonly name = "NodeRemovedError";

  constructor(node: string) {
    super(
      `Node "${node}" was removed from its region and stops for good. To bring this machine back, ` +
        "delete its data directory and let it join as a new node, with a new id",
    );
  }
}
