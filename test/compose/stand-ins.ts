import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { promisify } from "node:util";
import { cacheDirectory, directoryOnce } from "@meeshy/shared/servers/cache";
import { provideNatsServer } from "@meeshy/shared/servers/nats-binary";
import { providePostgres } from "@meeshy/shared/servers/postgres-binary";
import { findAlertmanager } from "@meeshy/shared/testing/alertmanager";
import { findPrometheus } from "@meeshy/shared/testing/prometheus";
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
    const [prometheus, alertmanager] = [await prometheusProgram(), await alertmanagerProgram()];
    await build("prometheus", "prom/prometheus:v3.5.0", { prometheus });
    await build("alertmanager", "prom/alertmanager:v0.28.1", alertmanager);
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
  return pathOf(await provideNatsServer({ explicit: process.env.NATS_SERVER_BIN, log }));
}

async function prometheusProgram(): Promise<string> {
  const programs = await findPrometheus();
  if ("missing" in programs) throw new Error(`Prometheus cannot be had: ${programs.missing}`);
  return pathOf(programs.prometheus);
}

async function alertmanagerProgram(): Promise<Parts> {
  const programs = await findAlertmanager();
  if ("missing" in programs) throw new Error(`Alertmanager cannot be had: ${programs.missing}`);
  const program = programs["prometheus-alertmanager"];
  const unpacked = isAbsolute(program) ? dirname(program) : "/";
  return { alertmanager: await pathOf(program), share: join(unpacked, "usr/share/prometheus") };
}

/** Where a program is that may be named alone. */
async function pathOf(program: string): Promise<string> {
  return isAbsolute(program) ? program : (await run("sh", ["-c", `command -v ${program}`])).stdout.trim();
}
