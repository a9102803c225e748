import { toIso } from "@meeshy/shared/iso-time";
import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import type { Clock } from "@meeshy/shared/ports/clock";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { PresenceSnapshot } from "@meeshy/shared/socket-events";
import type { UserStatus } from "@meeshy/shared/status";
import type { ClientConnection } from "../connections/connections.ts";
import { toUserStatus } from "../core/merge-status.ts";
import { asDeparture, isSameView, isShownAbsent, readStatus, visibleStatus } from "../core/visibility.ts";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import type { Outlet } from "../emitter/outlet.ts";
import type { StatusFeed } from "../feed/status-feed.ts";
import type { DisclosureLedger } from "./disclosures.ts";
import type { LargeRooms } from "./large-rooms.ts";
import { type LiveViewer, liveViewer, peopleInView, relationOf } from "./live-viewer.ts";
import type { SentMeanwhile } from "./sent-meanwhile.ts";
import { createViewReads } from "./view-reads.ts";

export interface Snapshots {
  /** Sends the connection its whole view. */
  send(connection: ClientConnection): Promise<void>;
  /**
   * Sends how the named people read now, those of them who read otherwise than they did to the viewer that
   * this connection's person was `before`, and the counts of large conversations that it `entered`.
   */
  sendPartial(
    connection: ClientConnection,
    before: LiveViewer,
    userIds: ReadonlySet<string>,
    entered: readonly string[],
  ): Promise<void>;
}

export interface SnapshotDeps {
  clock: Clock;
  directory: CachedDirectory;
  feed: StatusFeed;
  outlet: Outlet;
  largeRooms: LargeRooms;
  disclosures: DisclosureLedger;
  sentMeanwhile: Pick<SentMeanwhile, "note" | "noteView">;
  board: Pick<LeaseBoard, "brokerTime">;
  logger: Logger;
}

/** Rounds of asking the directory for people who came online while it was asked. */
const ROUNDS = 5;
const RETRY_MS = 1_000;

export function createSnapshots(deps: SnapshotDeps): Snapshots {
  const { clock, directory, feed, outlet, largeRooms, disclosures, sentMeanwhile, logger } = deps;
  /** those whose view lacks people, and is to be sent again */
  const incomplete = new Set<ClientConnection>();

  const { readUnknown, readBlocks } = createViewReads(deps);
  const serverTime = () => {
    const now = deps.board.brokerTime();
    return now === undefined ? {} : { serverTime: toIso(Math.floor(now)) };
  };
  const viewerOf = (connection: ClientConnection) => liveViewer(connection, largeRooms);

  /** Without a pause between reading the view and sending it, so that no change falls in between. */
  const assemble = (viewer: LiveViewer, ids: ReadonlySet<string>): PresenceSnapshot => {
    const users: UserStatus[] = [];
    for (const id of ids) {
      const user = directory.users.peek(id);
      const message = feed.get(id);
      if (!user || !message) continue;
      const relation = relationOf(viewer, id, message.conversationIds);
      const status = visibleStatus(relation, user, toUserStatus(message));
      if (!status || (!status.isOnline && !isShownAbsent(relation, user, status))) continue;
      disclosures.note(user);
      users.push(status);
    }
    return { users, occupancy: largeRooms.of([...viewer.conversationIds]), ...serverTime() };
  };

  const assemblePartial = (
    viewer: LiveViewer,
    before: LiveViewer,
    ids: ReadonlySet<string>,
  ): { users: UserStatus[]; departures: UserStatus[] } => {
    const users: UserStatus[] = [];
    const departures: UserStatus[] = [];
    const moment = () => ({
      from: feed.shown(viewer.id)?.directoryVersion ?? 0,
      at: toIso(Math.floor(deps.board.brokerTime() ?? clock.wall())),
    });
    for (const id of ids) {
      const user = directory.users.peek(id);
      const message = feed.get(id);
      if (!message || id === viewer.id) continue;
      const status = toUserStatus(message);
      const former = readStatus(
        relationOf(before, id, message.conversationIds),
        id,
        disclosures.of(id),
        status,
      );
      const relation = relationOf(viewer, id, message.conversationIds);
      const now = readStatus(relation, id, user, status);
      if (isSameView(former, now)) continue;
      if (user && now.version > 0) disclosures.note(user);
      const departure = asDeparture(former, now, moment);
      if (departure) departures.push(departure);
      else if (relation !== "blocked") users.push(now);
    }
    return { users, departures };
  };

  const isReadable = async (connection: ClientConnection): Promise<boolean> =>
    (await readBlocks(connection.userId)) &&
    (await readUnknown(connection.userId, peopleInView(viewerOf(connection), feed))) !== "failed";

  /** A view without some of its people says that they are offline: it is sent again once all can be read. */
  const sendOnceReadable = async (connection: ClientConnection) => {
    if (incomplete.has(connection)) return;
    incomplete.add(connection);
    try {
      do await clock.sleep(RETRY_MS);
      while (connection.socket.connected && !(await isReadable(connection)));
    } finally {
      incomplete.delete(connection);
    }
    await send(connection);
  };
  const sendLater = (connection: ClientConnection): void => {
    const { userId } = connection;
    sendOnceReadable(connection).catch((error) =>
      logger.error({ userId, err: error }, "snapshot not sent again"),
    );
  };

  const send = async (connection: ClientConnection): Promise<void> => {
    const { userId, socket } = connection;
    if (!(await readBlocks(userId))) {
      sendLater(connection);
      return;
    }
    for (let round = 0; round < ROUNDS; round++) {
      const read = await readUnknown(userId, peopleInView(viewerOf(connection), feed));
      if (read === "failed") sendLater(connection);
      if (read !== "read") break;
    }
    if (!socket.connected) return;
    connection.blocked = directory.blocks.peek(userId) ?? connection.blocked;
    const viewer = viewerOf(connection);
    const view = assemble(viewer, peopleInView(viewer, feed));
    sentMeanwhile.noteView(connection, view.users);
    outlet.snapshot([socket.id], view);
  };

  return {
    send,

    async sendPartial(connection, before, userIds, entered) {
      if ((await readUnknown(connection.userId, userIds)) === "failed") sendLater(connection);
      const { users, departures } = assemblePartial(viewerOf(connection), before, userIds);
      for (const status of [...users, ...departures]) sentMeanwhile.note(status, [connection.socket.id]);
      for (const departure of departures) outlet.status([connection.socket.id], departure);
      const occupancy = largeRooms.of(entered);
      if (users.length + occupancy.length === 0 || !connection.socket.connected) return;
      outlet.snapshot([connection.socket.id], { users, occupancy, ...serverTime(), partial: true });
    },
  };
}
