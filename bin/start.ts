import { resolve } from "node:path";
import { createLauncher } from "./launcher/launcher.ts";
import { parseOptions, USAGE } from "./launcher/options.ts";
import { ROOT } from "./launcher/root.ts";

/** `npm start`: runs the whole stack until SIGINT or SIGTERM (CONTRACT 1). */
async function main(args: string[]): Promise<number> {
  const parsed = parseOptions(args);
  if (parsed.kind === "help") {
    console.log(USAGE);
    return 0;
  }
  if (parsed.kind === "faults") {
    console.error(`${parsed.faults.join("\n")}\n\n${USAGE}`);
    return 1;
  }

  const began = performance.now();
  const say = (line: string) => console.log(`[${((performance.now() - began) / 1000).toFixed(1)} s] ${line}`);
  const dataDir = resolve(ROOT, parsed.options.dataDir);
  const launcher = createLauncher(
    { ...parsed.options, dataDir },
    { env: process.env, startedBy: startedBy(), say, print: (line) => console.log(line) },
  );
  const stopped = new Promise<number>((onStopped) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => onStopped(0));
    for (const fault of ["uncaughtException", "unhandledRejection"]) {
      process.on(fault, (error) => {
        console.error(error);
        onStopped(1);
      });
    }
    launcher.start().catch((error) => {
      console.error(error instanceof Error ? error.message : error);
      onStopped(1);
    });
  });
  const exitCode = await stopped;
  await launcher.stop();
  return exitCode;
}

/** bin/run.mjs tells which processes stand between the person and this one. */
function startedBy(): number[] {
  return (process.env.MEESHY_STARTED_BY ?? "").split(",").map(Number).filter(Boolean);
}

// A console that goes away must not end the stack.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
process.exit(await main(process.argv.slice(2)));
