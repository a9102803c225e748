import { type BoundedCache, createBoundedCache } from "@meeshy/shared/bounded-cache";
import type { DirectoryUser } from "@meeshy/shared/directory";
import { isCanaryId } from "@meeshy/shared/ids";
import type { NatsLink } from "@meeshy/shared/nats/connect";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { StatusMessage } from "@meeshy/shared/status";
import {
  decodeId,
  outwardSubject,
  PARTITIONS,
  partitionOf,
  SUBJECT_OUTWARD_LAST_ALL,
} from "@meeshy/shared/subjects";
import { versioned } from "@meeshy/shared/versions";
import { headers, type Msg } from "@nats-io/nats-core";
import { toOutward, toOutwardDeparture } from "../core/outward.ts";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import { createWaitingPeople } from "../directory/waiting-people.ts";
import type { StatusFeed } from "../feed/status-feed.ts";
import type { LiveGateways } from "../log/live-gateways.ts";
import { createOutwardShare, type OutwardChange } from "./outward-share.ts";

/**
 * What the NATS user `external` hears and reads of statuses (ADR 0008): the server maps its subjects to these. One gateway
 * publishes each person; nothing is published of a person whose preferences cannot be read.
 */
export interface OutwardFeed {
  /** A person's status has changed. */
  noteStatus(userId: string): void;
  /** The directory says something new of a person, who may hide from now on. */
  noteNews(userId: string): void;
  stop(): void;
}

export interface OutwardDeps {
  link: Pick<NatsLink, "nc" | "publish" | "clock" | "isUp">;
  gateways: Pick<LiveGateways, "outward">;
  gatewayId: () => string;
  directory: { users: Pick<CachedDirectory["users"], "peek" | "get" | "lookUp"> };
  feed: Pick<StatusFeed, "get">;
  logger: Logger;
}

/** What was published last is kept of so many people, to be published once only. */
const MAX_PEOPLE = 100_000;
const NOT_FOUND = 404;
const QUEUE = "gateways";
const HIDDEN = "";

export function createOutwardFeed(deps: OutwardDeps, config: { gatewayLeaseMs: number }): OutwardFeed {
  const { link, gateways, gatewayId, directory, feed, logger } = deps;
  const published = Array.from({ length: PARTITIONS }, createPublished);

  const send = (userId: string, text: string) => link.publish(outwardSubject(userId), encoder.encode(text));

  const publish = (userId: string, user: DirectoryUser | undefined, { isNews }: OutwardChange) => {
    const message = feed.get(userId);
    const last = published[partitionOf(userId)];
    if (!message || !last) return;
    const status = toOutward(message, user);
    const text = status ? encoded(status) : HIDDEN;
    // What a publisher before this one has shown is not known. The person's state is not asked: it would show.
    const mayBeShown = last.online.has(userId) || (isNews && !last.texts.has(userId));
    if (text === last.texts.get(userId)) return;
    last.texts.set(userId, text);
    if (status?.isOnline) last.online.add(userId);
    else last.online.delete(userId);
    if (status) send(userId, text);
    else if (mayBeShown) send(userId, encoded(toOutwardDeparture(message)));
  };

  const waiting = createWaitingPeople<OutwardChange, DirectoryUser | undefined>({
    ...{ clock: link.clock, logger },
    read: (userId) => directory.users.get(userId),
    carryOut: publish,
    warning: "status not published outward yet: the directory cannot be read",
  });
  const take = (userId: string, change: OutwardChange) => {
    const earlier = waiting.get(userId);
    const user = earlier ? undefined : directory.users.peek(userId);
    if (user) publish(userId, user, change);
    else waiting.put(userId, { isNews: change.isNews || earlier?.isNews === true }, change);
  };
  const share = createOutwardShare(
    {
      ...{ bus: link, gateways, gatewayId, logger },
      onTakenOver: take,
      onGivenUp(partition) {
        published[partition] = createPublished();
      },
    },
    config,
  );
  const note = (userId: string, change: OutwardChange) => {
    if (!isCanaryId(userId) && share.takes(userId, change)) take(userId, change);
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
    request.respond(encoder.encode(encoded(status)), { headers: found });
  };

  const subscription = link.nc.subscribe(SUBJECT_OUTWARD_LAST_ALL, {
    queue: QUEUE,
    callback: (error, request) => {
      if (error) logger.error({ err: error }, "last statuses cannot be served");
      else answer(request).catch((cause) => logger.warn({ err: cause }, "last status not answered"));
    },
  });

  return {
    noteStatus: (userId) => note(userId, { isNews: false }),
    noteNews: (userId) => note(userId, { isNews: true }),
    stop() {
      share.stop();
      waiting.stop();
      subscription.unsubscribe();
    },
  };
}

const encoder = new TextEncoder();
const encoded = (status: StatusMessage): string => JSON.stringify(versioned("status", status));

/** What a gateway has published of the people of one partition since it is their publisher. */
interface Published {
  /** {@link HIDDEN}: nothing is to be seen of them. Forgotten when there are too many: then a status may go out again. */
  texts: BoundedCache<string>;
  /** who was published as online; never more than are online, and never forgotten */
  online: Set<string>;
}

const createPublished = (): Published => ({
  texts: createBoundedCache<string>({ max: Math.ceil(MAX_PEOPLE / PARTITIONS) }),
  online: new Set(),
});

function userOf(subject: string): string | undefined {
  try {
    return decodeId(subject.slice(subject.lastIndexOf(".") + 1));
  } catch {
    return undefined;
  }
}
