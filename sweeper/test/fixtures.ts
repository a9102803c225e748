import { type PartitionEvent, partitionMessageSchema } from "@meeshy/shared/events";
import { type NatsLink, openNats } from "@meeshy/shared/nats/connect";
import { follow } from "@meeshy/shared/nats/follow";
import { createHeartbeat, type Heartbeat } from "@meeshy/shared/nats/heartbeat";
import { fromBytes } from "@meeshy/shared/nats/last-value";
import { createLeaseBoard, type LeaseBoard } from "@meeshy/shared/nats/lease-board";
import { ensureStreams } from "@meeshy/shared/nats/streams";
import { createLogger } from "@meeshy/shared/runtime/logger";
import { leaseKeys, parseEventSubject, STREAM_EVENTS, SUBJECT_EVENTS_ALL } from "@meeshy/shared/subjects";
import { openTestLink } from "@meeshy/shared/testing/test-link";
import { Registry } from "prom-client";
import { onTestFinished } from "vitest";
import { createSweeper, type Sweeper, type SweeperConfig, type SweeperDeps } from "../src/app.ts";

export const GATEWAY_LEASE_MS = 1_500;
const WORKER_LEASE_MS = 2_000;
const BEATS_PER_LEASE = 8;

export const silent = createLogger("test", "silent");

export interface Logged {
  partition: number;
  userId: string | undefined;
  event: PartitionEvent;
  /** the broker's time, ms since 1970 */
  time: number;
}

/** What ends when a test does; `onTestFinished` of the test that runs, or of its context where tests run side by side. */
type OnEnd = typeof onTestFinished;

/** Links, sweepers and gateways that `onEnd` ends. */
export function createFixtures(onEnd: OnEnd) {
  /** A link to a server with the streams made; closed when the test ends. */
  async function openLog(url: string): Promise<NatsLink> {
    const link = await openTestLink({ url });
    onEnd(() => link.close());
    await ensureStreams(link, 1);
    return link;
  }

  async function openBoard(link: NatsLink): Promise<LeaseBoard> {
    const board = createLeaseBoard(link, silent);
    onEnd(() => board.close());
    await board.ready;
    return board;
  }

  /** A sweeper on a link of its own; stopped when the test ends. */
  async function startSweeper(
    url: string,
    { deps, config }: { deps?: Partial<SweeperDeps>; config?: Partial<SweeperConfig> } = {},
  ): Promise<Sweeper & { registry: Registry; link: NatsLink }> {
    const link = await openNats({ url }, "sweeper");
    const registry = new Registry();
    const sweeper = await createSweeper(
      {
        bus: link,
        readStale: async () => ({ people: [], next: null }),
        store: { presences: async () => new Map() },
        pruneHistory: async () => 0,
        registry,
        logger: silent,
        ...deps,
      },
      {
        sweeperId: "s1",
        gatewayLeaseMs: GATEWAY_LEASE_MS,
        workerLeaseMs: WORKER_LEASE_MS,
        sweepIntervalMs: 3_600_000,
        ...config,
      },
    );
    onEnd(async () => {
      await sweeper.stop();
      await link.close();
    });
    // Its subscriptions have reached the server.
    await link.nc.flush();
    return { ...sweeper, registry, link };
  }

  /** A gateway as it appears on the lease board. `die` ends it abruptly, as a kill does. */
  async function startGateway(
    url: string,
    id: string,
    { leaseMs = GATEWAY_LEASE_MS }: { leaseMs?: number } = {},
  ): Promise<{ heart: Heartbeat; declaredLost: () => boolean; die(): Promise<void> }> {
    const link = await openNats({ url }, `gateway-${id}`);
    const board = createLeaseBoard(link, silent);
    await board.ready;
    let lost = false;
    const heart = createHeartbeat(link, board, {
      key: leaseKeys.gateway(id),
      everyMs: leaseMs / BEATS_PER_LEASE,
      value: (beat) => ({ beat, leaseMs, connections: 3, users: 2 }),
      onForeign: () => {
        lost = true;
      },
      logger: silent,
    });
    await heart.started;
    let alive = true;
    const die = async () => {
      if (!alive) return;
      alive = false;
      await link.close();
      await heart.stop();
      await board.close();
    };
    onEnd(die);
    return { heart, declaredLost: () => lost, die };
  }

  /** Everything in the log that is for whole partitions, as it comes. */
  function watchPartitionEvents(link: NatsLink): Logged[] {
    const logged: Logged[] = [];
    const following = follow(link, {
      stream: STREAM_EVENTS,
      filter: SUBJECT_EVENTS_ALL,
      from: 1,
      logger: silent,
      onMessage({ subject, data, time }) {
        const address = parseEventSubject(subject);
        const message = partitionMessageSchema.safeParse(fromBytes(data));
        if (address && message.success) {
          const { partition, userId } = address;
          logged.push({ partition, userId, event: message.data.event, time });
        }
      },
    });
    onEnd(() => following.stop());
    return logged;
  }

  return { openLog, openBoard, startSweeper, startGateway, watchPartitionEvents };
}

/** Of tests that run one after the other. */
export const { openLog, openBoard, startSweeper, startGateway, watchPartitionEvents } =
  createFixtures(onTestFinished);

/** The partitions into which the loss of a gateway was written, in order, each once. */
export function informedOf(logged: readonly Logged[], gatewayId: string): number[] {
  const losses = logged.filter(({ event }) => event.type === "gateway-lost" && event.gatewayId === gatewayId);
  return [...new Set(losses.map(({ partition }) => partition))].sort((a, b) => a - b);
}

export const lossesIn = (logged: readonly Logged[]) =>
  logged.filter(({ event }) => event.type === "gateway-lost");
export const timeoutsIn = (logged: readonly Logged[], partition: number) =>
  logged.filter((entry) => entry.event.type === "timeout" && entry.partition === partition);
