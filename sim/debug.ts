import { runSeed } from "./run-seed.ts";

const [seed = "1", profile = "storm", seconds = "3600", only] = process.argv
  .slice(2)
  .filter((a) => !a.startsWith("-"));
const result = await runSeed({
  seed: Number(seed),
  profile: profile as "storm",
  lastsMs: Number(seconds) * 1000,
  only,
  isVerbose: process.argv.includes("-v"),
  stopsAtFinding: process.argv.includes("-1"),
});
const { timeline, ...rest } = result;
if (process.argv.includes("-p"))
  for (const { at, about, line } of timeline) console.log((at / 1000).toFixed(3), about, line);
console.log(JSON.stringify(rest, null, 1));
process.exit(0);
