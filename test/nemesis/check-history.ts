// `npm run check-history FILE ...`: judges histories that were kept, again.
import { readHistory } from "./history.ts";
import { describeVerdict, judge } from "./verdict.ts";

const files = process.argv.slice(2);
if (files.length === 0) {
  console.error("Say which: npm run check-history FILE ...");
  process.exitCode = 2;
}
for (const file of files) {
  const history = readHistory(file);
  const verdict = judge(history);
  const { seed, commit } = history.header;
  console.log(`${file} (seed ${seed}, commit ${commit})\n  ${describeVerdict(verdict)}`);
  if (verdict.contradictions.length > 0) process.exitCode = 1;
}
