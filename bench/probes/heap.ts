import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/** Lets a process of ours be asked for its heap without garbage. */
export interface HeapProbe {
  nodeArgs: string[];
  env: Record<string, string>;
  /** Bytes of live objects on the heap of the process that was started with the two above. */
  read(pid: number): Promise<number>;
}

const LOOK_MS = 50;

export function createHeapProbe(): HeapProbe {
  const file = join(tmpdir(), `meeshy-heap-${randomUUID()}.json`);
  return {
    nodeArgs: ["--expose-gc", "--import", join(import.meta.dirname, "heap-hook.ts")],
    env: { HEAP_FILE: file },
    async read(pid) {
      process.kill(pid, "SIGUSR2");
      while (!existsSync(file)) await pause(LOOK_MS);
      const { bytes } = JSON.parse(readFileSync(file, "utf8")) as { bytes: number };
      rmSync(file);
      return bytes;
    },
  };
}
