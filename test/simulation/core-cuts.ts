// Cuts in the network of a simulation. Each says what was done, for the record of events.
import type { Chance } from "./chance.ts";
import type { ModelNetwork } from "./model-network.ts";
import type { ModelNode } from "./model-node.ts";

/** One node is cut off: it hears nobody, or nobody hears it, or both. */
export function isolate(
  network: ModelNetwork,
  chance: Chance,
  { node, nodes }: { readonly node: ModelNode; readonly nodes: readonly ModelNode[] },
): string {
  const directions = chance.below(3);
  for (const { id } of nodes) {
    if (directions !== 0) network.cut(node.id, id);
    if (directions !== 1) network.cut(id, node.id);
  }
  return `is cut off (${String(directions)})`;
}

/** Some nodes are cut off from the others: both ways, or only in what they say. */
export function partition(
  network: ModelNetwork,
  chance: Chance,
  nodes: readonly ModelNode[],
): string {
  const some = nodes.filter(() => chance.happens(0.4));
  const isOneWay = chance.happens(0.3);
  for (const from of some) {
    for (const to of nodes.filter((node) => !some.includes(node))) {
      network.cut(from.id, to.id);
      if (!isOneWay) network.cut(to.id, from.id);
    }
  }
  const cutOff = some.map(({ id }) => id).join(" ");
  return `cut off ${isOneWay ? "one way" : "both ways"}: ${cutOff}`;
}
