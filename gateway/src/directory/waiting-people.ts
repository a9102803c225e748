import type { Clock } from "@meeshy/shared/ports/clock";
import type { Logger } from "@meeshy/shared/runtime/logger";

/**
 * What is to be done for people about whom the directory has to be asked first. While it cannot be read nothing is done,
 * and it is asked again every so often; what comes for a person meanwhile takes the place of what waits.
 */
export interface WaitingPeople<T> {
  /** What waits for this person. */
  get(userId: string): T | undefined;
  /** `isNews`: of the directory. An answer that is under way may be older than it, and does not count. */
  put(userId: string, item: T, options: { isNews: boolean }): void;
  /** Nothing is to be done for this person any more. */
  drop(userId: string): void;
  /** Nothing that waits is tried again, or done. */
  stop(): void;
}

export interface WaitingPeopleDeps<T, Answer> {
  clock: Pick<Clock, "sleep">;
  read: (userId: string) => Promise<Answer>;
  carryOut: (userId: string, answer: Answer, item: T) => void;
  /** what is logged, once for each person, while the directory cannot be read */
  warning: string;
  logger: Logger;
}

interface Entry<T> {
  item: T;
  isOutdated: boolean;
}

const RETRY_MS = 200;

export function createWaitingPeople<T, Answer>(deps: WaitingPeopleDeps<T, Answer>): WaitingPeople<T> {
  const { clock, read, carryOut, warning, logger } = deps;
  const waiting = new Map<string, Entry<T>>();
  const ending = new AbortController();
  const { signal } = ending;

  const ask = async (userId: string, entry: Entry<T>) => {
    const isWanted = () => !signal.aborted && waiting.get(userId) === entry;
    for (let failures = 0; isWanted(); ) {
      entry.isOutdated = false;
      let answer: Answer;
      try {
        answer = await read(userId);
      } catch (error) {
        if (++failures === 1) logger.warn({ userId, err: error }, warning);
        await clock.sleep(RETRY_MS, signal);
        continue;
      }
      if (!isWanted() || entry.isOutdated) continue;
      waiting.delete(userId);
      try {
        carryOut(userId, answer, entry.item);
      } catch (error) {
        logger.error({ userId, err: error }, "what waited for the directory failed");
      }
    }
  };

  return {
    get: (userId) => waiting.get(userId)?.item,
    put(userId, item, { isNews }) {
      const entry = waiting.get(userId);
      if (entry) {
        entry.item = item;
        entry.isOutdated ||= isNews;
        return;
      }
      const begun = { item, isOutdated: false };
      waiting.set(userId, begun);
      void ask(userId, begun);
    },
    drop: (userId) => void waiting.delete(userId),
    stop: () => ending.abort(),
  };
}
