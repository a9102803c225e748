import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/**
 * Ports for servers come from below the range that systems hand to outgoing connections (32768 on Linux,
 * 49152 on macOS), so that no connection takes a server's port while it restarts.
 */
const LOWEST = 15_000;
const HIGHEST = 32_000;

/** True if nothing listens on the port of 127.0.0.1 and of all addresses. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await canListen(port, "127.0.0.1")) && (await canListen(port, undefined));
}

/**
 * A port that nothing listens on now, none of `except`.
 * @throws {Error} 200 tries found none
 */
export async function freePort(except: ReadonlySet<number> = new Set()): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = randomInt(LOWEST, HIGHEST);
    if (!except.has(port) && (await isPortFree(port))) return port;
  }
  throw new Error(`found no free port between ${LOWEST} and ${HIGHEST}`);
}

function canListen(port: number, host: string | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen({ port, ...(host ? { host } : {}) }, () => probe.close(() => resolve(true)));
  });
}
