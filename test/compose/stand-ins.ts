import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { cacheDirectory, directoryOnce } from "@meeshy/shared/servers/cache";
import { provideNatsServer } from "@meeshy/shared/servers/nats-binary";
import { providePostgres } from "@meeshy/shared/servers/postgres-binary";
import type { Docker } from "./docker.ts";

const run = promisify(execFile);
const BASE = "meeshy-test-debian";
const PACKAGES = "ca-certificates,haproxy,procps,wget";
const LEFT_OUT = ["/usr/share/man/*", "/usr/share/locale/*", "/usr/share/doc/*"];
const TRUSTED = "/etc/ssl/certs/ca-certificates.crt";

/** What a stand-in is made of besides its Dockerfile: name in the image's context → file or directory here. */
type Parts = Record<string, string>;

/**
 * Images by the names that Dockerfile and docker-compose.yml use, made from what npm and Debian give: where no
 * registry of images can be reached, the rest is tested all the same.
 */
export async function makeStandIns({ docker }: Docker, log: (line: string) => void): Promise<void> {
  // Those of a run before are made of the same: with new ones every layer above them would be built again.
  const isThere = (image: string) => docker("image", "inspect", image).then(Boolean, () => false);
  if (!(await isThere(BASE))) await docker("import", await debian(log), BASE);
  const scratch = await mkdtemp(join(tmpdir(), "meeshy-images-"));
  const build = async (name: string, image: string, parts: Parts) => {
    if (await isThere(image)) return;
    log(`building a stand-in for ${image}`);
    const context = join(scratch, name);
    await cp(join(import.meta.dirname, "stand-ins", name), context, { recursive: true });
    for (const [as, from] of Object.entries(parts))
      await cp(from, join(context, as), { recursive: true, verbatimSymlinks: true });
    await docker("build", "--quiet", "--tag", image, context);
  };
  try {
    await build("node", "node:24-slim", {
      node: process.execPath,
      npm: await npm(scratch),
      "trusted.pem": TRUSTED,
    });
    await build("postgres", "postgres:18", { native: (await providePostgres(log)).home });
    await build("nats", "nats:2.10.29-alpine", { "nats-server": await natsServer(log) });
    await build("haproxy", "haproxy:3.2", {});
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** A minimal Debian as an archive; three minutes the first time, then from the cache. */
async function debian(log: (line: string) => void): Promise<string> {
  const folder = join(cacheDirectory(), "debian-bookworm-for-images");
  await directoryOnce(folder, async (scratch) => {
    log("making a minimal Debian (mmdebstrap)");
    const without = LEFT_OUT.map((path) => `--dpkgopt=path-exclude=${path}`);
    const archive = join(scratch, "debian.tar");
    await run("mmdebstrap", ["--variant=minbase", `--include=${PACKAGES}`, ...without, "bookworm", archive]);
  });
  return join(folder, "debian.tar");
}

/** npm as this project asks for it (`engines`), unpacked. */
async function npm(scratch: string): Promise<string> {
  const folder = join(scratch, "npm-package");
  await mkdir(folder);
  await run("npm", ["pack", "npm@11", "--silent", "--pack-destination", folder]);
  await run("sh", ["-c", "tar -xzf *.tgz"], { cwd: folder });
  return join(folder, "package");
}

async function natsServer(log: (line: string) => void): Promise<string> {
  const program = await provideNatsServer({ explicit: process.env.NATS_SERVER_BIN, log });
  if (dirname(program) !== ".") return program;
  return (await run("sh", ["-c", `command -v ${program}`])).stdout.trim();
}
