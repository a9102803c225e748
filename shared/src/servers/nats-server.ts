import { mkdir, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { join } from "node:path";
import type { NatsRole } from "../nats/permissions.ts";
import { type NatsUser, natsServerConfig } from "../nats/server-config.ts";
import { natsLiveness } from "./nats-liveness.ts";
import type { ServerSpec } from "./server-process.ts";
import { storeBound } from "./store-bound.ts";

/**
 * How to run a nats-server on 127.0.0.1:`port` whose configuration and JetStream files live under `directory`.
 * The configuration holds passwords, so only the owner may read it.
 */
export async function natsServer(options: {
  binary: string;
  directory: string;
  port: number;
  passwords?: Record<NatsRole, string> | undefined;
  others?: NatsUser[];
  maxStoreBytes?: number | undefined;
  syncInterval?: string | undefined;
}): Promise<ServerSpec> {
  const config = join(options.directory, "nats-server.conf");
  await mkdir(options.directory, { recursive: true, mode: 0o700 });
  const storeDir = join(options.directory, "jetstream");
  const text = natsServerConfig({
    port: options.port,
    storeDir,
    maxStoreBytes: options.maxStoreBytes ?? (await storeBound(config, options.directory, storeDir)),
    syncInterval: options.syncInterval,
    ...(options.passwords ? { passwords: options.passwords } : {}),
    ...(options.others ? { others: options.others } : {}),
  });
  await writeFile(config, text, { mode: 0o600 });
  return {
    name: "nats-server-1",
    command: options.binary,
    args: ["--config", config],
    stopSignal: "SIGTERM",
    isReady: () => greets(options.port),
    isAlive: natsLiveness(options.port, options.passwords?.sweeper),
  };
}

/** A nats-server greets each connection with a line of information once it serves, JetStream included. */
function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: "127.0.0.1", port, timeout: 1_000 });
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("data", (chunk) => settle(chunk.toString("latin1").startsWith("INFO ")));
    socket.once("timeout", () => settle(false));
    socket.once("error", () => settle(false));
    socket.once("close", () => settle(false));
  });
}
