import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const VERSION = "2.10.29";

/** SHA-256 of the release archives, as the official container image of the same version pins them. */
const CHECKSUMS: Record<string, { platform: string; sha256: string }> = {
  "linux-x64": {
    platform: "linux-amd64",
    sha256: "e314da74a83a1d3876db8814c27eb990fe729640fd6452025b441bcede8390da",
  },
  "linux-arm64": {
    platform: "linux-arm64",
    sha256: "da4b27942ecfb4c5f0c54553d2e7f470ddda9d7581cfe8131b351a0e223ed401",
  },
};

/** Long enough for a slow line to answer, short enough not to keep a machine without internet waiting. */
const ANSWER_WITHIN_MS = 5_000;
const DOWNLOAD_WITHIN_MS = 120_000;

/**
 * Puts the official nats-server into `directory`. Nothing is unpacked that does not have the pinned checksum.
 * @throws {Error} no checksum is pinned for this platform, no answer within 5 s, no download within 2 min,
 *   another checksum
 */
export async function natsServerFromRelease(directory: string): Promise<void> {
  const release = CHECKSUMS[`${process.platform}-${process.arch}`];
  if (!release) throw new Error(`no checksum is pinned for ${process.platform}-${process.arch}`);
  const name = `nats-server-v${VERSION}-${release.platform}`;
  const address = `https://github.com/nats-io/nats-server/releases/download/v${VERSION}/${name}.tar.gz`;
  const archive = await download(address);
  const actual = createHash("sha256").update(archive).digest("hex");
  if (actual !== release.sha256) throw new Error(`${address} has checksum ${actual}, not ${release.sha256}`);
  const file = join(directory, "release.tar.gz");
  await writeFile(file, archive);
  await promisify(execFile)("tar", [
    "-xzf",
    file,
    "-C",
    directory,
    "--strip-components=1",
    `${name}/nats-server`,
  ]);
  await rm(file);
}

async function download(address: string): Promise<Buffer> {
  const patience = new AbortController();
  const give = (after: number) =>
    setTimeout(() => patience.abort(new Error(`no answer from ${address}`)), after);
  let timer = give(ANSWER_WITHIN_MS);
  try {
    const response = await fetch(address, { signal: patience.signal });
    clearTimeout(timer);
    if (!response.ok) throw new Error(`${address} answered ${response.status}`);
    timer = give(DOWNLOAD_WITHIN_MS);
    return Buffer.from(await response.arrayBuffer());
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : undefined;
    throw new Error(`cannot download ${address} (${cause ?? (error as Error).message})`);
  } finally {
    clearTimeout(timer);
  }
}
