import { setTimeout as pause } from "node:timers/promises";
import type { UserStatus } from "@meeshy/shared/status";

/** A status as one watcher got it; `at` is this process's monotonic clock, ms. */
interface Receipt {
  userId: string;
  isOnline: boolean;
  at: number;
}

/** What the watchers received. */
export interface Receipts {
  all: readonly Receipt[];
  note(status: UserStatus, at: number): void;
  /** Resolves when nothing has come in for `quietMs`. */
  calm(quietMs?: number): Promise<void>;
  /** Forgets what came in so far. */
  clear(): void;
}

/** Fewer or more statuses came in than have to: the times say nothing. */
class WrongCount extends Error {
  constructor(what: string, expected: number, found: number) {
    super(`${what}: ${expected} receipts are right, ${found} came in`);
    this.name = "WrongCount";
  }
}

const LOOK_MS = 50;
const CALM_WITHIN_MS = 30_000;

/** Records the statuses of users whom `counts` selects. */
export function createReceipts(counts: (userId: string) => boolean = () => true): Receipts {
  let all: Receipt[] = [];
  let lastAt = performance.now();
  return {
    get all() {
      return all;
    },
    note({ userId, isOnline }, at) {
      lastAt = at;
      if (counts(userId)) all.push({ userId, isOnline, at });
    },
    async calm(quietMs = 500) {
      const deadline = performance.now() + CALM_WITHIN_MS;
      lastAt = performance.now();
      while (performance.now() - lastAt < quietMs) {
        if (performance.now() > deadline) throw new Error("statuses keep coming in");
        await pause(LOOK_MS);
      }
    },
    clear() {
      all = [];
    },
  };
}

/** Throws {@link WrongCount} unless exactly `expected` have come in. */
export function assertCount(what: string, expected: number, { all }: Receipts): void {
  if (all.length !== expected) throw new WrongCount(what, expected, all.length);
}
