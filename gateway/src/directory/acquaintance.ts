import type { Logger } from "@meeshy/shared/runtime/logger";
import type { CachedDirectory } from "./cached-directory.ts";

/**
 * Gets to know the members of conversations that have viewers here before anything has to be told of them: a
 * status may not wait for the directory, which may be away when it comes (CONTRACT 9, "database away").
 */
export interface Acquaintance {
  /** Reads the members of those conversations that are new here, soon, many conversations in one question. */
  make(conversationIds: readonly string[]): void;
  stop(): void;
}

/** Long enough to gather what a storm of connects asks for, and short beside the life of a gateway. */
const GATHER_MS = 100;
/** Conversations in one question, none of them large; one question at a time: those who connect come first. */
const AT_ONCE = 20;
const RETRY_MS = 500;
/** As long as the cache of people remembers the last of them, nobody has to be asked again. */
const RENEW_AFTER_MS = 600_000;

export function createAcquaintance(
  directory: Pick<CachedDirectory, "getToKnow">,
  logger: Logger,
): Acquaintance {
  /** when the members were last asked for, monotonic ms */
  const made = new Map<string, number>();
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
        await directory.getToKnow(ids);
      } catch (error) {
        logger.debug({ conversations: ids.length, err: error }, "members not known yet");
        return;
      }
      for (const id of ids) waiting.delete(id);
    }
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
      if (waiting.size > 0 && !isWorking) begin(GATHER_MS);
    },
    stop() {
      clearTimeout(timer);
      waiting.clear();
    },
  };
}
