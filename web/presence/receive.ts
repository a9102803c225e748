import type { PresenceClock } from "./clock.ts";
import type { Heartbeat } from "./heartbeat.ts";
import type { Link } from "./link.ts";
import type { PresenceSocket } from "./presence.ts";
import { isTime, readIdentity, readOccupancy, readSelf, readStatuses } from "./read-wire.ts";
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

/**
 * What is done with each message of the server. Names are literals, which the compiler compares with the events' types: the
 * table of all of them would be in every bundle.
 */
export function receive({ socket, store, clock, link, heartbeat, watching }: Parts): void {
  socket.onAny(heartbeat.heard);
  socket.on("disconnect", () => {
    heartbeat.stop();
    watching.disconnected();
  });
  socket.on("authenticated", (payload) => {
    link.accepted();
    const self = readIdentity(payload?.user);
    if (self) store.authenticated(self);
  });
  socket.on("presence:snapshot", (payload) => {
    const { serverTime, partial, users, occupancy } = payload ?? {};
    clock.sync(serverTime);
    const read = { users: readStatuses(users), occupancy: readOccupancy(occupancy) };
    store.snapshot(partial === true ? { ...read, partial } : read);
    if (partial === true) return;
    link.restored();
    heartbeat.start();
    watching.connected();
  });
  socket.on("presence:self", (payload) => {
    const self = readSelf(payload);
    if (self) store.self(self);
  });
  socket.on("user:status", (status) => store.statuses(readStatuses([status])));
  socket.on("user:status:batch", (statuses) => store.statuses(readStatuses(statuses)));
  socket.on("presence:occupancy", (count) => store.occupancy(readOccupancy([count])));
  socket.on("presence:stale", (payload) => {
    clock.renew();
    const since = isTime(payload?.since) ? payload.since : new Date(clock.now()).toISOString();
    store.connection({ type: "stale", since, reason: payload?.reason });
  });
  socket.on("presence:fresh", () => store.connection({ type: "fresh" }));
  socket.on("session:replaced", () => link.ended("replaced"));
  socket.on("auth:expiring", () => void link.renew());
  socket.on("auth:expired", () => link.expired());
  socket.on("error", (error) => link.failed(error));
  socket.on("server:draining", (payload) => {
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
