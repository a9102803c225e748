import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/**
 * Unpacks Debian packages into `directory`, and installs nothing. `suite`: of that one, `sid` for example, in place of the
 * system's; the packages' programs must run on what the system has. apt works in directories of its own, so that
 * it needs no root, waits for no lock and changes nothing in the system; it takes the system's sources, proxies
 * and keys, and checks signatures as always.
 * @throws {Error} apt or dpkg is missing, or a package cannot be downloaded: with apt's own words
 */
export async function unpackDebianPackages(
  packages: readonly string[],
  directory: string,
  suite?: string,
): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), "meeshy-apt-"));
  try {
    const config = join(scratch, "apt.conf");
    for (const part of ["state/lists/partial", "cache/archives/partial", "log"]) {
      await mkdir(join(scratch, part), { recursive: true });
    }
    await writeFile(config, await aptConfig(scratch, suite));
    const aptGet = (...args: string[]) =>
      run("env", [`APT_CONFIG=${config}`, "LC_ALL=C", "apt-get", "-q", ...args], { cwd: scratch });
    // A source of some third party that fails is no reason to stop: the download shows whether it mattered.
    const updated = await aptGet("update").catch((error) => error);
    await aptGet("download", ...packages).catch((error) => {
      throw new Error(`${error.stderr || error.message}${updated.stderr ?? ""}`.trim());
    });
    const archives = (await readdir(scratch)).filter((name) => name.endsWith(".deb"));
    if (archives.length < packages.length) throw new Error("apt-get download gave too few packages");
    for (const archive of archives) await run("dpkg", ["-x", join(scratch, archive), directory]);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** How to reach mirrors comes from the system's configuration; its hooks, which act on the system, do not. */
async function aptConfig(scratch: string, suite?: string): Promise<string> {
  const { stdout } = await run("apt-config", ["dump"]);
  const list = join(scratch, "sources.list");
  if (suite) await writeFile(list, `deb [signed-by=${KEYRING}] http://deb.debian.org/debian ${suite} main\n`);
  const source = [`Dir::Etc::sourcelist "${list}";`, `Dir::Etc::sourceparts "/dev/null";`];
  return [
    ...stdout.split("\n").filter((line) => line.startsWith("Acquire::")),
    `Dir::State "${scratch}/state";`,
    `Dir::State::status "/var/lib/dpkg/status";`,
    `Dir::Cache "${scratch}/cache";`,
    `Dir::Log "${scratch}/log";`,
    `Dir::Etc::main "/dev/null";`,
    `Dir::Etc::parts "/dev/null";`,
    `APT::Sandbox::User "";`,
    ...(suite ? source : []),
    "",
  ].join("\n");
}
