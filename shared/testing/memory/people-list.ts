import { isStorable } from "../../src/ids.ts";
import { rowsToRead, toPeoplePage } from "../../src/people-page.ts";
import type { PeopleList } from "../../src/ports/people-list.ts";
import { STATUS_TEXT_MAX } from "../../src/status.ts";
import type { MemoryTables } from "./tables.ts";

/** People for operators, in memory. */
export function createMemoryPeopleList({ people }: MemoryTables): PeopleList {
  return {
    async page(query) {
      if (!isStorable(query.after)) return { people: [], next: null };
      const rows = [...people.values()]
        .filter(({ user, presence }) => {
          const isPresent = presence.isOnline || presence.availability === "invisible";
          return user.id > query.after && (query.among !== "present" || isPresent);
        })
        .sort((a, b) => (a.user.id < b.user.id ? -1 : 1))
        .slice(0, rowsToRead(query))
        .map(({ user, presence }) => ({
          userId: user.id,
          username: user.username,
          displayName: user.displayName,
          isAnonymous: user.isAnonymous,
          isActive: user.isActive,
          showOnlineStatus: user.showOnlineStatus,
          isOnline: presence.isOnline,
          lastActiveAt: presence.lastActiveAt,
          availability: presence.availability,
          statusText: presence.statusText?.slice(0, STATUS_TEXT_MAX) ?? null,
          availabilityExpiresAt: presence.availabilityExpiresAt,
        }));
      return toPeoplePage(rows, query);
    },
  };
}
