import { parseArgs } from "node:util";
import { io } from "socket.io-client";
import { planAudience } from "./fleet/world.ts";
import { startGatewayAlone } from "./systems/gateway.ts";

/**
 * Connects of stock clients, by websocket, by polling, and by polling that is upgraded, to a gateway of several
 * processes: how many are authenticated, and whether any hangs.
 *
 *     node bench/mixed-connects.ts [--connects 12000] [--processes 4] [--at-once 60]
 */

const WAYS = [["websocket"], ["polling"], ["polling", "websocket"]];
/** Socket.IO's own limit for a connect, at which its client gives up. */
const HUNG_AFTER_MS = 20_000;
const PEOPLE = 1_000;

const number = { type: "string" } as const;
const { values } = parseArgs({ options: { connects: number, processes: number, "at-once": number } });
const connects = Number(values.connects ?? 12_000);
const processes = values.processes ?? "4";
const atOnce = Number(values["at-once"] ?? 60);

const world = planAudience({ watchers: PEOPLE, roomSize: 10, subjects: 0 });
const gateway = await startGatewayAlone(world, { GATEWAY_PROCESSES: processes });
const outcomes = new Map(WAYS.map((way) => [way.join(" → "), { in: 0, refused: 0, hung: 0 }]));

function connect(n: number): Promise<void> {
  const transports = WAYS[n % WAYS.length] ?? [];
  const counts = outcomes.get(transports.join(" → "));
  const { promise, resolve } = Promise.withResolvers<keyof NonNullable<typeof counts>>();
  const socket = io(gateway.urls[0] as string, {
    auth: { token: gateway.token(world.users[n % world.users.length] as string) },
    ...{ transports, forceNew: true, reconnection: false, timeout: HUNG_AFTER_MS },
  });
  const late = setTimeout(() => resolve("hung"), HUNG_AFTER_MS);
  socket.once("authenticated", () => {
    // The upgrade comes after the connect: it must not hang either.
    const { engine } = socket.io;
    if (transports.length === 1 || engine.transport.name === "websocket") resolve("in");
    else engine.once("upgrade", () => resolve("in"));
  });
  socket.once("connect_error", (error) => {
    const isLate = error.message === "timeout";
    if (!isLate) console.log(`refused: ${JSON.stringify(reasonOf(error))}`);
    resolve(isLate ? "hung" : "refused");
  });
  return promise.then((outcome) => {
    if (counts) counts[outcome]++;
    clearTimeout(late);
    socket.disconnect();
  });
}

/** What a refused connect says: the service's error, or the transport's. */
function reasonOf(error: Error): unknown {
  const { data, description, context } = error as Error & Record<"data" | "description" | "context", unknown>;
  const text = typeof context === "object" && context && "responseText" in context && context.responseText;
  return data ?? { message: error.message, description: String(description), text };
}

try {
  const since = performance.now();
  let next = 0;
  const one = async () => {
    while (next < connects) await connect(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  console.table(Object.fromEntries(outcomes));
  console.log(`${connects} connects, ${processes} processes, ${Math.round(performance.now() - since)} ms`);
  if ([...outcomes.values()].some(({ hung }) => hung > 0)) process.exitCode = 1;
} finally {
  await gateway.stop();
}
