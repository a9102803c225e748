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
