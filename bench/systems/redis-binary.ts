import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheDirectory, directoryOnce } from "@meeshy/shared/servers/cache";
import { unpackDebianPackages } from "@meeshy/shared/servers/debian-packages";

const run = promisify(execFile);

/** How to call a redis-server: its variables are to be added to the environment. */
export interface RedisProgram {
  command: string;
  env: Record<string, string>;
}

/** There is no redis-server here, and none to be had; the message says how to get one. */
export class RedisMissing extends Error {
  constructor(cause: unknown) {
    super("redis-server is missing (Debian: apt install redis-server; macOS: brew install redis)", { cause });
    this.name = "RedisMissing";
  }
}

/** The server, and the libraries that a system without it may lack. */
const PACKAGES = ["redis-server", "redis-tools", "libjemalloc2", "liblzf1", "libatomic1"];

/** The system's redis-server, else Debian's package unpacked into the cache. Rejects with {@link RedisMissing}. */
export async function provideRedisServer(say: (line: string) => void): Promise<RedisProgram> {
  const installed = { command: "redis-server", env: {} };
  if (await runs(installed)) return installed;
  try {
    const cached = join(cacheDirectory(), `redis-server-${process.platform}-${process.arch}`);
    await directoryOnce(cached, (scratch) => {
      say("getting redis-server from Debian's packages");
      return unpackDebianPackages(PACKAGES, scratch);
    });
    const unpacked = await inCache(cached);
    if (await runs(unpacked)) return unpacked;
    throw new Error(`${unpacked.command} does not run; delete ${cached} and try again`);
  } catch (error) {
    throw new RedisMissing(error);
  }
}

async function inCache(directory: string): Promise<RedisProgram> {
  const libraries = (await readdir(join(directory, "usr/lib"))).filter((name) => name.endsWith("-linux-gnu"));
  return {
    command: join(directory, "usr/bin/redis-server"),
    env: { LD_LIBRARY_PATH: libraries.map((name) => join(directory, "usr/lib", name)).join(":") },
  };
}

async function runs({ command, env }: RedisProgram): Promise<boolean> {
  return run(command, ["--version"], { env: { ...process.env, ...env } }).then(
    ({ stdout }) => stdout.startsWith("Redis server"),
    () => false,
  );
}
