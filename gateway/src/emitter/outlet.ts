import type { Occupancy, PresenceSnapshot } from "@meeshy/shared/socket-events";
import type { UserStatus } from "@meeshy/shared/status";
import type { PresenceServer } from "../connections/socket-server.ts";
import { createSharedBatches } from "../core/shared-batches.ts";
import { createCast } from "./cast.ts";
import { createEmissionQueue } from "./emission-queue.ts";

/**
 * The one way out for what viewers receive of people: to each socket in the order in which it was decided, in slices,
 * and in frames of many changes for sockets that take them (CONTRACT 4).
 */
export interface Outlet {
  /**
   * A socket that is being set up receives nothing of people before its first whole view, which holds it all. What
   * arrives before may be older than what the client received from another gateway.
   */
  open(socketId: string, takes: { batches: boolean }): void;
  close(socketId: string): void;
  /** Sends a change; `onSent` is called when the last socket that gets it at once, or in a frame, has it. */
  status(socketIds: readonly string[], status: UserStatus, onSent?: () => void): void;
  /** Sends a view that replaces what the sockets received before: all of it, or of the users that a partial one names. */
  snapshot(socketIds: readonly string[], snapshot: PresenceSnapshot): void;
  occupancy(socketIds: readonly string[], occupancy: Occupancy): void;
  /** Anything else, in the same order and slices. */
  send(socketIds: readonly string[], emit: (socketIds: string[]) => void): void;
  /** Sends what is collected for frames now, and resolves when everything so far has been sent. */
  flush(): Promise<void>;
}

/** Frames of one socket are at least this far apart: 20 a second. */
const WINDOW_MS = 50;

/** `onSnapshot`: calls back with the size of each view for each socket that is sent it. */
export function createOutlet(io: PresenceServer, onSnapshot: (bytes: number) => void = () => {}): Outlet {
  const queue = createEmissionQueue();
  const batches = createSharedBatches<UserStatus>(({ userId }) => userId);
  /** those whose changes come as `user:status:batch` */
  const takers = new Set<string>();
  const withoutView = new Set<string>();
  let afterFlush: (() => void)[] = [];
  let timer: NodeJS.Timeout | undefined;
  let isSending = false;
  let sentAt = Number.NEGATIVE_INFINITY;
  const cast = createCast(io);

  const schedule = () => {
    if (timer || isSending || batches.isEmpty()) return;
    timer = setTimeout(flush, Math.max(0, Math.ceil(sentAt + WINDOW_MS - performance.now())));
  };

  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (batches.isEmpty()) return;
    for (const { receivers, items } of batches.take()) {
      queue.push(receivers, cast("user:status:batch", items));
    }
    const sent = afterFlush;
    afterFlush = [];
    isSending = true;
    // The next window begins when this one's frames are out: what comes meanwhile goes into fewer, larger ones.
    queue.afterwards(() => {
      for (const callback of sent) callback();
      isSending = false;
      sentAt = performance.now();
      schedule();
    });
  };

  const withView = (socketIds: readonly string[]) =>
    withoutView.size === 0 ? socketIds : socketIds.filter((id) => !withoutView.has(id));

  return {
    open(socketId, takes) {
      withoutView.add(socketId);
      if (takes.batches) takers.add(socketId);
    },
    close(socketId) {
      withoutView.delete(socketId);
      takers.delete(socketId);
      batches.drop(socketId);
    },
    status(receivers, status, onSent = () => {}) {
      const socketIds = withView(receivers);
      const isTaker = (id: string) => takers.has(id);
      const later = takers.size === 0 ? [] : socketIds.filter(isTaker);
      const now = later.length === 0 ? socketIds : socketIds.filter((id) => !isTaker(id));
      if (now.length > 0) queue.push(now, cast("user:status", status));
      if (later.length > 0) {
        batches.add(later, status);
        schedule();
      }
      if (now.length > 0) queue.afterwards(onSent);
      else if (later.length > 0) afterFlush.push(onSent);
    },
    snapshot(receivers, snapshot) {
      const named = snapshot.partial && new Set(snapshot.users.map(({ userId }) => userId));
      if (!named) for (const id of receivers) withoutView.delete(id);
      const socketIds = withView(receivers);
      for (const id of socketIds) if (takers.has(id)) batches.drop(id, named);
      const view = cast("presence:snapshot", snapshot);
      for (const _ of socketIds) onSnapshot(view.bytes);
      queue.push(socketIds, view);
    },
    occupancy(socketIds, occupancy) {
      queue.push(withView(socketIds), cast("presence:occupancy", occupancy));
    },
    send: queue.push,
    flush() {
      flush();
      return new Promise((resolve) => queue.afterwards(resolve));
    },
  };
}
