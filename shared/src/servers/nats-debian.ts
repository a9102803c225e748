import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * Puts Debian's nats-server into `directory`. apt works in directories of its own, so that it needs no root,
 * waits for no lock and changes nothing in the system; it takes the system's sources, proxies and keys, and
 * checks signatures as always.
 */
export async function natsServerFromDebian(directory: string): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), "meeshy-apt-"));
  try {
    const config = join(scratch, "apt.conf");
    for (const part of ["state/lists/partial", "cache/archives/partial", "log"]) {
      await mkdir(join(scratch, part), { recursive: true });
    }
    await writeFile(config, await aptConfig(scratch));
    const aptGet = (...args: string[]) =>
      run("env", [`APT_CONFIG=${config}`, "LC_ALL=C", "apt-get", "-q", ...args], { cwd: scratch });
    // A source of some third party that fails is no reason to stop: the download tells what counts.
    const updated = await aptGet("update").catch((error) => error);
    await aptGet("download", "nats-server").catch((error) => {
      throw new Error(`${error.stderr || error.message}${updated.stderr ?? ""}`.trim());
    });
    const archive = (await readdir(scratch)).find((name) => name.endsWith(".deb"));
    if (!archive) throw new Error("apt-get download gave no package");
    await run("dpkg", ["-x", join(scratch, archive), join(scratch, "unpacked")]);
    await copyFile(await findProgram(join(scratch, "unpacked")), join(directory, "nats-server"));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** How to reach mirrors comes from the system's configuration; its hooks, which act on the system, do not. */
async function aptConfig(scratch: string): Promise<string> {
  const { stdout } = await run("apt-config", ["dump"]);
  return [
    ...stdout.split("\n").filter((line) => line.startsWith("Acquire::")),
    `Dir::State "${scratch}/state";`,
    `Dir::State::status "/var/lib/dpkg/status";`,
    `Dir::Cache "${scratch}/cache";`,
    `Dir::Log "${scratch}/log";`,
    `Dir::Etc::main "/dev/null";`,
    `Dir::Etc::parts "/dev/null";`,
    `APT::Sandbox::User "";`,
    "",
  ].join("\n");
}

async function findProgram(unpacked: string): Promise<string> {
  for (const folder of ["usr/sbin", "usr/bin"]) {
    const names = await readdir(join(unpacked, folder)).catch((): string[] => []);
    if (names.includes("nats-server")) return join(unpacked, folder, "nats-server");
  }
  throw new Error("the package holds no nats-server");
}
