import { copyFile, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unpackDebianPackages } from "./debian-packages.ts";

/** Puts Debian's nats-server into `directory`. */
export async function natsServerFromDebian(directory: string): Promise<void> {
  const unpacked = await mkdtemp(join(tmpdir(), "meeshy-nats-server-"));
  try {
    await unpackDebianPackages(["nats-server"], unpacked);
    await copyFile(await findProgram(unpacked), join(directory, "nats-server"));
  } finally {
    await rm(unpacked, { recursive: true, force: true });
  }
}

async function findProgram(unpacked: string): Promise<string> {
  for (const folder of ["usr/sbin", "usr/bin"]) {
    const names = await readdir(join(unpacked, folder)).catch((): string[] => []);
    if (names.includes("nats-server")) return join(unpacked, folder, "nats-server");
  }
  throw new Error("the package holds no nats-server");
}
