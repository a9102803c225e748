import { splitIds } from "@meeshy/shared/ids";
import { isSamePerson, personOf } from "@meeshy/shared/person-profile";
import type { Clock } from "@meeshy/shared/ports/clock";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { PARTITIONS, partitionOf } from "@meeshy/shared/subjects";
import { refusalOf } from "../auth/authenticate.ts";
import type { DirectoryChanges } from "../changes/directory-changes.ts";
import { closeConnection, closeRefused } from "../connections/close-connection.ts";
import type { ClientConnection, Connections } from "../connections/connections.ts";
import type { CachedDirectory, KnownPerson } from "../directory/cached-directory.ts";

/**
 * Compares everyone who has a socket here with the directory, again and again, so that a change that was not announced
 * (an account, a membership, a block, a preference or a share link changed by plain SQL) takes effect within 30 s. Sockets
 * that may not stay are closed. Where the directory says something else of a person than this gateway knows, the change
 * is announced as if it had been made here: every gateway reads the person anew and corrects what viewers see.
 *
 * One round looks at the people of one partition after the other, spread over its time. People who cannot be read wait
 * for the next round.
 */
export function recheckConnections(deps: RecheckDeps, everyMs = EVERY_MS): { stop(): Promise<void> } {
  const { clock, connections, directory, logger } = deps;
  const ending = new AbortController();
  const { signal } = ending;
  const { size, pauseMs } = directory.readsPeopleTogether ? TOGETHER : ONE_BY_ONE;

  const check = async (partition: number) => {
    const userIds = connections.userIds().filter((id) => partitionOf(id) === partition);
    for (const batch of inBatches(userIds, size)) {
      try {
        await checkBatch(batch, deps);
      } catch (error) {
        logger.warn(
          { people: batch.length, err: error },
          "open connections not compared with the directory now",
        );
      }
      if (pauseMs > 0) await clock.sleep(pauseMs, signal);
    }
  };
  const rounds = async () => {
    for (let partition = 0; !signal.aborted; partition = (partition + 1) % PARTITIONS) {
      await clock.sleep(everyMs / PARTITIONS, signal);
      if (!signal.aborted) await check(partition);
    }
  };
  const ended = rounds();
  return {
    stop() {
      ending.abort();
      return ended;
    },
  };
}

export interface RecheckDeps {
  clock: Clock;
  connections: Pick<Connections, "userIds" | "of">;
  directory: Pick<
    CachedDirectory,
    "readPeople" | "readAccounts" | "readBlocks" | "readSessions" | "readsPeopleTogether"
  >;
  changes: Pick<DirectoryChanges, "announce">;
  logger: Logger;
}

/** Half of what is promised: the rest is for reading, announcing, and the grace of a session that ended. */
const EVERY_MS = 15_000;
const TOGETHER = { size: 500, pauseMs: 0 };
/** A hundred people a second: an application is asked for each of them. */
const ONE_BY_ONE = { size: 20, pauseMs: 200 };
/** Announcements that are under way together; each waits for a worker. */
const ANNOUNCED_TOGETHER = 20;

async function checkBatch(userIds: readonly string[], deps: RecheckDeps): Promise<void> {
  const { registered, anonymous: guests } = splitIds(userIds);
  const [ofRegistered, ofGuests] = await Promise.all([
    registered.length > 0 ? checkRegistered(registered, deps) : [],
    guests.length > 0 ? checkGuests(guests, deps) : [],
  ]);
  for (const group of inBatches([...ofRegistered, ...ofGuests], ANNOUNCED_TOGETHER)) {
    await Promise.all(
      group.map((userId) =>
        deps.changes
          .announce(userId)
          .catch((error) => deps.logger.warn({ userId, err: error }, "directory change not announced yet")),
      ),
    );
  }
}

/** Gives those of whom there is news. */
async function checkRegistered(
  userIds: string[],
  { connections, directory }: RecheckDeps,
): Promise<string[]> {
  const people = await directory.readPeople(userIds);
  return userIds.filter((userId) => {
    const person = people.get(userId);
    return connections
      .of(userId)
      .map((connection) => compare(connection, person))
      .includes(true);
  });
}

/** What an anonymous participant may do ends with their session; where they are never changes, and others may block them. */
async function checkGuests(userIds: string[], { connections, directory }: RecheckDeps): Promise<string[]> {
  const open = userIds.flatMap((userId) => connections.of(userId));
  const tokens = open.flatMap(({ identity: { sessionToken } }) => sessionToken ?? []);
  const [accounts, blocks, sessions] = await Promise.all([
    directory.readAccounts(userIds),
    directory.readBlocks(userIds),
    directory.readSessions([...new Set(tokens)]),
  ]);
  const changed = open.filter((connection) => {
    const refusal = refusalOf(connection.identity, accounts.get(connection.userId));
    const isOver = !sessions.has(connection.identity.sessionToken ?? "");
    if (refusal) closeRefused(connection, refusal);
    else if (isOver) closeConnection(connection, "token expired");
    const blocked = blocks.get(connection.userId) ?? new Set();
    return refusal || new Set(connection.blocked).symmetricDifference(blocked).size > 0;
  });
  return [...new Set(changed.map(({ userId }) => userId))];
}

/** Closes a connection that may not stay. Gives whether the directory says something else than the connection knows. */
function compare(connection: ClientConnection, person: KnownPerson | undefined): boolean {
  const refusal = refusalOf(connection.identity, person?.user);
  if (refusal) closeRefused(connection, refusal);
  return refusal !== undefined || !person?.user || !isAsKnown(connection, person);
}

function isAsKnown({ identity, profile, blocked }: ClientConnection, person: KnownPerson): boolean {
  const { user } = person;
  return (
    user !== undefined &&
    isSamePerson(profile, personOf(user, person.conversationIds)) &&
    user.showOnlineStatus === identity.user.showOnlineStatus &&
    user.showLastSeen === identity.user.showLastSeen &&
    new Set(blocked).symmetricDifference(person.blocked).size === 0
  );
}

function inBatches<T>(all: readonly T[], size: number): T[][] {
  const count = Math.ceil(all.length / size);
  return Array.from({ length: count }, (_, at) => all.slice(at * size, (at + 1) * size));
}
