import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/** Lets a process of ours be asked for its heap without garbage. */
export interface HeapProbe {
  nodeArgs: string[];
  env: Record<string, string>;
  /** Bytes of live objects on the heap of the process that was started with the two above, once they stay the same. */
  settled(pid: number): Promise<number>;
}

const LOOK_MS = 50;
/** Two looks this far apart that differ by no more than this share are the same. */
const APART_MS = 2_000;
const SAME = 0.005;
const LOOKS = 15;

export function createHeapProbe(): HeapProbe {
  const file = join(tmpdir(), `meeshy-heap-${randomUUID()}.json`);
  const read = async (pid: number): Promise<number> => {
    process.kill(pid, "SIGWINCH");
    while (!existsSync(file)) await pause(LOOK_MS);
    const { bytes } = JSON.parse(readFileSync(file, "utf8")) as { bytes: number };
    rmSync(file);
    return bytes;
  };
  return {
    nodeArgs: ["--expose-gc", "--import", join(import.meta.dirname, "heap-hook.ts")],
    env: { HEAP_FILE: file },
    async settled(pid) {
      let before = await read(pid);
      for (let looks = 1; looks < LOOKS; looks++) {
        await pause(APART_MS);
        const bytes = await read(pid);
        if (Math.abs(bytes - before) <= SAME * before) return bytes;
        before = bytes;
      }
      return before;
    },
  };
}
