import type { UserStatus } from "@meeshy/shared/status";
import type { Status } from "../presence/locale.ts";
import { getUserStatus } from "../presence/status.ts";

export interface RankedPerson {
  userId: string;
  name: string;
  status: Status;
}

const ORDER: Record<Status, number> = { online: 0, away: 1, offline: 2 };

/** People as a list shows them: online, away, offline, each by name. `known[i]` is the feed's status of `members[i]`. */
export function rankPeople(
  members: readonly UserStatus[],
  known: readonly (UserStatus | undefined)[],
  now: number,
  live: boolean,
): RankedPerson[] {
  return members
    .map(({ userId, username }, index) => ({
      userId,
      name: known[index]?.username ?? username ?? userId,
      status: getUserStatus(known[index], now, { live }).status,
    }))
    .sort((a, b) => ORDER[a.status] - ORDER[b.status] || a.name.localeCompare(b.name));
}
