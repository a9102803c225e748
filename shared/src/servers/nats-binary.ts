import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheDirectory, directoryOnce } from "./cache.ts";
import { programsFromDebian } from "./debian-programs.ts";
import { natsServerFromRelease } from "./nats-release.ts";

const run = promisify(execFile);

/** In place of a path: the newest that Debian has, which is a static program and runs on older systems as well. */
const NEWEST = "newest";
const NEWEST_FROM = "sid";

/**
 * Path of a nats-server that runs here: `NATS_SERVER_BIN` (a path, or `newest`: that of Debian's newest suite), else one
 * that the system has, else the cached one, else the official release, else Debian's package unpacked into the cache.
 * Nothing is installed into the system and no privilege is needed. Streams use features of nats-server 2.9; newer ones
 * run them alike.
 * @throws {Error} `explicit` does not run, or no source gives a program that does: with each source's reason
 */
export async function provideNatsServer(
  options: { explicit?: string | undefined; log?: (line: string) => void } = {},
): Promise<string> {
  const log = options.log ?? (() => {});
  if (options.explicit === NEWEST) return newest(log);
  if (options.explicit) {
    if (await runs(options.explicit)) return options.explicit;
    throw new Error(`NATS_SERVER_BIN=${options.explicit} does not run; it must name a nats-server program`);
  }
  const cached = join(cacheDirectory(), `nats-server-${process.platform}-${process.arch}`);
  const binary = join(cached, "nats-server");
  for (const candidate of ["nats-server", "/usr/sbin/nats-server", "/usr/local/bin/nats-server", binary]) {
    if (await runs(candidate)) return candidate;
  }
  await directoryOnce(cached, (scratch) => obtain(scratch, log));
  if (await runs(binary)) return binary;
  throw new Error(`${binary} does not run; delete ${cached} and try again`);
}

async function newest(log: (line: string) => void): Promise<string> {
  const cached = join(cacheDirectory(), `nats-server-newest-${process.platform}-${process.arch}`);
  const binary = join(cached, "nats-server");
  await directoryOnce(cached, (scratch) => {
    log(`getting nats-server from Debian ${NEWEST_FROM}`);
    return programsFromDebian("nats-server", ["nats-server"], scratch, { suite: NEWEST_FROM });
  });
  if (await runs(binary)) return binary;
  throw new Error(`${binary} does not run; delete ${cached} and try again`);
}

async function obtain(directory: string, log: (line: string) => void): Promise<void> {
  const failures: string[] = [];
  for (const [source, from] of [
    ["the official release", natsServerFromRelease],
    ["Debian's package", (into: string) => programsFromDebian("nats-server", ["nats-server"], into)],
  ] as const) {
    try {
      log(`getting nats-server from ${source}`);
      await from(directory);
      return;
    } catch (error) {
      failures.push(`${source}: ${error instanceof Error ? error.message : error}`);
      log(`no nats-server from ${source}`);
    }
  }
  const advice = "Install nats-server (Debian: apt install nats-server; macOS: brew install nats-server)";
  throw new Error(
    `nats-server is missing. ${advice}, or set NATS_SERVER_BIN or NATS_URL.\n${failures.join("\n")}`,
  );
}

async function runs(binary: string): Promise<boolean> {
  return run(binary, ["--version"]).then(
    ({ stdout }) => stdout.startsWith("nats-server"),
    () => false,
  );
}
