import { populate } from "./world/population.ts";
import { CALM, STORM } from "./world/profile.ts";
import { createWorld } from "./world/world.ts";

const world = createWorld({
  seed: Number(process.argv[2] ?? 1),
  profile: process.argv[3] === "calm" ? CALM : STORM,
  isVerbose: process.argv.includes("-v"),
  say: (at, line, about) => {
    if (process.argv.includes("-p") || process.argv.includes("-v"))
      console.log((at / 1000).toFixed(3), about, line);
  },
});
process.on("uncaughtException", (error) => {
  console.log("UNCAUGHT", error);
  world.crashed(world.scheduler.current(), error);
});
populate(world);
let shown = 0;
world.onShown(() => shown++);
const began = process.cpuUsage();
await world.scheduler.run(Number(process.argv[4] ?? 60) * 1000);
const used = process.cpuUsage(began);
console.log({
  fp: world.scheduler.fingerprint(),
  shown,
  cpu: (used.user + used.system) / 1e6,
  epoch: [...world.broker.streams().values()].map((s) => [s.definition.name, s.first, s.last, s.size]),
});
process.exit(0);
