// The node that changed requests are shown to: a real dispatcher over a real state machine with
// real keys, and with the secrets that the corpus speaks of.
import { memberHandlers } from "../../src/services/change-members.ts";
import { Dispatcher } from "../../src/services/dispatcher.ts";
import type { DraftOf, SecretOperationName } from "../../src/services/operations/operations.ts";
import { secretHandlers } from "../../src/services/secret-service.ts";
import { callerOf, serviceNode, token, type ServiceNode } from "../services/service-node.ts";
import { Chance } from "./chance.ts";
import { canary } from "./corpus.ts";

export interface FuzzNode {
  /** Answers as the wires do: refusals and everything else are thrown. */
  call(operation: SecretOperationName, draft: DraftOf<SecretOperationName>): Promise<object>;
  /** Every page token that was given out. */
  readonly pageTokens: ReadonlySet<string>;
}

export async function fuzzNode(): Promise<FuzzNode> {
  const node = await serviceNode({ seed: "fuzz" });
  const chance = new Chance(1, 1);
  // The chance of the service's tests takes a hash for each number, and a password takes thousands.
  const entropy = { ...node.parts.entropy, below: (limit: number) => chance.below(limit) };
  const handlers = { ...secretHandlers, ...memberHandlers };
  const dispatcher = new Dispatcher({ ...node.parts, entropy }, handlers);
  await prepare(node);
  const pages = [
    await node.call("ListSecrets", { maxResults: 1 }),
    await node.call("ListSecretVersionIds", { maxResults: 1, secretId: "db" }),
  ];
  const pageTokens = new Set(pages.flatMap(({ nextToken }) => nextToken ?? []));
  return {
    pageTokens,
    call: async (operation, draft) => {
      const answer = await dispatcher.call(operation, callerOf(node.clock), draft);
      // Each call takes a little while: nothing must stay within one moment of the clock.
      node.clock.advance(1);
      if ("nextToken" in answer && typeof answer.nextToken === "string") {
        pageTokens.add(answer.nextToken);
      }
      return answer;
    },
  };
}

async function prepare(node: ServiceNode): Promise<void> {
  const first = { clientRequestToken: token(1) };
  const tags = [{ key: "team", value: "payments" }];
  await node.call("CreateSecret", { name: "db", ...first, secretString: canary });
  await node.call("PutSecretValue", {
    secretId: "db",
    clientRequestToken: token(2),
    secretString: `${canary}2`,
  });
  await node.call("CreateSecret", { name: "bin", ...first, secretBinary: Buffer.from(canary) });
  await node.call("CreateSecret", { name: "gone", ...first, secretString: canary });
  await node.call("DeleteSecret", { secretId: "gone" });
  await node.call("CreateSecret", { name: "tagged", ...first, tags, description: "the DescTwo" });
  await node.call("CreateSecret", { name: "prod/AppBeta/x", ...first });
}
