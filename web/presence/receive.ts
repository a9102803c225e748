import type { PresenceClock } from "./clock.ts";
import { SERVER_EVENTS } from "./events.ts";
import type { Heartbeat } from "./heartbeat.ts";
import type { Link } from "./link.ts";
import type { PresenceSocket } from "./presence.ts";
import { readIdentity, readOccupancy, readSelf, readStatuses, readTime } from "./read-wire.ts";
import type { PresenceStore } from "./store.ts";
import type { Watching } from "./watching.ts";

interface Parts {
  socket: PresenceSocket;
  store: PresenceStore;
  clock: PresenceClock;
  link: Link;
  heartbeat: Heartbeat;
  watching: Watching;
}

/** What is done with each message of the server. */
export function receive({ socket, store, clock, link, heartbeat, watching }: Parts): void {
  socket.onAny(heartbeat.heard);
  socket.on("disconnect", () => {
    heartbeat.stop();
    watching.disconnected();
  });
  socket.on(SERVER_EVENTS.AUTHENTICATED, (payload) => {
    link.accepted();
    const self = readIdentity(payload?.user);
    if (self) store.authenticated(self);
  });
  socket.on(SERVER_EVENTS.PRESENCE_SNAPSHOT, (payload) => {
    const { serverTime, partial, users, occupancy } = payload ?? {};
    clock.sync(serverTime);
    const read = { users: readStatuses(users), occupancy: readOccupancy(occupancy) };
    store.snapshot(partial === true ? { ...read, partial } : read);
    if (partial === true) return;
    link.restored();
    heartbeat.start();
    watching.connected();
  });
  socket.on(SERVER_EVENTS.PRESENCE_SELF, (payload) => {
    const self = readSelf(payload);
    if (self) store.self(self);
  });
  socket.on(SERVER_EVENTS.USER_STATUS, (status) => store.statuses(readStatuses([status])));
  socket.on(SERVER_EVENTS.USER_STATUS_BATCH, (statuses) => store.statuses(readStatuses(statuses)));
  socket.on(SERVER_EVENTS.PRESENCE_OCCUPANCY, (count) => store.occupancy(readOccupancy([count])));
  socket.on(SERVER_EVENTS.PRESENCE_STALE, (payload) => {
    clock.renew();
    const since = readTime(payload?.since) ?? new Date(clock.now()).toISOString();
    store.connection({ type: "stale", since, reason: payload?.reason });
  });
  socket.on(SERVER_EVENTS.PRESENCE_FRESH, () => store.connection({ type: "fresh" }));
  socket.on(SERVER_EVENTS.SESSION_REPLACED, () => link.ended("replaced"));
  socket.on(SERVER_EVENTS.AUTH_EXPIRING, () => void link.renew());
  socket.on(SERVER_EVENTS.AUTH_EXPIRED, () => link.expired());
  socket.on(SERVER_EVENTS.ERROR, (error) => link.failed(error));
  socket.on(SERVER_EVENTS.SERVER_DRAINING, (payload) => {
    const delay = payload?.reconnectAfterMs;
    if (typeof delay === "number" && delay >= 0) returnAfter(socket, delay);
  });
}

/** A draining gateway gives the time to come back, so that its clients do not all return at once; for one attempt. */
function returnAfter({ io: manager }: PresenceSocket, delayMs: number): void {
  const usual = { delay: manager.reconnectionDelay(), jitter: manager.randomizationFactor() };
  manager.reconnectionDelay(delayMs).randomizationFactor(0);
  manager.once("reconnect_attempt", () => {
    manager.reconnectionDelay(usual.delay).randomizationFactor(usual.jitter);
  });
}
