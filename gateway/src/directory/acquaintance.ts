import type { Logger } from "@meeshy/shared/runtime/logger";
import type { CachedDirectory } from "./cached-directory.ts";

/**
 * Gets to know the members of conversations that have viewers here before anything has to be told of them: a
 * status may not wait for the directory, which may be away when it comes (CONTRACT 9, "database away").
 */
export interface Acquaintance {
  /** Reads the members of those conversations that are new here, one after the other, once connects have calmed. */
  make(conversationIds: readonly string[]): void;
  stop(): void;
}

/** It begins when nobody has connected for so long: in a storm of connects the directory has enough to answer. */
const CALM_MS = 1_000;
/** Where connects never pause it begins all the same. */
const LONGEST_WAIT_MS = 10_000;
/** As long as the cache of people remembers the last of them, nobody has to be asked again. */
const RENEW_AFTER_MS = 600_000;

export function createAcquaintance(
  directory: Pick<CachedDirectory, "members" | "users">,
  logger: Logger,
): Acquaintance {
  /** when the members were last asked for, monotonic ms */
  const made = new Map<string, number>();
  const waiting = new Set<string>();
  let isWorking = false;
  let timer: NodeJS.Timeout | undefined;
  let waitingSince = 0;

  const work = async () => {
    for (const conversationId of waiting) {
      waiting.delete(conversationId);
      try {
        const members = (await directory.members.get(conversationId)) ?? [];
        await directory.users.getMany(members);
      } catch (error) {
        made.delete(conversationId);
        logger.debug({ conversationId, err: error }, "members not known yet");
      }
    }
  };

  const begin = () => {
    const now = performance.now();
    if (timer && now - waitingSince > LONGEST_WAIT_MS) return;
    if (!timer) waitingSince = now;
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = undefined;
      if (isWorking) return begin();
      isWorking = true;
      void work().finally(() => {
        isWorking = false;
      });
    }, CALM_MS);
  };

  return {
    make(conversationIds) {
      const now = performance.now();
      for (const [id, at] of made) {
        if (now - at < RENEW_AFTER_MS) break;
        made.delete(id);
      }
      for (const id of conversationIds) {
        if (made.has(id)) continue;
        made.set(id, now);
        waiting.add(id);
      }
      if (waiting.size > 0) begin();
    },
    stop: () => clearTimeout(timer),
  };
}
