import type { Directory } from "@meeshy/shared/directory";
import { createGate } from "@meeshy/shared/nats/gate";
import { personOf } from "@meeshy/shared/person-profile";
import type { StaleOnline } from "@meeshy/shared/ports/presence-rows";
import type { Logger } from "@meeshy/shared/runtime/logger";

const PEOPLE_AT_ONCE = 32;

/**
 * Rows of our own tables hold no names and conversations of people in an application's directory: these are read
 * there. A person who cannot be read now is left for a later sweep; one who does not exist any more has none.
 */
export function describeBy(
  directory: Pick<Directory, "users" | "conversations">,
  logger: Logger,
): (rows: readonly StaleOnline[]) => Promise<StaleOnline[]> {
  const gate = createGate(PEOPLE_AT_ONCE);
  const describe = async ({ userId, profile }: StaleOnline): Promise<StaleOnline> => {
    const [users, conversations] = await Promise.all([
      directory.users([userId]),
      directory.conversations(userId),
    ]);
    const user = users.get(userId) ?? { username: null, isAnonymous: profile.isAnonymous };
    const conversationIds = conversations.map(({ id }) => id);
    return { userId, profile: { ...profile, ...personOf(user, conversationIds) } };
  };
  return async (rows) => {
    const described = await Promise.allSettled(rows.map((row) => gate.run(() => describe(row))));
    const failures = described.filter((result) => result.status === "rejected");
    if (failures.length > 0) {
      logger.warn({ err: failures[0]?.reason, people: failures.length }, "people left for a later sweep");
    }
    return described.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  };
}
