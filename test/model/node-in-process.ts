// One node without a wire, a log or a clock of its own: thousands of calls a second.
import { storedSecretArn } from "../../src/base/arn.ts";
import { callerOf, serviceNode } from "../services/service-node.ts";
import { callDispatcher, type ServiceUnderTest } from "./service-under-test.ts";

export const smallLimits = { versions: 8, labels: 6, tags: 4 } as const;

export async function nodeInProcess(): Promise<ServiceUnderTest> {
  const node = await serviceNode({ limits: { secret: smallLimits } });
  const { group, clock, dispatcher, parts } = node;

  /** What access-report.ts does, at once. */
  async function tellReads(): Promise<void> {
    for (;;) {
      const noted = parts.accessNotes.batch(500);
      if (noted === undefined) return;
      await group.propose({ kind: "note_accesses", ...noted });
      parts.accessNotes.settle(noted);
    }
  }

  /** What deletion-upkeep.ts does, at once. */
  async function purge(): Promise<void> {
    const all = await group.view.namesByOrder({
      direction: "ascending",
      after: undefined,
      limit: 1000,
    });
    const targets = all.flatMap(({ name }) => {
      const secret = group.view.secret(name);
      return secret === undefined ? [] : [{ name, arn: storedSecretArn(secret.arn) }];
    });
    await group.propose({ kind: "purge_secrets", targets });
  }

  return {
    limits: smallLimits,
    time: "set",
    now: () => clock.now(),
    call: async (operation, request) => {
      // A search by the last read goes by what the state knows.
      if (operation === "ListSecrets") await tellReads();
      return callDispatcher(dispatcher, callerOf(clock), [operation, request]);
    },
    happen: async (_, ms) => {
      clock.advance(ms);
      await purge();
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
