import { stat } from "node:fs/promises";
import { join } from "node:path";
import { createProcessRecords } from "@meeshy/shared/servers/process-records";
import type { ServerSpec } from "@meeshy/shared/servers/server-process";
import { consoleLine } from "./console-lines.ts";
import { followLog, type LogBound, setAsideWhole } from "./log-follower.ts";
import { type Supervised, supervise } from "./supervisor.ts";

/** Layers of a stack, each of which uses those before it; and how long each may take to stop, in milliseconds. */
const LAYERS = { servers: 2_500, "workers and sweepers": 2_500, gateways: 3_500 };
export type Layer = keyof typeof LAYERS;

/** As docker-compose.yml bounds them: 50 MB a process. */
const LOG_BOUND: LogBound = { bytes: 10_000_000, aside: 4 };

/** The processes of one stack, with their logs and the record of them on disk. */
export function createProcesses(deps: {
  dataDir: string;
  /** A process has been replaced by another with another id. */
  onReplaced(): void;
  /** Prints what the launcher has to say. */
  say(line: string): void;
  /** Prints a line of a service's log. */
  print(line: string): void;
}) {
  const records = createProcessRecords(join(deps.dataDir, "processes.json"));
  const running: { layer: Layer; process: Supervised }[] = [];
  const followers: (() => Promise<void>)[] = [];
  let isStopping = false;

  return {
    /** Ends what a launcher that was killed left behind. */
    endLeftovers: () =>
      records.endLeftovers((names) =>
        deps.say(`ending what a killed launcher left running: ${names.join(", ")}`),
      ),

    /** Runs a process for as long as the stack runs; resolves once it serves. */
    async run(layer: Layer, spec: ServerSpec): Promise<Supervised> {
      const about = { name: spec.name, stopSignal: spec.stopSignal };
      const logFile = join(deps.dataDir, "logs", `${spec.name}.log`);
      await setLargeLogAside(logFile);
      const show = (line: string) => layer !== "servers" && deps.print(consoleLine(spec.name, line));
      followers.push(await followLog(logFile, { show, fault: deps.say }, LOG_BOUND));
      if (isStopping) throw new Error("the stack is stopping");
      const process = supervise(spec, {
        logFile,
        onStarted: (pid) => records.add(pid, { ...about, layer: Object.keys(LAYERS).indexOf(layer) }),
        onReplaced: deps.onReplaced,
        say: deps.say,
      });
      running.push({ layer, process });
      await process.ready;
      return process;
    },

    /** Stops the layers in reverse order, within 8.5 s. */
    async stop(): Promise<void> {
      isStopping = true;
      for (const layer of (Object.keys(LAYERS) as Layer[]).reverse()) {
        const members = running.filter((entry) => entry.layer === layer);
        await Promise.all(members.map(({ process }) => process.stop(LAYERS[layer])));
      }
      await records.endLeftovers();
      await Promise.all(followers.map((end) => end()));
    },
  };
}

async function setLargeLogAside(file: string): Promise<void> {
  const bytes = await stat(file).then(
    ({ size }) => size,
    () => 0,
  );
  if (bytes >= LOG_BOUND.bytes) setAsideWhole(file, LOG_BOUND);
}
