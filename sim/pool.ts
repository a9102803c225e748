import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { environmentOf, type Job } from "./corpus.ts";
import type { SeedResult } from "./run-seed.ts";

const HERE = import.meta.dirname;

/** A process in which worlds of one profile run. */
interface Lane {
  child: ChildProcess;
  profile: Job["profile"];
}

export interface PoolOptions {
  lanes: number;
  planted?: string | undefined;
  /** `false`: no further jobs */
  onResult: (result: SeedResult) => boolean;
}

/** Runs worlds, as many at once as there are lanes, until there are no more jobs or `onResult` has enough. */
export async function runJobs(jobs: Iterator<Job, undefined>, options: PoolOptions): Promise<void> {
  let isEnough = false;
  const open = (profile: Job["profile"]): Lane => ({
    profile,
    child: fork(join(HERE, "child.ts"), {
      execArgv: ["--import", join(HERE, "loader/hook.ts")],
      env: { ...process.env, ...environmentOf(profile, options.planted) },
    }),
  });
  const close = async ({ child }: Lane) => {
    if (child.exitCode !== null) return;
    const exited = once(child, "exit");
    child.disconnect();
    const [code] = await exited;
    if (code) throw new Error(`a simulating process ended with ${code}`);
  };
  const work = async () => {
    let lane: Lane | undefined;
    for (let next = jobs.next(); !next.done && !isEnough; next = jobs.next()) {
      if (lane?.profile !== next.value.profile) {
        if (lane) await close(lane);
        lane = open(next.value.profile);
      }
      const { child } = lane;
      const answered = Promise.race([
        once(child, "message"),
        once(child, "exit").then(([code]) => {
          throw new Error(`a simulating process ended with ${code}`);
        }),
      ]);
      child.send(next.value);
      const [answer] = (await answered) as [{ result: SeedResult } | { error: string }];
      if ("error" in answer) throw new Error(`seed ${next.value.seed}: ${answer.error}`);
      if (!options.onResult(answer.result)) isEnough = true;
    }
    if (lane) await close(lane);
  };
  await Promise.all(Array.from({ length: options.lanes }, work));
}
