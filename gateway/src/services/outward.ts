import { gatewayBeatSchema } from "@meeshy/shared/events";
import type { NatsLink } from "@meeshy/shared/nats/connect";
import { toBytes } from "@meeshy/shared/nats/last-value";
import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { StatusMessage } from "@meeshy/shared/status";
import {
  decodeId,
  leaseKeys,
  outwardSubject,
  partitionOf,
  SUBJECT_OUTWARD_LAST_ALL,
} from "@meeshy/shared/subjects";
import { versioned } from "@meeshy/shared/versions";
import { headers, type Msg } from "@nats-io/nats-core";
import { LRUCache } from "lru-cache";
import { isPublisher, toOutward, toOutwardDeparture } from "../core/outward.ts";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import type { StatusFeed } from "../feed/status-feed.ts";

/**
 * What the NATS user `external` hears and reads of statuses (ADR 0008): the server maps its subjects to these. Each change
 * is published by two gateways, so that none is missed when one dies; a repeat has the version of the first.
 */
export interface OutwardFeed {
  /** A person's status, or what the directory says of them, has changed. */
  note(userId: string): void;
  stop(): void;
}

export interface OutwardDeps {
  link: NatsLink;
  board: Pick<LeaseBoard, "list">;
  gatewayId: () => string;
  directory: Pick<CachedDirectory, "users">;
  feed: Pick<StatusFeed, "get">;
  logger: Logger;
}

const MAX_PEOPLE = 100_000;
/** Which gateways live is looked at this often: each change costs a look at a map. */
const LOOK_EVERY_MS = 250;
const NOT_FOUND = 404;
const QUEUE = "gateways";
const GATEWAYS = leaseKeys.gateway("");

export function createOutwardFeed(deps: OutwardDeps): OutwardFeed {
  const { link, board, gatewayId, directory, feed, logger } = deps;
  /** what was published last of whom; of a hidden person nothing goes out, but that they left */
  const published = new LRUCache<string, string>({ max: MAX_PEOPLE });
  /** people whose status is being read */
  const waiting = new Set<string>();
  let isStopped = false;

  /** by partition, whether this gateway publishes what lies in it, as of the last look at the lease board */
  let publishes = new Map<number, boolean>();
  let gateways: string[] = [];
  let lookedAt = Number.NEGATIVE_INFINITY;
  const look = () => {
    lookedAt = link.clock.now();
    publishes = new Map();
    gateways = board
      .list(GATEWAYS)
      .filter(({ value }) => gatewayBeatSchema.safeParse(value).data?.lost !== true)
      .map(({ key }) => key.slice(GATEWAYS.length));
  };
  const isPublished = (partition: number): boolean => {
    if (link.clock.now() - lookedAt >= LOOK_EVERY_MS) look();
    const known = publishes.get(partition) ?? isPublisher(gatewayId(), gateways, partition);
    publishes.set(partition, known);
    return known;
  };

  const send = (userId: string, status: StatusMessage) =>
    link.publish(outwardSubject(userId), toBytes(versioned("status", status)));

  const publish = async (userId: string) => {
    const user = await directory.users.get(userId);
    waiting.delete(userId);
    const message = feed.get(userId);
    if (isStopped || !message) return;
    const status = toOutward(message, user);
    const before = published.get(userId);
    const now = status ? JSON.stringify(status) : undefined;
    if (now === before) return;
    if (now === undefined) published.delete(userId);
    else published.set(userId, now);
    if (status) send(userId, status);
    else if (before !== undefined && (JSON.parse(before) as StatusMessage).isOnline)
      send(userId, toOutwardDeparture(message));
  };

  const answer = async (request: Msg) => {
    const userId = userOf(request.subject);
    const user = userId === undefined ? undefined : (await directory.users.lookUp([userId])).get(userId);
    const message = user && feed.get(user.id);
    const status = toOutward(message, user);
    if (!status) {
      request.respond(new Uint8Array(), { headers: headers(NOT_FOUND, "Message Not Found") });
      return;
    }
    const found = headers();
    found.set("Nats-Sequence", String(status.version));
    request.respond(toBytes(versioned("status", status)), { headers: found });
  };

  const subscription = link.nc.subscribe(SUBJECT_OUTWARD_LAST_ALL, {
    queue: QUEUE,
    callback: (error, request) => {
      if (error) logger.error({ err: error }, "last statuses cannot be served");
      else answer(request).catch((cause) => logger.warn({ err: cause }, "last status not answered"));
    },
  });

  return {
    note(userId) {
      if (waiting.has(userId) || !isPublished(partitionOf(userId))) return;
      waiting.add(userId);
      publish(userId).catch((error) => {
        waiting.delete(userId);
        logger.warn({ userId, err: error }, "status not published outward");
      });
    },
    stop() {
      isStopped = true;
      subscription.unsubscribe();
    },
  };
}

function userOf(subject: string): string | undefined {
  try {
    return decodeId(subject.slice(subject.lastIndexOf(".") + 1));
  } catch {
    return undefined;
  }
}
