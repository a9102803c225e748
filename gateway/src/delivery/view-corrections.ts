import type { DirectoryUser } from "@meeshy/shared/directory";
import { toIso } from "@meeshy/shared/iso-time";
import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import type { Clock } from "@meeshy/shared/ports/clock";
import type { StatusMessage, UserStatus } from "@meeshy/shared/status";
import type { ClientConnection, Connections } from "../connections/connections.ts";
import { toUserStatus } from "../core/merge-status.ts";
import { asDeparture, isSameView, liveRelationTo, type Relation, readStatus } from "../core/visibility.ts";
import { withBlock } from "../directory/bounded-lists.ts";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import type { Outlet } from "../emitter/outlet.ts";
import type { StatusFeed } from "../feed/status-feed.ts";
import type { AudienceFinder } from "./audience.ts";
import type { DisclosureLedger } from "./disclosures.ts";
import type { SentTo } from "./sent-meanwhile.ts";

/**
 * Sends one person to the sockets that read them otherwise than before: in partial snapshots, or, where viewers see them
 * no more, as leaving. Nothing is sent to the others.
 */
export interface ViewCorrections {
  send(person: Subject, before: Before): void;
}

/** What the directory says of a person now. */
export interface Subject {
  userId: string;
  /** `undefined`: the directory has no such person */
  user: DirectoryUser | undefined;
  /** whom the person has blocked or is blocked by */
  blocked: ReadonlySet<string>;
}

/** How the person was seen before. */
export interface Before {
  /** conversations in which viewers may have seen them */
  seenIn: ReadonlySet<string>;
  /** the status of before; `undefined`: the present one */
  status: StatusMessage | undefined;
  /** what single sockets were sent since */
  sentTo: SentTo;
}

export interface ViewCorrectionDeps {
  clock: Pick<Clock, "wall">;
  board: Pick<LeaseBoard, "brokerTime">;
  outlet: Outlet;
  audience: AudienceFinder;
  feed: Pick<StatusFeed, "get">;
  directory: Pick<CachedDirectory, "blocks">;
  connections: Pick<Connections, "ofSocket">;
  disclosures: DisclosureLedger;
}

export function createViewCorrections(deps: ViewCorrectionDeps): ViewCorrections {
  const { clock, board, outlet, audience, feed, directory, connections, disclosures } = deps;

  /** The viewer's own cached blocks may say otherwise. They stay known: without any, everyone would count as blocked. */
  const noteBlock = (viewer: ClientConnection, { userId, blocked }: Subject) => {
    const isBlocked = blocked.has(viewer.userId);
    if (viewer.blocked.has(userId) === isBlocked) return;
    viewer.blocked = withBlock(viewer.blocked, userId, isBlocked);
    directory.blocks.prime(viewer.userId, viewer.blocked);
  };

  return {
    send(person, before) {
      const { userId, user } = person;
      const message = feed.get(userId);
      if (!message) return;
      const status = toUserStatus(message);
      const statusBefore = before.status ? toUserStatus(before.status) : status;
      const disclosed = disclosures.of(userId);
      disclosures.forget(userId);
      const saw = audience.followers({ userId, conversationIds: [...before.seenIn] });
      const see = audience.followers(message);
      const views = createViews();
      const departures = createViews();
      const moment = () => ({
        from: message.directoryVersion,
        at: toIso(Math.floor(board.brokerTime() ?? clock.wall())),
      });
      for (const socketId of saw.union(see)) {
        const viewer = connections.ofSocket(socketId);
        if (!viewer) continue;
        const relation = (follows: boolean): Relation =>
          liveRelationTo(
            { id: viewer.userId, isAdmin: viewer.identity.isAdmin, blocked: viewer.blocked },
            userId,
            follows,
          );
        const viewBefore =
          before.sentTo(viewer) ?? readStatus(relation(saw.has(socketId)), userId, disclosed, statusBefore);
        noteBlock(viewer, person);
        const now = relation(see.has(socketId));
        const view = readStatus(now, userId, user, status);
        // A connection that is not ready gets the whole view when it is set up.
        if (!viewer.isReady || isSameView(viewBefore, view)) continue;
        const departure = asDeparture(viewBefore, view, moment);
        if (departure) departures.add(departure, socketId);
        // Nothing happens to a person who is offline when someone blocks them.
        else if (now !== "blocked") views.add(view, socketId);
      }
      if (user && see.size > 0 && user.isActive && user.showOnlineStatus) disclosures.note(user);
      for (const { view, sockets } of departures.all()) outlet.status(sockets, view);
      for (const { view, sockets } of views.all())
        outlet.snapshot(sockets, { users: [view], occupancy: [], partial: true });
    },
  };
}

/** Sockets by what they see: equal views are sent, and encoded, once. */
function createViews() {
  const byContent = new Map<string, { view: UserStatus; sockets: string[] }>();
  return {
    add(view: UserStatus, socketId: string) {
      const key = JSON.stringify(view);
      const same = byContent.get(key);
      if (same) same.sockets.push(socketId);
      else byContent.set(key, { view, sockets: [socketId] });
    },
    all: () => byContent.values(),
  };
}
