import { nameOf } from "../presence/components/avatar-stack.tsx";
import type { Status } from "../presence/locale.ts";
import type { PersonPresence } from "../presence/person.ts";

export interface RankedPerson {
  userId: string;
  name: string;
  status: Status;
  isGuest: boolean;
}

const ORDER: Record<Status, number> = { online: 0, away: 1, offline: 2 };

/** People as a list shows them: online, away, offline, each by name. `known[i]` is the presence of `userIds[i]`. */
export function rankPeople(
  userIds: readonly string[],
  known: readonly Pick<PersonPresence, "user" | "status">[],
  locale: string,
): RankedPerson[] {
  // "user 10" comes after "user 2".
  const { compare } = new Intl.Collator(locale, { numeric: true });
  return (
    userIds
      .map((userId, index) => ({
        userId,
        name: nameOf(known[index]?.user, userId),
        status: known[index]?.status ?? "offline",
        isGuest: known[index]?.user?.isAnonymous ?? false,
      }))
      // People of the same name keep their places, too.
      .sort(
        (a, b) =>
          ORDER[a.status] - ORDER[b.status] || compare(a.name, b.name) || (a.userId < b.userId ? -1 : 1),
      )
  );
}
