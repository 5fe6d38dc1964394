// The tests of one face: every case of every section, against one node that is started once.
import { after, before, describe, it } from "mocha";
import type { Face } from "./aws-answer.ts";
import { allCases, ownName, sections } from "./all-cases.ts";
import { home, openFace, type FaceName } from "./one-node-region.ts";
import { runCase } from "./run-case.ts";

export function describeConformance(title: string, faceName: FaceName): void {
  describe(title, function () {
    this.timeout(60_000);

    let face: Face;

    before(async () => {
      face = await openFace(faceName);
    });

    after(async () => {
      await face[Symbol.asyncDispose]();
    });

    for (const [section, cases] of sections) {
      describe(section, () => {
        for (const one of cases) {
          if (faceName === "grpc" && one.only === "https") continue;
          it(`${one.row}: ${one.says}`, async () => {
            await runCase(one, {
              face,
              home,
              name: ownName(allCases.indexOf(one)),
              emptyLists: faceName === "https" ? "kept" : "left out",
            });
          });
        }
      });
    }
  });
}
