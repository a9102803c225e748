import { setTimeout as pause } from "node:timers/promises";
import { errorBody, PresenceError } from "@meeshy/shared/codes";
import type { PresenceStore } from "@meeshy/shared/directory";
import type { NatsLink } from "@meeshy/shared/nats/connect";
import { toBytes } from "@meeshy/shared/nats/last-value";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { SUBJECT_CLEANUP, SUBJECT_STATUS_ALL, userOfStatusSubject } from "@meeshy/shared/subjects";
import type { SafetyNet } from "./safety-net.ts";

/** Longest wait for the actors' answers (CONTRACT 5, cleanup-zombies). */
const ANSWERS_WITHIN_MS = 2_000;
const LOOK_EVERY_MS = 200;
/** One of several sweepers answers a request. */
const QUEUE = "sweepers";

/**
 * Answers {@link SUBJECT_CLEANUP}: sweeps now and tells how many stale users were `examined`, and how many of
 * them turned out offline: `cleaned`. A failure is answered `{ error: ErrorBody }`.
 * Returns the function that ends the service.
 */
export function serveCleanup(
  link: NatsLink,
  net: SafetyNet,
  store: PresenceStore,
  logger: Logger,
): () => void {
  const cleanUp = async () => {
    const offline = watchOffline(link);
    try {
      const examined = new Set(await net.sweep());
      const until = performance.now() + ANSWERS_WITHIN_MS;
      const open = () => [...examined].filter((userId) => !offline.seen.has(userId));
      while (open().length > 0 && performance.now() < until) {
        await pause(LOOK_EVERY_MS);
        // Who was offline already changes no status, only the row.
        for (const [userId, { isOnline }] of await store.presences(open())) {
          if (!isOnline) offline.seen.add(userId);
        }
      }
      return { examined: examined.size, cleaned: examined.size - open().length };
    } finally {
      offline.stop();
    }
  };

  const subscription = link.nc.subscribe(SUBJECT_CLEANUP, {
    queue: QUEUE,
    callback: (error, request) => {
      if (error) {
        logger.error({ err: error }, "cannot serve cleanup requests");
        return;
      }
      void cleanUp()
        .catch((cause) => {
          logger.warn({ err: cause }, "cleanup request failed");
          return {
            error: errorBody(new PresenceError("unavailable", "The database does not answer.", { cause })),
          };
        })
        .then((answer) => request.respond(toBytes(answer)));
    },
  });
  return () => subscription.unsubscribe();
}

/** The users for whom an offline status is published from now on. */
function watchOffline(link: NatsLink): { seen: Set<string>; stop: () => void } {
  const seen = new Set<string>();
  const subscription = link.nc.subscribe(SUBJECT_STATUS_ALL, {
    callback: (error, message) => {
      const userId = error ? undefined : userOfStatusSubject(message.subject);
      if (userId === undefined) return;
      try {
        if (!message.json<{ isOnline: boolean }>().isOnline) seen.add(userId);
      } catch {
        // Not a status of ours.
      }
    },
  });
  return { seen, stop: () => subscription.unsubscribe() };
}
