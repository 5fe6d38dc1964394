import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { packageFolder } from "../../src/base/package-folder.ts";
import { limitsSection, serviceLimits } from "../../src/server/limits-section.ts";
import { defaultRequestRates, rateGroupOf } from "../../src/services/rate-limits.ts";

const runbook = readFileSync(join(packageFolder(), "cluster/README.md"), "utf8");

/** The rows of the table whose first heading is this, by their first cell. */
function tableOf(heading: string): ReadonlyMap<string, readonly string[]> {
  const lines = runbook.split("\n");
  const first = lines.findIndex((line) => line.startsWith(`| \`${heading}\``));
  assert.notEqual(first, -1, heading);
  const end = lines.findIndex((line, at) => at > first && !line.startsWith("|"));
  const rows = lines.slice(first + 2, end).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  return new Map(rows.map(([name = "", ...cells]) => [name.replaceAll("`", ""), cells]));
}

describe("the limits that the runbook tells of", () => {
  const defaults: Record<string, Record<string, number>> = limitsSection.parse({});
  for (const [section, fields] of Object.entries(defaults)) {
    it(`are those of ${section}, with their defaults`, () => {
      const table = tableOf(section);

      assert.deepEqual([...table.keys()].sort(), Object.keys(fields).sort());
      for (const [field, value] of Object.entries(fields)) {
        assert.equal(table.get(field)?.[0], String(value), field);
      }
    });
  }

  it("name the operations that each counts", () => {
    const table = tableOf("requestsPerSecond");

    for (const [operation, group] of Object.entries(rateGroupOf)) {
      const counted = table.get(group)?.[1] ?? "";
      const isNamed = counted.includes(operation);
      assert.ok(isNamed || /replication|members/.test(counted), `${group} counts ${operation}`);
    }
  });
});

describe("serviceLimits", () => {
  it("has the quotas of AWS when nothing else is said", () => {
    const { quotas, requestsPerSecond } = limitsSection.parse({});

    assert.deepEqual(serviceLimits(quotas), {
      secret: { versions: 100, labels: 20, tags: 50 },
      secretsPerRegion: 500_000,
    });
    assert.deepEqual(requestsPerSecond, defaultRequestRates);
  });
});
