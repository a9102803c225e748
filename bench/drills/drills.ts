import type { Stack } from "@meeshy/shared/servers/stack";
import type { TestServer } from "@meeshy/shared/testing/run-server";

/** What is broken on purpose, and which alerts have to fire for it. */
export interface Drill {
  name: string;
  /** each has to fire; others may */
  alerts: readonly string[];
  /** Breaks it; what is given mends it again. */
  strike(site: Site): Promise<() => Promise<void>>;
}

export interface Site {
  stack: Stack;
  nats: TestServer;
  postgres: TestServer;
}

/** Stands still, as on a machine that swaps or a virtual one that is stunned. */
async function freeze(processes: readonly { pid: number }[]): Promise<() => Promise<void>> {
  for (const { pid } of processes) process.kill(pid, "SIGSTOP");
  return async () => {
    for (const { pid } of processes) process.kill(pid, "SIGCONT");
  };
}

async function freezeServer(server: TestServer): Promise<() => Promise<void>> {
  await server.kill("SIGSTOP");
  return () => server.kill("SIGCONT");
}

export const DRILLS: readonly Drill[] = [
  {
    name: "all workers stand still",
    alerts: ["MeeshyStale", "MeeshyPartitionUnserved"],
    strike: ({ stack }) => freeze(stack.workers),
  },
  {
    name: "the database is gone",
    alerts: ["MeeshyDatabaseLag"],
    async strike({ postgres }) {
      // Stopped, its postmaster alone would stand still, not the processes that serve its connections.
      await postgres.kill("SIGQUIT");
      return () => postgres.restart();
    },
  },
  {
    name: "nats-server stands still",
    alerts: ["MeeshyNatsDisconnected", "MeeshyStale"],
    strike: ({ nats }) => freezeServer(nats),
  },
  {
    name: "the sweeper stands still",
    alerts: ["MaintenanceJobDown", "MeeshyProcessDown"],
    strike: ({ stack }) => freeze(stack.sweepers),
  },
  {
    name: "a gateway is killed, and started again",
    alerts: [],
    async strike({ stack }) {
      process.kill(stack.gateways[1]?.pid ?? 0, "SIGKILL");
      return async () => {};
    },
  },
];
