// Every case there is, section by section.
import type { ConformanceCase } from "./conformance-case.ts";
import { section16 } from "./tables/section-16.ts";
import { section2 } from "./tables/section-2.ts";
import { section3 } from "./tables/section-3.ts";
import { section4 } from "./tables/section-4.ts";
import { section5Change } from "./tables/section-5-change.ts";
import { section5List } from "./tables/section-5-list.ts";
import { section5Rest } from "./tables/section-5-rest.ts";
import { section5Write } from "./tables/section-5-write.ts";
import { section6To8 } from "./tables/section-6-to-8.ts";

export const sections: readonly (readonly [title: string, cases: readonly ConformanceCase[]])[] = [
  ["§2, identity", section2],
  ["§3, values and versions", section3],
  ["§4, idempotency", section4],
  ["§5.1 to §5.4, writing and reading values", section5Write],
  ["§5.5 to §5.8, lists and descriptions", section5List],
  ["§5.9 to §5.13, deletion, labels and rotation", section5Change],
  ["§5.14 to §5.17, passwords, policies, tags and replicas", section5Rest],
  ["§6 to §8, keys, quotas and consistency", section6To8],
  ["§16, traps", section16],
];

export const allCases: readonly ConformanceCase[] = sections.flatMap(([, cases]) => cases);

/** The name a case has for its own secrets: two words to a search, and no other's beginning. */
export function ownName(number: number): string {
  return `zq${String(number).padStart(4, "0")}`;
}
