import { type SelfNotice, selfNoticeSchema } from "@meeshy/shared/events";
import { toIso } from "@meeshy/shared/iso-time";
import { fromBytes } from "@meeshy/shared/nats/last-value";
import type { Bus, Subscription } from "@meeshy/shared/ports/bus";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { PresenceSelf } from "@meeshy/shared/socket-events";
import { hiddenStatus } from "@meeshy/shared/status";
import { selfSubject } from "@meeshy/shared/subjects";
import { toChoices } from "../changes/availability.ts";
import type { ClientConnection, Connections } from "../connections/connections.ts";

/**
 * What a person's own sockets hear of themselves (CONTRACT 4, `presence:self`): what was chosen, what others see, and the
 * other devices. The owner of the record sends it to each gateway with a connection of theirs, after every change of it.
 */
export interface SelfNotices {
  /** Takes notices under this id too, and under the latest before it. */
  listenAs(gatewayId: string): void;
  /** The connection is set up: it is sent what is known of its person, and every change from now on. */
  begin(connection: ClientConnection): void;
  stop(): void;
}

export interface SelfNoticeDeps {
  bus: Bus;
  connections: Pick<Connections, "of">;
  logger: Logger;
}

/** Ids listened to: a record names a former one until the connection is announced again. */
const KEPT_IDS = 8;

export function createSelfNotices({ bus, connections, logger }: SelfNoticeDeps): SelfNotices {
  const subscriptions: Subscription[] = [];
  /** the latest of each person, for as long as they have a connection here */
  const latest = new Map<string, SelfNotice>();

  const send = (connection: ClientConnection, notice: SelfNotice) => {
    if (connection.isReady) connection.socket.emit("presence:self", toPayload(notice, connection));
  };

  const take = (notice: SelfNotice) => {
    const { userId, epoch, seq } = notice;
    const open = connections.of(userId);
    const known = latest.get(userId);
    const isOlder = known && known.epoch === epoch && known.seq > seq;
    if (open.length === 0 || isOlder) return;
    latest.set(userId, notice);
    for (const connection of open) send(connection, notice);
  };

  return {
    listenAs(gatewayId) {
      const subject = selfSubject(gatewayId);
      const subscription = bus.subscribe(subject, ({ data }) => {
        try {
          take(selfNoticeSchema.parse(fromBytes(data)));
        } catch (error) {
          logger.error({ subject, err: error }, "notice of a person's own set aside");
        }
      });
      subscriptions.push(subscription);
      if (subscriptions.length > KEPT_IDS) subscriptions.shift()?.unsubscribe();
    },
    begin(connection) {
      const { userId, socket } = connection;
      const notice = latest.get(userId);
      // The notice of this very connect comes by itself, if it has not come yet.
      if (notice?.connections.some(({ id }) => id === connection.id)) send(connection, notice);
      socket.on("disconnect", () => {
        if (connections.of(userId).length === 0) latest.delete(userId);
      });
    },
    stop() {
      for (const subscription of subscriptions) subscription.unsubscribe();
    },
  };
}

function toPayload(notice: SelfNotice, { id: own, identity }: ClientConnection): PresenceSelf {
  const { user } = identity;
  const status =
    notice.status ?? hiddenStatus(notice.userId, user.username, user.isAnonymous, user.displayName);
  return {
    user: { ...status, displayName: status.displayName ?? user.displayName },
    choices: toChoices(notice.layers),
    connections: notice.connections.map(({ id, device, since }) => ({
      connectionId: id,
      device,
      since: toIso(since),
      current: id === own,
    })),
  };
}
