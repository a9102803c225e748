import cluster from "node:cluster";
import type { Server as HttpServer } from "node:http";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { OpsDeps } from "@meeshy/shared/runtime/ops-server";
import { createAdapter } from "@socket.io/cluster-adapter";
import { Registry } from "prom-client";
import { z } from "zod";
import type { PresenceServer } from "../connections/socket-server.ts";
import type { SharedRates } from "../limits/limits.ts";
import { openChannel } from "./channel.ts";
import type { Place } from "./place.ts";
import { createRateExchange } from "./rate-exchange.ts";
import { routeSessions, type SessionRoutes } from "./session-routes.ts";

/** The other processes of this one's port, as it sees them (ADR 0017). */
export interface Siblings {
  /** carries Socket.IO's own broadcasts, `disconnectSockets` and server-side emits to sockets of the others */
  adapter: ReturnType<typeof createAdapter>;
  rates: SharedRates;
  /** readiness of all, and the sum of their metrics */
  port: OpsDeps;
  /** Call it after Socket.IO was attached to `http`, which may listen once the routes do. */
  routeSessions(io: PresenceServer, http: HttpServer, config: SessionConfig): SessionRoutes;
  /** What the primary may ask of this process from now on; it has not begun to serve before. */
  serve(own: OwnOps): void;
  /** The primary orders this process to stop. */
  onStop(stop: () => void): void;
}

interface SessionConfig {
  socketPath: string;
  heartbeat: { pingIntervalMs: number; pingTimeoutMs: number };
}

interface OwnOps {
  registry: Registry;
  unready: () => string[];
}

/** The primary gives each process its own time first. */
const UNREADY_WITHIN_MS = 2_000;
const METRICS_WITHIN_MS = 4_000;

/** Call it at once in a process that the primary has started: messages may be waiting. */
export function joinSiblings(place: Place, logger: Logger): Siblings {
  let own: OwnOps | undefined;
  let stop = () => {};
  const channel = openChannel(
    {
      isConnected: () => process.connected,
      send: (message, onSent) => process.send?.(message, undefined, undefined, onSent),
      onMessage: (listener) => process.on("message", listener),
    },
    {
      answer: (what) => {
        if (what === "unready") return own?.unready() ?? ["starting"];
        return own?.registry.getMetricsAsJSON() ?? [];
      },
      taken: (taken) => rates.receive(taken),
      stop: () => stop(),
    },
    logger,
  );
  const rates = createRateExchange(place.processes, channel);
  process.prependOnceListener("disconnect", () => {
    if (cluster.worker?.exitedAfterDisconnect) return;
    logger.fatal("the primary has ended, and this process with it");
    process.exit(1);
  });

  const unready = inOne(async () => {
    const answer = await channel.ask("unready", UNREADY_WITHIN_MS);
    return z.array(z.string()).parse(answer);
  });
  const metrics = inOne(async () => z.string().parse(await channel.ask("metrics", METRICS_WITHIN_MS)));
  return {
    adapter: createAdapter(),
    rates,
    port: {
      registry: { contentType: Registry.PROMETHEUS_CONTENT_TYPE, metrics },
      unready: () => unready().catch((error) => [`the primary does not answer: ${error.message}`]),
    },
    routeSessions(io, http, { socketPath, heartbeat }) {
      const answerWithinMs = heartbeat.pingIntervalMs + heartbeat.pingTimeoutMs;
      return routeSessions(io, http, { place, socketPath, answerWithinMs }, logger);
    },
    serve(ops) {
      own = ops;
    },
    onStop(callback) {
      stop = callback;
    },
  };
}

/** Who asks while an answer is under way gets that one: many probes are one question. */
function inOne<T>(ask: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<T> | undefined;
  return () => {
    underWay ??= ask().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
}
