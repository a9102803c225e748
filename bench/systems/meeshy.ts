import { eventually } from "@meeshy/shared/testing/eventually";
import { startStack } from "@meeshy/shared/testing/stack";
import { insertWorld } from "../fleet/insert-world.ts";
import type { World } from "../fleet/world.ts";
import type { StartOptions } from "../scenario.ts";
import type { System } from "./system.ts";

/** Emptied, they count as unset: whatever the surroundings name, the stack of a run is its own. */
const WITHHELD = ["NATS_URL", "DATABASE_URL", "JWT_SECRET", "JWT_PUBLIC_KEY", "JWT_JWKS_URL", "MULTI_DEVICE"];

export interface MeeshySystem extends System {
  stack: Awaited<ReturnType<typeof startStack>>;
  databaseUrl: string;
}

/** The real stack: gateways, workers, sweeper, nats-server and PostgreSQL, as `npm start` runs them. */
export async function startMeeshy(
  world: World,
  { fronts = 2, workers = 1, gatewayProcesses = 1, env = {} }: StartOptions,
): Promise<MeeshySystem> {
  const stack = await startStack({
    args: [
      ...`--gateways ${fronts} --gateway-processes ${gatewayProcesses}`.split(" "),
      ...`--workers ${workers} --no-seed --no-web`.split(" "),
    ],
    env: { ...Object.fromEntries(WITHHELD.map((name) => [name, ""])), LOG_LEVEL: "warn", ...env },
  });
  const databaseUrl = stack.read().database.url;
  try {
    await insertWorld(databaseUrl, world);
  } catch (error) {
    await stack.stop();
    throw error;
  }
  const gateways = () => stack.read().gateways.map(({ pid }) => pid);
  return {
    kind: "meeshy",
    stack,
    urls: stack.urls,
    databaseUrl,
    fronts: gateways,
    pids() {
      const { workers, sweepers, nats, database } = stack.read();
      return [...gateways(), ...[...workers, ...sweepers, nats, database].flatMap(({ pid }) => pid ?? [])];
    },
    token: (userId) => stack.token({ id: userId, username: userId, role: "USER" }),
    restartFront: (index) => replace(() => gateways()[index], "SIGTERM"),
    killFront: (index) => replace(() => gateways()[index], "SIGKILL"),
    killStore: () => replace(() => stack.read().nats.pid ?? undefined, "SIGKILL"),
    stop: () => stack.stop(),
  };
}

/** Ends a process of the stack; resolves when the launcher has another in its place, which serves. */
async function replace(pidOf: () => number | undefined, signal: NodeJS.Signals): Promise<void> {
  const pid = pidOf();
  if (pid === undefined) throw new Error("the launcher has not started this process");
  process.kill(pid, signal);
  await eventually(() => pidOf() !== pid, { within: 60_000, what: "a process runs again" });
}
