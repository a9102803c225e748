import { errorBody, PresenceError } from "@meeshy/shared/codes";
import type { PresenceStore } from "@meeshy/shared/directory";
import { fromBytes, toBytes } from "@meeshy/shared/nats/last-value";
import type { Bus, BusMessage } from "@meeshy/shared/ports/bus";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { SUBJECT_CLEANUP, SUBJECT_STATUS_ALL, userOfStatusSubject } from "@meeshy/shared/subjects";
import type { SafetyNet } from "./safety-net.ts";

/** Longest wait for the actors' answers (CONTRACT 5, cleanup-zombies). */
const ANSWERS_WITHIN_MS = 2_000;
const LOOK_EVERY_MS = 200;
/** One of several sweepers answers a request. */
const QUEUE = "sweepers";

/**
 * Answers {@link SUBJECT_CLEANUP}: sweeps now and answers how many stale users were `examined`, and how many of
 * them turned out offline: `cleaned`. A failure is answered `{ error: ErrorBody }`.
 * Returns the function that ends the service.
 */
export function serveCleanup(bus: Bus, net: SafetyNet, store: PresenceStore, logger: Logger): () => void {
  const { clock } = bus;
  const cleanUp = async () => {
    const offline = watchOffline(bus);
    try {
      const examined = new Set(await net.sweep());
      const until = clock.now() + ANSWERS_WITHIN_MS;
      const open = () => [...examined].filter((userId) => !offline.seen.has(userId));
      while (open().length > 0 && clock.now() < until) {
        await clock.sleep(LOOK_EVERY_MS);
        // A user who was offline already changes no status, only the row.
        for (const [userId, { isOnline }] of await store.presences(open())) {
          if (!isOnline) offline.seen.add(userId);
        }
      }
      return { examined: examined.size, cleaned: examined.size - open().length };
    } finally {
      offline.stop();
    }
  };

  const answer = (request: BusMessage) =>
    void cleanUp()
      .catch((cause) => {
        logger.warn({ err: cause }, "cleanup request failed");
        return {
          error: errorBody(new PresenceError("unavailable", "The database does not answer.", { cause })),
        };
      })
      .then((answered) => request.respond(toBytes(answered)));
  const subscription = bus.subscribe(SUBJECT_CLEANUP, answer, { queue: QUEUE });
  return () => subscription.unsubscribe();
}

/** The users for whom an offline status is published from now on. */
function watchOffline(bus: Bus): { seen: Set<string>; stop: () => void } {
  const seen = new Set<string>();
  const subscription = bus.subscribe(SUBJECT_STATUS_ALL, ({ subject, data }) => {
    const userId = userOfStatusSubject(subject);
    if (userId === undefined) return;
    try {
      if ((fromBytes(data) as { isOnline?: unknown }).isOnline === false) seen.add(userId);
    } catch {
      // Not a status of ours.
    }
  });
  return { seen, stop: () => subscription.unsubscribe() };
}
