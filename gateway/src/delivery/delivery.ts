import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import type { Clock } from "@meeshy/shared/ports/clock";
import type { Tracer } from "@meeshy/shared/ports/tracing";
import type { Lifecycle } from "@meeshy/shared/runtime/lifecycle";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { Connections } from "../connections/connections.ts";
import { conversationRoom } from "../connections/room-names.ts";
import type { PresenceServer } from "../connections/socket-server.ts";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import { createOutlet, type Outlet } from "../emitter/outlet.ts";
import type { StatusFeed } from "../feed/status-feed.ts";
import type { StatusChange } from "../feed/status-intake.ts";
import type { Limits } from "../limits/limits.ts";
import type { GatewayMetrics } from "../metrics.ts";
import type { StatusReader } from "../status/status-reader.ts";
import { type AppliedChanges, createAppliedChanges } from "./applied-changes.ts";
import { type AudienceFinder, createAudienceFinder } from "./audience.ts";
import { createBroadcaster } from "./broadcaster.ts";
import { type Corrections, createCorrections } from "./corrections.ts";
import { createDisclosureLedger } from "./disclosures.ts";
import { createFreshnessNotices, type NoteFreshness } from "./freshness-notices.ts";
import { createLargeRooms, type LargeRooms } from "./large-rooms.ts";
import { createMemberPages, type MemberPages } from "./member-pages.ts";
import { createMemberships, type Memberships } from "./memberships.ts";
import { createSentMeanwhile } from "./sent-meanwhile.ts";
import { createSnapshots, type Snapshots } from "./snapshots.ts";
import { createSpreadSnapshots } from "./spread-snapshots.ts";
import { createViewCorrections } from "./view-corrections.ts";
import { createWatching, type Watching } from "./watching.ts";

/**
 * What viewers are shown of people: whole views, changes, counts of large rooms, and corrections. Everything leaves by
 * one outlet, in the order in which it was decided. Its parts subscribe to nothing themselves.
 */
export interface Delivery {
  outlet: Outlet;
  largeRooms: LargeRooms;
  snapshots: Snapshots;
  memberships: Memberships;
  watching: Watching;
  memberPages: MemberPages;
  viewersIn: AudienceFinder["viewersIn"];
  /** directory changes that have been carried out here */
  applied: AppliedChanges;
  /** A status is newer than what was known. */
  broadcast(change: StatusChange): void;
  /** The directory says something new of a person. */
  correct: Corrections["begin"];
  /** The view of statuses may be out of date, or is right again. */
  noteFreshness: NoteFreshness;
}

export interface DeliveryDeps {
  clock: Clock;
  board: Pick<LeaseBoard, "brokerTime">;
  io: PresenceServer;
  feed: StatusFeed;
  directory: CachedDirectory;
  connections: Connections;
  statuses: StatusReader;
  limits: Limits;
  metrics: GatewayMetrics;
  tracer: Tracer;
  logger: Logger;
}

export function createDelivery(
  deps: DeliveryDeps,
  { largeRoomSize }: { largeRoomSize: number },
  lifecycle: Lifecycle,
): Delivery {
  const { io, feed, connections } = deps;
  const { rooms } = io.sockets.adapter;
  const outlet = createOutlet(io, (bytes) => deps.metrics.snapshotBytes.observe(bytes));
  const largeRooms = createLargeRooms({ ...deps, outlet }, { largerThan: largeRoomSize });
  lifecycle.onStop("large rooms", () => largeRooms.stop());
  const disclosures = createDisclosureLedger();
  const sentMeanwhile = createSentMeanwhile();
  const audience = createAudienceFinder({ ...deps, rooms, largeRooms });
  const snapshots = createSnapshots({ ...deps, outlet, largeRooms, disclosures, sentMeanwhile });
  const spreadSnapshots = createSpreadSnapshots({ ...deps, snapshots });
  const memberships = createMemberships({ ...deps, largeRooms, snapshots });
  const applied = createAppliedChanges(feed);
  const views = createViewCorrections({ ...deps, outlet, audience, disclosures });
  const broadcaster = createBroadcaster({ ...deps, outlet, audience, disclosures, sentMeanwhile });
  const corrections = createCorrections({
    ...{ ...deps, memberships, largeRooms, views },
    ...{ broadcaster, sentMeanwhile, applied },
  });
  lifecycle.onStop("broadcaster", broadcaster.stop);
  lifecycle.onStop("corrections", corrections.stop);
  largeRooms.onResize((id) => {
    const inRoom = rooms.get(conversationRoom(id));
    spreadSnapshots(connections.all().filter(({ socket }) => inRoom?.has(socket.id)));
  });
  return {
    outlet,
    largeRooms,
    snapshots,
    memberships,
    watching: createWatching({ ...deps, sentMeanwhile }),
    memberPages: createMemberPages({ ...deps, largeRooms }),
    viewersIn: audience.viewersIn,
    applied,
    broadcast: broadcaster.broadcast,
    correct: corrections.begin,
    noteFreshness: createFreshnessNotices({ io, outlet, connections, largeRooms, spreadSnapshots }),
  };
}
