import type { TestServer } from "@meeshy/shared/testing/run-server";

export const SYSTEM_KINDS = ["meeshy", "redis pattern", "monolith", "bare Socket.IO"] as const;
export type SystemKind = (typeof SYSTEM_KINDS)[number];

/** A presence service that runs on this machine and takes Socket.IO clients. */
export interface System {
  kind: SystemKind;
  /** where its front processes listen */
  urls: readonly string[];
  /** process ids of those; they change with a restart */
  fronts(): number[];
  /** of everything that runs for it: fronts, workers, brokers, databases */
  pids(): number[];
  token(userId: string): string;
  /** Ends one front process in good order and sees it running again. */
  restartFront(index: number): Promise<void>;
  /** Kills one front process at once, by SIGKILL; resolves when it runs again, as under a supervisor. */
  killFront(index: number): Promise<void>;
  /** The same of what its state is kept in: broker, Redis or database. Absent where nothing is kept. */
  killStore?(): Promise<void>;
  /** the database, where it has one */
  databaseUrl?: string;
  stop(): Promise<unknown>;
}

/** Servers that stop together, the last started first. */
export function stopAll(servers: readonly Pick<TestServer, "stop">[]): () => Promise<void> {
  let stopping: Promise<void> | undefined;
  return () => {
    stopping ??= (async () => {
      for (const server of servers.toReversed()) await server.stop();
    })();
    return stopping;
  };
}

/** What a supervisor does for a server that was killed. */
export async function killAndRestart(server: Pick<TestServer, "kill" | "restart">): Promise<void> {
  await server.kill();
  await server.restart();
}
