import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

/** A server that a variable of the environment names. */
export interface Named {
  variable: "NATS_URL" | "DATABASE_URL";
  /** one address, or several separated by commas */
  url: string;
  defaultPort: number;
}

const ANSWERS_WITHIN_MS = 2_000;
const TRY_EVERY_MS = 500;
const GIVE_UP_AFTER_MS = 60_000;

/**
 * Waits until one of the addresses accepts a connection. One that does not is named at once, with what was tried.
 * @throws {Error} none did for `forMs`
 */
export async function untilReachable(
  { variable, url, defaultPort }: Named,
  say: (line: string) => void,
  forMs = GIVE_UP_AFTER_MS,
): Promise<void> {
  const places = url.split(",").map((one) => placeOf(one.trim(), defaultPort));
  const since = performance.now();
  for (let attempt = 1; ; attempt++) {
    const failures = await Promise.all(places.map(failureAt));
    if (failures.includes(undefined)) return;
    const tried = `${variable}: no answer from ${failures.join(", ")}`;
    const lasted = performance.now() - since;
    if (lasted > forMs)
      throw new Error(`${tried}; tried TCP connections for ${Math.round(lasted / 1_000)} s`);
    if (attempt === 1)
      say(`${tried}; tried a TCP connection, trying again for ${Math.round(forMs / 1_000)} s`);
    await pause(TRY_EVERY_MS);
  }
}

interface Place {
  host: string;
  port: number;
}

/** NATS takes addresses without a scheme as well. */
function placeOf(address: string, defaultPort: number): Place {
  const { hostname, port } = new URL(address.includes("://") ? address : `nats://${address}`);
  return { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port) || defaultPort };
}

/** Why the place cannot be reached, with its address and without the credentials of the URL; `undefined`: it can. */
function failureAt({ host, port }: Place): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: ANSWERS_WITHIN_MS });
    const settle = (failure: string | undefined) => {
      socket.destroy();
      resolve(failure && `${host}:${port} (${failure})`);
    };
    socket.once("connect", () => settle(undefined));
    socket.once("timeout", () => settle(`nothing within ${ANSWERS_WITHIN_MS / 1_000} s`));
    socket.once("error", (error: NodeJS.ErrnoException) => settle(error.code ?? error.message));
  });
}
