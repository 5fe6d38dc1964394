// `npm run test:model -- --sequences N --seed S [--calls 1000] [--nodes 1|3]`: more of the same as
// `npm test` plays, or one seed again.
import { parseArgs } from "node:util";
import { compare, type Comparison } from "./compare.ts";
import { nodeInProcess } from "./node-in-process.ts";
import { threeNodes } from "./three-nodes.ts";

const { values } = parseArgs({
  options: {
    sequences: { type: "string", default: "100" },
    seed: { type: "string", default: "1" },
    calls: { type: "string", default: "1000" },
    nodes: { type: "string", default: "1" },
  },
  strict: true,
});

const calls = Number(values.calls);
const isRegion = values.nodes === "3";
const comparison: Comparison = {
  open: isRegion ? threeNodes : nodeInProcess,
  choices: isRegion ? { time: "real", kills: true } : { time: "set", kills: false },
  calls,
  again: (seed) =>
    `npm run test:model -- --nodes ${values.nodes} --calls ${calls} --sequences 1 --seed ${seed}`,
  shrinks: !isRegion,
};

const total = { answered: 0, refused: 0, unknown: 0 };
const begun = performance.now();
for (let at = 0; at < Number(values.sequences); at += 1) {
  try {
    const played = await compare(Number(values.seed) + at, comparison);
    total.answered += played.answered;
    total.refused += played.refused;
    total.unknown += played.unknown;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}
const seconds = ((performance.now() - begun) / 1000).toFixed(1);
console.log(
  `${values.sequences} sequences of ${calls} calls on ${values.nodes} from seed ${values.seed}: ` +
    `${total.answered} answers like the model's, ${total.refused} of them refusals, ` +
    `${total.unknown} asked again for an outcome nobody knew; ${seconds} s`,
);
process.exit(0);
