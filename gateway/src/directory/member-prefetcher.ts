import type { Logger } from "@meeshy/shared/runtime/logger";
import type { CachedDirectory } from "./cached-directory.ts";

/**
 * Reads the members of conversations that have viewers here before their statuses have to be sent: a status may not
 * wait for the directory, which may be away when it comes (CONTRACT 9, "database away").
 */
export interface MemberPrefetcher {
  /** Reads the members of those conversations that are new here, soon, many conversations in one question. */
  prefetch(conversationIds: readonly string[]): void;
  stop(): void;
}

/** Long enough to gather what a storm of connects asks for, and short beside the life of a gateway. */
const GATHER_MS = 100;
/** Conversations in one question, none of them large; one question at a time: those who connect come first. */
const AT_ONCE = 20;
const RETRY_MS = 500;
/** Within this time the cache of people still holds them: they need not be read again. */
const RENEW_AFTER_MS = 600_000;

export function createMemberPrefetcher(
  directory: Pick<CachedDirectory, "prefetchMembers">,
  logger: Logger,
): MemberPrefetcher {
  /** when the members were last asked for, monotonic ms */
  const requestedAt = new Map<string, number>();
  const waiting = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let isWorking = false;

  const begin = (afterMs: number) => {
    timer ??= setTimeout(() => {
      timer = undefined;
      isWorking = true;
      void work().finally(() => {
        isWorking = false;
        if (waiting.size > 0) begin(RETRY_MS);
      });
    }, afterMs);
  };

  const work = async () => {
    while (waiting.size > 0) {
      const ids = [...waiting].slice(0, AT_ONCE);
      try {
        await directory.prefetchMembers(ids);
      } catch (error) {
        logger.debug({ conversations: ids.length, err: error }, "members not prefetched yet");
        // Behind the others, which one that fails each time would keep from being read.
        for (const id of ids) if (waiting.delete(id)) waiting.add(id);
        return;
      }
      for (const id of ids) waiting.delete(id);
    }
  };

  return {
    prefetch(conversationIds) {
      const now = performance.now();
      for (const [id, at] of requestedAt) {
        if (now - at < RENEW_AFTER_MS) break;
        requestedAt.delete(id);
      }
      for (const id of conversationIds) {
        if (requestedAt.has(id)) continue;
        requestedAt.set(id, now);
        waiting.add(id);
      }
      if (waiting.size > 0 && !isWorking) begin(GATHER_MS);
    },
    stop() {
      clearTimeout(timer);
      waiting.clear();
    },
  };
}
